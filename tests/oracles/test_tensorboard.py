"""Archived points against TensorBoard's own loader, which drops nothing at size guidance 0."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

Point = tuple[str, int, str, int]
"""Tag, step, value as written out in full, wall time in microseconds."""


def shown_by_tensorboard(path: Path) -> Counter[Point]:
    """Every scalar of one event file."""
    from tensorboard.backend.event_processing import event_accumulator as tensorboard

    loader = tensorboard.EventAccumulator(
        str(path), size_guidance={tensorboard.SCALARS: 0}, purge_orphaned_data=False
    )
    loader.Reload()
    return Counter(
        (tag, event.step, repr(event.value), round(event.wall_time * 1e6))
        for tag in loader.Tags()["scalars"]
        for event in loader.Scalars(tag)
    )


def archived(archive: Path) -> Counter[Point]:
    """Every number that the archive has from event files, whatever became of it."""
    rows = pq.read_table(archive / "metrics.parquet").to_pylist()
    return Counter(
        (
            row["key"],
            row["step"],
            repr(row["value"]),
            round(dt.datetime.fromisoformat(row["time"]).timestamp() * 1e6),
        )
        for row in rows
        if "tfevents" in row["source"] and row["value"] is not None
    )


@pytest.mark.oracle("tensorboard")
def test_every_point_of_a_run(fixture_run: Path, collected_all: Callable[..., list[Path]]) -> None:
    """Archives hold the very points that TensorBoard shows, no more and no fewer."""
    wanted: Counter[Point] = Counter()
    for path in sorted(fixture_run.rglob("*tfevents*")):
        wanted += shown_by_tensorboard(path)
    found: Counter[Point] = Counter()
    for archive in collected_all(fixture_run):
        found += archived(archive)
    assert found == wanted
