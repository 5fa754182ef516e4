"""Results of an evaluation, whose times are made up."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

NAME = "codex_eval"


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check(NAME, case)


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, NAME)


def test_made_up_ids_and_times(read_one):
    """The id is a hint, and the table's stamps are not read as times."""
    found = read_one("summary.json", {"metrics": {}, "num_records": 1, "run_id": "0" * 32})
    assert [claim.trust.name for claim in found.reading.claims] == ["HINT"]
    assert found.reading.attempts == ()


def test_cells_with_line_ends_of_unicode(read_one):
    """U+2028 ends no row of the table; a cell may hold a quoted line end."""
    head = "metric,value,step,split,dataset,run_id\n"
    found = read_one("metrics.csv", f'{head}a\u2028b,0.5,0,eval,d,r\n"c\nd",1,1,eval,d,r\n')
    assert found.reading.steps[0].eval.results == {"a\u2028b": 0.5, "c\nd": 1.0}
    assert found.codes == []
