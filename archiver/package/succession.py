"""The runs of an experiment in the order of their starts, as its archives tell them.

The order in which they were archived does not matter. Naive local times and times on the common
time line are never compared, so a run that started by one kind of clock comes after none that
started by the other; one whose start nobody recorded comes after none at all.
"""

from __future__ import annotations

import json
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from archiver.model import codec
from archiver.model.claims import Origin
from archiver.model.record import Resolved, RunIdentity, RunRecord
from archiver.model.times import parse_iso
from archiver.package import layout

PREVIOUS_RUN = "changes.previous_run_id"
CONFIG_DIFF = "changes.config_diff"
"""Fields that tell of the run before."""
_Order: TypeAlias = tuple[int, str, str]


@dataclass(frozen=True, slots=True)
class Place:
    """What an archive says of its run's place among the others."""

    name: str
    """The archive's directory, which is the run's id."""
    order: _Order
    """Start in microseconds on its clock, directory, identity."""
    naive: bool
    """Whether the start is local time of nobody knows where."""
    previous: str | None
    """The run that it names as the one before it."""
    fixed: bool
    """Whether somebody said which that is; else it was chosen by the starts."""

    @property
    def identity(self) -> str:
        """The run's identity."""
        return self.order[2]


class Succession:
    """Runs by their starts; one that is added again replaces what was known of it."""

    def __init__(self, places: Iterable[Place] = (), damaged: Iterable[Path] = ()) -> None:
        self.damaged = tuple(damaged)
        """Records that cannot be read: whether their runs came before others is not known."""
        self._places: dict[str, Place] = {}
        self._orders: dict[bool, list[tuple[_Order, str]]] = {False: [], True: []}
        for place in places:
            self.add(place)

    def __iter__(self) -> Iterator[Place]:
        """Every run, those on the common time line first, by their starts."""
        for line in self._orders.values():
            yield from (self._places[name] for _, name in line)

    def add(self, place: Place) -> None:
        """Put a run in its place."""
        known = self._places.get(place.name)
        if known is not None:
            self._orders[known.naive].remove((known.order, known.name))
        self._places[place.name] = place
        insort(self._orders[place.naive], (place.order, place.name))

    def before(self, place: Place) -> Iterator[Place]:
        """The runs that started earlier by the same kind of clock, the latest of them first."""
        line = self._orders[place.naive]
        for at in range(bisect_left(line, (place.order, "")) - 1, -1, -1):
            other = self._places[line[at][1]]
            # The run itself may stand there with the start that it had when it was last archived.
            if other.identity != place.identity:
                yield other


def of_home(home: Path) -> Succession:
    """The runs whose archives stand in an experiment's directory."""
    places, damaged = [], []
    for path in sorted(home.glob(f"[!.]*/{layout.RECORD}")):
        if not path.parent.is_symlink():
            try:
                place = _read(path)
            except (OSError, ValueError, KeyError, TypeError, RecursionError):
                damaged.append(path)
            else:
                places += [place] if place is not None else []
    return Succession(places, damaged)


def of_record(record: RunRecord) -> Place | None:
    """The place of a run; None where nobody recorded when it started."""
    return _place(record.run, record.fields)


def _read(path: Path) -> Place | None:
    data = json.loads(path.read_bytes())
    run = codec.decode(RunIdentity, data["run"])
    names = ("summary.started_at", PREVIOUS_RUN)
    told = {name: data["fields"][name] for name in names if name in data["fields"]}
    fields = {name: codec.decode(Resolved, item) for name, item in told.items()}
    # Whatever it calls itself, this is where it stands.
    return _place(run, fields) if run.run_id == path.parent.name else None


def _place(run: RunIdentity, fields: dict[str, Resolved]) -> Place | None:
    started = fields.get("summary.started_at")
    instant = parse_iso(started.value) if started and isinstance(started.value, str) else None
    if instant is None:
        return None
    named = fields.get(PREVIOUS_RUN)
    return Place(
        name=run.run_id,
        order=(instant.micros, run.directory, run.identity),
        naive=not instant.absolute,
        previous=named.value if named is not None and isinstance(named.value, str) else None,
        fixed=named is not None and named.origin is not Origin.DERIVED,
    )
