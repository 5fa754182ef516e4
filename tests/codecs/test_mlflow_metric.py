"""Lines of MLflow's metric files."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from archiver.codecs.mlflow_metric import parse


def test_three_shapes():
    """Without a step, with one, with a dataset behind."""
    assert parse(b"1000 2.5") == (1000, 2.5, None, "", "")
    assert parse(b"1000 2.5 -3") == (1000, 2.5, -3, "", "")
    assert parse(b"1000 inf 7 train 0a1b") == (1000, float("inf"), 7, "train", "0a1b")


@given(line=st.binary(max_size=200))
def test_nothing_raises(line):
    """Any bytes are a point or none."""
    point = parse(line)
    assert point is None or isinstance(point.value, float)
