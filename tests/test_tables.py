"""The tables of an archive: every point with its fate, nothing rounded, nothing invented."""

from __future__ import annotations

import csv
import io
import math
from array import array

import pandas as pd
import pyarrow.parquet as pq
import pytest

from archiver import attempts, series
from archiver.limits import DEFAULT
from archiver.model.claims import AttemptMark, AttemptTrail, Location
from archiver.model.points import NO_STEP, Batch, SeriesSpec
from archiver.package import tables
from archiver.plan import plan
from archiver.series import Joined
from archiver.spool import PointSpool

NAN, INF = math.nan, math.inf
LOSS = SeriesSpec("loss", "f", "loss", "train")


def joined(*batches: Batch, resumes: tuple[int, ...] = ()) -> list[Joined]:
    spool = PointSpool(DEFAULT)
    for batch in batches:
        spool.add(batch)
    marks = [AttemptMark(Location("f"), resume_step=step) for step in (0, *resumes)]
    trained = attempts.join([AttemptTrail("f", tuple(marks))])
    found = series.join(spool, plan([], []), {"1": trained})
    return list(found.all)


def batch(
    points: list[tuple[int, float]], *, spec: SeriesSpec = LOSS, attempt: int = 0,
    epochs: list[float] | None = None, times: list[float] | None = None,
) -> Batch:  # fmt: skip
    return Batch(
        spec, spec.source, array("q", [step for step, _ in points]),
        array("d", [value for _, value in points]),
        epochs=array("d", epochs) if epochs is not None else None,
        times=array("d", times) if times is not None else None,
        attempt=attempt, family=spec.source,
    )  # fmt: skip


def read(data: bytes) -> pd.DataFrame:
    return pd.read_parquet(io.BytesIO(data))


def plain(text: str) -> str:
    return text


def test_every_point_is_there_with_its_fate() -> None:
    """Kept, duplicate, overwritten and superseded points: all rows, in the order read."""
    items = joined(
        batch([(1, 5.0), (1, 5.0), (2, 4.0), (2, 3.5), (3, 3.0)]),
        batch([(3, 2.0)], attempt=1),
        resumes=(2,),
    )
    table = read(tables.metrics_parquet(items, plain))
    assert list(zip(table.step, table.value, table.status, strict=True)) == [
        (1, 5.0, "kept"), (1, 5.0, "duplicate"), (2, 4.0, "overwritten"), (2, 3.5, "kept"),
        (3, 3.0, "superseded"), (3, 2.0, "kept"),
    ]  # fmt: skip


def test_values_are_bit_for_bit() -> None:
    """NaN, infinities, the smallest and the longest numbers survive."""
    values = [NAN, INF, -INF, 5e-324, 0.1 + 0.2, 1.7976931348623157e308, -0.0]
    items = joined(batch(list(enumerate(values))))
    found = pq.read_table(io.BytesIO(tables.metrics_parquet(items, plain))).column("value")
    assert list(map(repr, found.to_pylist())) == list(map(repr, values))
    assert found.null_count == 0


def test_what_is_not_known_is_null() -> None:
    """No step, no epoch, no time: null, never zero."""
    items = joined(batch([(NO_STEP, 1.0), (2, 2.0)], epochs=[NAN, 0.5], times=[NAN, NAN]))
    table = pq.read_table(io.BytesIO(tables.metrics_parquet(items, plain)))
    assert sorted(table.column("step").to_pylist(), key=str) == [2, None]
    assert sorted(table.column("epoch").to_pylist(), key=str) == [0.5, None]
    assert table.column("time").to_pylist() == [None, None]


@pytest.mark.parametrize(("clock", "zone"), [("epoch", "+00:00"), ("naive", "")])
def test_times_are_iso_text(clock: str, zone: str) -> None:
    """Wall times as ISO 8601, with a zone only where one is known."""
    spec = SeriesSpec("loss", "f", "loss", "train", clock=clock)
    items = joined(batch([(1, 1.0)], spec=spec, times=[1_700_000_000.25]))
    table = read(tables.metrics_parquet(items, plain))
    assert table.time.tolist() == [f"2023-11-14T22:13:20.250000{zone}"]
    csv = tables.loss_curve_csv(items).decode().splitlines()
    assert csv[1].split(",")[2].startswith("2023-11-14T22:13:20.25")


