"""train_loop telemetry: samples of a whole stream, arrays, files that only say started."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

NAME = "codex_telemetry"


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check(NAME, case)


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, NAME)


def test_a_sample_of_a_whole_stream_is_no_curve_of_its_own(bench):
    """Beside `metrics.ndjson` the points are kept without their standard name."""
    found = bench.read(NAME, bench.input(NAME))
    assert {b.spec.canonical for item in found.values() for b in item.batches} == {None}


def test_alone_it_is_the_curve(read_one):
    """Where the whole stream is missing, the sample stands for it."""
    text = '{"type": "metric", "metric_name": "train_loss", "value": 1.5, "epoch": 1}\n'
    found = read_one("telemetry.ndjson", text)
    assert [batch.spec.canonical for batch in found.batches] == ["loss"]
