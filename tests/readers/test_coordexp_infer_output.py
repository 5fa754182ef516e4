"""CoordExp's samples: counted and checked for being whole."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("coordexp_infer_output", case)


@settings(max_examples=50)
@given(data=st.data())
def test_wrong_types_never_raise(bench, data):
    """Any value may be of any JSON type, any key may be missing."""
    bench.survives(data, "coordexp_infer_output")


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "coordexp_infer_output")


def test_row_that_breaks_off_is_counted(read_one):
    """A killed inference leaves half a row, and all rows before it."""
    found = read_one("gt_vs_pred.jsonl", '{"gt": [], "pred": []}\n{"gt": [')
    assert (found.reading.accounting.read, found.reading.accounting.corrupt) == (1, 1)
    assert str(found.reading.problems[0].at) == "gt_vs_pred.jsonl#L2"
