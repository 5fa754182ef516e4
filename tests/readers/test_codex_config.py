"""Configurations: rows, the copy beside them, the Hugging Face path's manifest."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

NAME = "codex_config"


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check(NAME, case)


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, NAME)


def test_a_copy_is_known_by_its_neighbour_alone(read):
    """`config.json` is anybody's where no row file lies beside it."""
    found = read({"a/config.json": "{}", "b/config.json": "{}", "b/params.ndjson": ""})
    assert {path: item.match for path, item in found.items()} == {
        "a/config.json": "no",
        "b/config.json": "yes",
    }


def test_seeds_of_other_tools(read_one):
    """More than the three generators, and it is not this producer's file."""
    assert read_one("seeds.json", {"python": 1, "cuda": 2}).match == "no"
