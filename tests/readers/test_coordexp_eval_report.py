"""CoordExp's evaluation reports: whole or torn, listed, not interpreted."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("coordexp_eval_report", case)


@settings(max_examples=50)
@given(data=st.data())
def test_wrong_types_never_raise(bench, data):
    """Any value may be of any JSON type, any key may be missing."""
    bench.survives(data, "coordexp_eval_report")


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "coordexp_eval_report")


def test_content_alone_is_no_report(read):
    """Without an evaluation beside it, the file is not even opened."""
    found = read({"coco_gt.json": "{}", "other/metrics.json": "{}"})
    assert {path: item.match for path, item in found.items()} == {"coco_gt.json": "no"}
    assert found["coco_gt.json"].opened == ()
