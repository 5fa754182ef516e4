"""W&B's package list: installed packages, and no project's wish list."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("wandb_requirements", case)


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "wandb_requirements")


def test_strange_lines_are_counted(read):
    """A line that names no package of a version is dropped and told."""
    path = "run-20220315_010428-5m6bnb14/files/requirements.txt"
    found = read({path: "a==1\n\n-e git+https://example.invalid/x\nb==2"})[path]
    assert [item.name for item in found.reading.dependencies] == ["a", "b"]
    books = found.reading.accounting
    assert (books.read, books.dropped, books.reasons) == (2, 1, {"unexpected-line": 1})
    assert found.codes == ["unexpected-line"]
