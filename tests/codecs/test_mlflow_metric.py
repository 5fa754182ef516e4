"""Lines of MLflow's metric files."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from archiver.codecs.mlflow_metric import parse, parse_plain


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


LINE = st.sampled_from(
    [b"1000 2.5 3", b"2000 nan -1", b"3000 1e400 0", b"1 2", b"1 2 3 a b", b"x", b"", b" 1 2 3",
     b"1 2 9223372036854775808", b"9" * 20 + b" 1 2", b"1 " + b"9" * 70 + b" 2"]
)  # fmt: skip


@given(lines=st.lists(LINE, min_size=1, max_size=6))
def test_many_at_once_are_as_one_by_one(lines):
    """The quick way gives what the careful way gives, or nothing."""
    columns = parse_plain(lines)
    if columns is not None:
        single = [parse(line) for line in lines]
        assert all(point is not None for point in single)
        assert list(columns.steps) == [point.step for point in single]
        assert [repr(v) for v in columns.values] == [repr(point.value) for point in single]
        assert list(columns.seconds) == [point.millis / 1000 for point in single]