def test_an_absurd_time_is_null() -> None:
    """Times outside of the calendar do not break the table."""
    spec = SeriesSpec("loss", "f", "loss", "train", clock="epoch")
    items = joined(batch([(1, 1.0), (2, 2.0), (3, 3.0)], spec=spec, times=[1e300, INF, -5.0]))
    assert read(tables.metrics_parquet(items, plain)).time.isna().all()


def test_names_pass_through_the_redactor_and_any_text_is_valid() -> None:
    """Keys with secrets are cleaned, lone surrogates do not break the file."""
    spec = SeriesSpec("loss/secret\ud800\u202e", "f", None, None)
    table = read(
        tables.metrics_parquet(joined(batch([(1, 1.0)], spec=spec)),
                               lambda text: text.replace("secret", "[redacted]"))
    )  # fmt: skip
    assert table.key.tolist() == ["loss/[redacted]?\u202e"]


def test_no_points_make_an_empty_table() -> None:
    """A run without metrics has the same columns and no row."""
    empty = pq.read_table(io.BytesIO(tables.metrics_parquet([], plain)))
    full = pq.read_table(io.BytesIO(tables.metrics_parquet(joined(batch([(1, 1.0)])), plain)))
    assert empty.num_rows == 0
    assert empty.schema.names == full.schema.names
    assert tables.loss_curve_csv([]) == b"step,epoch,time,value,split,segment,status,step_id\n"


def test_many_series_and_row_groups_join() -> None:
    """Rows of many series, over several groups, all come back under their own key."""
    count = tables.GROUP_ROWS // 2 + 1
    batches = []
    for name in ("a", "b", "c"):
        spec = SeriesSpec(name, "f", None, "train")
        steps = array("q", range(count))
        batches.append(Batch(spec, "f", steps, array("d", [float(ord(name))]) * count, family="f"))
    data = tables.metrics_parquet(joined(*batches), plain)
    assert pq.ParquetFile(io.BytesIO(data)).num_row_groups > 1
    table = read(data)
    assert table.groupby("key", observed=True).size().to_dict() == dict.fromkeys("abc", count)
    assert (table.value == table.key.astype(str).map(ord)).all()


def test_the_curve_is_in_axis_order_and_complete() -> None:
    """loss_curve.csv: each point of the loss in step order, non-finite ones as words."""
    items = joined(batch([(3, NAN), (1, 0.1), (2, INF), (1, 0.1)], epochs=[3.0, NAN, 0.25, NAN]))
    lines = tables.loss_curve_csv(items).decode().splitlines()
    assert lines == [
        "step,epoch,time,value,split,segment,status,step_id",
        "1,,,0.1,train,1,kept,", "1,,,0.1,train,1,duplicate,",
        "2,0.25,,Infinity,train,1,kept,", "3,3.0,,NaN,train,1,kept,",
    ]  # fmt: skip


def test_names_stay_in_their_cells() -> None:
    """A step or split may be called anything."""
    spec = SeriesSpec("loss", "f", "loss", 'a,"b"\nc', step_id="eval:x,y")
    one = Batch(spec, "f", array("q", [1]), array("d", [0.5]))
    (item,) = joined(one)
    (_, row) = csv.reader(tables.loss_curve_csv([item]).decode().splitlines())
    assert row == ["1", "", "", "0.5", 'a,"b" c', "1", "kept", "eval:x,y"]


def test_the_same_points_make_the_same_bytes() -> None:
    """Two writers, one file."""
    made = [tables.metrics_parquet(joined(batch([(1, 1.0), (2, NAN)])), plain) for _ in range(2)]
    assert made[0] == made[1]
