"""Metric points on their way from a reader to the table, in typed columns.

Columns are `array.array`: compact, typed, and readable by numpy without a copy.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import field
from enum import IntEnum
from typing import Protocol

from archiver.model.plain import dataclass

NO_STEP = -(2**63)
"""The step of a point that its producer wrote without one."""


OVER_CHECKPOINTS = (("over", "checkpoints"),)
"""Attributes of a series with a point per evaluated checkpoint; it is no curve of the training."""

PLACEHOLDER = (("value", "placeholder"),)
"""Attributes of a series whose numbers stand where a producer had nothing to write."""


class PointStatus(IntEnum):
    """What became of a point; the order is the code in the table's dictionary."""

    KEPT = 0
    DUPLICATE = 1
    OVERWRITTEN = 2
    SUPERSEDED = 3

    @property
    def word(self) -> str:
        """The status as written in tables."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class SeriesSpec:
    """Identity and meaning of one metric of one split in one source."""

    key: str
    """As written."""
    source: str
    """The artifact (or the common name of a family) that holds it."""
    canonical: str | None = None
    """Standard name of the measurement, without unit; None where the meaning is not known."""
    split: str | None = None
    dataset: str | None = None
    labels: tuple[tuple[str, str], ...] = ()
    step_id: str | None = None
    axis: str = "step"
    unit: str | None = None
    type: str = "number"
    clock: str = ""
    """Clock of the batches' times: `epoch`, `zoned`, `naive`; empty without times."""
    attributes: tuple[tuple[str, str], ...] = ()
    absolute_error: float = 0.0
    """Half of the last decimal that the source writes; 0 for sources that do not round."""
    relative_error: float = 0.0
    """Half a unit in the last place of the source's binary type; 0 for doubles."""
    scope: str = "run"
    """Tree that the source lies in; stamped by `collect`, never by the reader."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Points of one series in file order."""

    spec: SeriesSpec
    path: str
    """File that the points were read from."""
    steps: array[int]
    """`q`; `NO_STEP` where none was written."""
    values: array[float] | Sequence[str]
    """`d` for numbers, texts otherwise."""
    epochs: array[float] | None = None
    """`d`; NaN where none was written."""
    times: array[float] | None = None
    """`d`, Unix seconds (for naive clocks as if they were UTC); NaN where none was written."""
    attempt: int = 0
    """Attempt within the artifact's own numbering (see `AttemptTrail`)."""
    family: str = ""
    """Numbering that `attempt` belongs to; empty where the artifact tells no attempts apart."""
    non_numeric: int = 0
    """Values of this series that were no number and are not among `values`."""
    attributes: tuple[tuple[str, str], ...] = ()
    """Attributes of the series as known when this batch ended; those of the last batch stand."""


class PointSink(Protocol):
    """Where readers put their points."""

    def add(self, batch: Batch) -> None:
        """Take a batch; the arrays belong to the sink from then on."""


@dataclass(frozen=True, slots=True)
class Metric:
    """What a written key means: one row of a reader's metric map."""

    canonical: str
    unit: str | None = None
    split: str | None = None
    attributes: tuple[tuple[str, str], ...] = field(default=())
