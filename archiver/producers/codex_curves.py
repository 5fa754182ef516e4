"""From measurements of codex_ml's rows to series: identity, attempts, and values of all kinds.

A row names its metric, split, dataset and run; each combination is a series. Values that are no
numbers (structures, texts, nulls) stay points of a companion series of type `object`, so that
every row of the producer stands in the table. A run that resumes appends to its file and measures
steps again; it says so nowhere else in the rows.
"""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass, field

from archiver.limits import Limits
from archiver.model.claims import AttemptMark, AttemptTrail, Evidence, EvidenceKind, Location
from archiver.model.points import NO_STEP, Batch, PointSink, SeriesSpec
from archiver.model.times import Clock, Instant, from_epoch
from archiver.producers.codex_rows import Measure, metric_of
from archiver.producers.codex_values import is_number, spelled

LOOK_AHEAD = 4096
"""Measurements that wait for the one which tells a resume from a stray row."""
_FEW = 64
_WAITED = 100 * LOOK_AHEAD
"""Measurements that may wait more than once, short waits left out."""

Labels = tuple[tuple[str, str], ...]
Place = tuple[str, int | str]
"""File, and line or JSON pointer in it."""
_Identity = tuple[str, str | None, str | None, str, Labels, bool]
_Key = tuple[float, int]


@dataclass(frozen=True, slots=True)
class Origin:
    """What all series of one artifact have in common."""

    source: str
    scope: str
    step_id: str | None = None
    """Evaluation step that rows of the evaluation runner belong to."""
    canonical: bool = True
    """False for a source that repeats a part of another one."""


@dataclass(slots=True)
class _State:
    """What is known of one series so far."""

    top: int = NO_STEP
    """Largest step of the attempt at hand."""
    first: _Key = (math.inf, 0)
    last: _Key = (-math.inf, NO_STEP)
    first_phase: str | None = None
    last_phase: str | None = None
    first_manifest: str | None = None
    last_manifest: str | None = None
    run_id: str | None = None
    numbers: int = 0
    truths: int = 0
    """Numbers that were written as true or false."""
    others: int = 0

    def note(self, item: Measure) -> None:
        """Keep what a summary needs and no column holds."""
        time = -math.inf if math.isnan(item.time) else item.time
        key = (time, -1 if item.step is None else item.step)
        if key <= self.first:
            self.first = key
            self.first_phase = item.phase or self.first_phase
        if key >= self.last:
            self.last = key
            self.last_phase = item.phase or self.last_phase
        if item.manifest_id is not None:
            self.first_manifest = self.first_manifest or item.manifest_id
            self.last_manifest = item.manifest_id
        self.run_id = self.run_id or item.run_id

    def attributes(self) -> Labels:
        """As `Batch.attributes` wants them."""
        only_truths = self.numbers and self.truths == self.numbers
        told = (
            ("run_id", self.run_id),
            ("first_phase", self.first_phase),
            ("last_phase", self.last_phase),
            ("first_manifest_id", self.first_manifest),
            ("last_manifest_id", self.last_manifest),
            ("values", "boolean" if only_truths else None),
        )
        return tuple((name, value) for name, value in told if value is not None)


@dataclass(slots=True)
class _Columns:
    """Points of one series on their way to the sink."""

    state: _State
    steps: array[int] = field(default_factory=lambda: array("q"))
    epochs: array[float] = field(default_factory=lambda: array("d"))
    times: array[float] = field(default_factory=lambda: array("d"))
    numbers: array[float] = field(default_factory=lambda: array("d"))
    texts: list[str] = field(default_factory=list)
    dropped: int = 0


@dataclass(slots=True)
class _Attempt:
    at: Place
    started: float = math.inf
    ended: float = -math.inf
    ended_at: Place | None = None
    first_step: int | None = None
    last_step: int | None = None

    def note(self, item: Measure, place: Place) -> None:
        """Widen the attempt's extent."""
        if item.time >= self.ended:
            self.ended, self.ended_at = item.time, place
        self.started = min(self.started, item.time)
        step = item.step
        if step is not None and not item.by_runner:
            if self.first_step is None or step < self.first_step:
                self.first_step = step
            if self.last_step is None or step > self.last_step:
                self.last_step = step


@dataclass(slots=True)
class _Doubt:
    """A step went back; whether a resume did it, the next step of the same series tells."""

    identity: _Identity
    step: int
    top: int
    items: list[tuple[Measure, Place]]


@dataclass
class Curves:
    """Takes measurements in file order, the files of a family oldest first."""

    origin: Origin
    sink: PointSink
    limits: Limits
    attempts: list[_Attempt] = field(default_factory=list)
    run_ids: dict[str, None] = field(default_factory=dict)
    """Run ids of the rows, in the order in which they came."""
    taken: int = 0
    by_runner: int = 0
    """Measurements of the evaluation runner."""
    _states: dict[_Identity, _State] = field(default_factory=dict)
    _columns: dict[tuple[_Identity, bool, str, int], _Columns] = field(default_factory=dict)
    _specs: dict[tuple[_Identity, bool], SeriesSpec] = field(default_factory=dict)
    _numeric: set[str] = field(default_factory=set)
    _doubt: _Doubt | None = None
    _waited: int = 0
    _slots: dict[tuple[object, ...], _Columns] = field(default_factory=dict)
    """Where numbers of a measurement that was met in this file and attempt go."""

    def knows(self, key: str) -> bool:
        """Whether numbers of this key were met."""
        return key in self._numeric

    def take(self, item: Measure, place: Place) -> None:
        """One measurement and where it stands."""
        if self._doubt is None and type(item.value) is float and item.step is not None:
            # Nearly every row: a number, at a step not before the one of the row before.
            columns = self._slots.get(_slot(item))
            if columns is not None and item.step >= columns.state.top:
                self._append(columns, item, item.value, item.step)
                self.attempts[-1].note(item, place)
                return
        self._take(item, place)

    def _append(self, columns: _Columns, item: Measure, value: float, step: int) -> None:
        columns.state.top = step
        columns.state.numbers += 1
        columns.state.note(item)
        columns.steps.append(step)
        columns.epochs.append(item.epoch)
        columns.times.append(item.time)
        columns.numbers.append(value)
        self.taken += 1
        self.by_runner += item.by_runner

    def _take(self, item: Measure, place: Place) -> None:
        doubt = self._doubt
        if doubt is not None:
            doubt.items.append((item, place))
            self._judge(doubt, item)
            return
        identity, state = self._identify(item)
        if item.step is not None and item.step < state.top and item.axis == "step":
            self._doubt = _Doubt(identity, item.step, state.top, [(item, place)])
            return
        self._put(item, place, identity, state)

    def flush(self) -> None:
        """Hand over what does not wait."""
        for (identity, numbers, path, attempt), columns in self._columns.items():
            spec = self._spec(identity, numbers=numbers)
            batch = Batch(
                spec,
                path,
                columns.steps,
                columns.numbers if numbers else columns.texts,
                _told(columns.epochs),
                _told(columns.times),
                attempt,
                self.origin.source,
                columns.dropped,
                columns.state.attributes(),
            )
            self.sink.add(batch)
        self._columns.clear()
        self._slots.clear()

    def finish(self) -> None:
        """No more comes: what waits was no resume."""
        while self._doubt is not None:
            self._settle(self._doubt, resumed=False)
        self.flush()

    def _judge(self, doubt: _Doubt, item: Measure) -> None:
        identity, _ = self._identify(item)
        step = item.step
        if identity == doubt.identity and step is not None and step != doubt.step:
            self._settle(doubt, resumed=doubt.step < step <= doubt.top)
        elif len(doubt.items) > LOOK_AHEAD:
            self._settle(doubt, resumed=False)

    def _settle(self, doubt: _Doubt, *, resumed: bool) -> None:
        """Place what waited: in a new attempt, or where the attempt at hand is."""
        self._doubt = None
        if resumed and len(self.attempts) < self.limits.attempts:
            self.attempts.append(_Attempt(doubt.items[0][1]))
            for state in self._states.values():
                state.top = NO_STEP
            self._slots.clear()
        (item, place), *others = doubt.items
        self._put(item, place, *self._identify(item))
        self._waited += max(0, len(others) - _FEW)
        if self._waited > _WAITED:
            # Rows in no order at all: each would make those behind it wait once more.
            for later, where in others:
                self._put(later, where, *self._identify(later))
            return
        for later, where in others:
            self._take(later, where)

    def _identify(self, item: Measure) -> tuple[_Identity, _State]:
        labels = item.labels
        if item.run_id is not None and self.run_ids and item.run_id != next(iter(self.run_ids)):
            labels = (*labels, ("run", item.run_id))
        identity = (item.key, item.split, item.dataset, item.axis, labels, item.by_runner)
        state = self._states.get(identity)
        if state is None:
            state = _State()
            if len(self._states) < self.limits.series:
                self._states[identity] = state
        return identity, state

    def _put(self, item: Measure, place: Place, identity: _Identity, state: _State) -> None:
        if item.run_id is not None and len(self.run_ids) < self.limits.series:
            self.run_ids.setdefault(item.run_id)
        self.taken += 1
        self.by_runner += item.by_runner
        if not self.attempts:
            self.attempts.append(_Attempt(place))
        self.attempts[-1].note(item, place)
        state.note(item)
        if item.step is not None:
            state.top = max(state.top, item.step)
        numbers = is_number(item.value)
        home = (identity, numbers, place[0], len(self.attempts) - 1)
        columns = self._columns.get(home)
        if columns is None:
            columns = self._columns[home] = _Columns(state)
        if numbers:
            state.numbers += 1
            state.truths += isinstance(item.value, bool)
            columns.numbers.append(float(item.value))  # type: ignore[arg-type]
            self._numeric.add(item.key)
            if item.axis == "step":
                self._slots[_slot(item)] = columns
        elif not self._keeps_text(columns, state, item):
            return
        columns.steps.append(NO_STEP if item.step is None else item.step)
        columns.epochs.append(item.epoch)
        columns.times.append(item.time)

    def _keeps_text(self, columns: _Columns, state: _State, item: Measure) -> bool:
        state.others += 1
        text = spelled(item.value) if state.others <= self.limits.text_points else ""
        if not text or len(text) > self.limits.text_point_bytes:
            columns.dropped += 1
            return False
        columns.texts.append(text)
        return True

    def _spec(self, identity: _Identity, *, numbers: bool) -> SeriesSpec:
        spec = self._specs.get((identity, numbers))
        if spec is None:
            key, split, dataset, axis, labels, by_runner = identity
            metric = metric_of(key, split)
            spec = SeriesSpec(
                key,
                self.origin.source,
                (metric.canonical or None) if numbers and self.origin.canonical else None,
                split,
                dataset,
                labels,
                self.origin.step_id if by_runner else None,
                axis,
                metric.unit,
                "number" if numbers else "object",
                Clock.ZONED.value,
                metric.attributes,
            )
            if len(self._specs) < 2 * self.limits.series:
                self._specs[(identity, numbers)] = spec
        return spec

    def trail(self) -> tuple[AttemptTrail, ...]:
        """The attempts; a file that was written in one go tells its times alone."""
        several = len(self.attempts) > 1
        marks = tuple(
            AttemptMark(
                self._location(attempt.at),
                _instant(attempt.started),
                _instant(attempt.ended),
                self._location(attempt.ended_at) if attempt.ended_at is not None else None,
                first_step=attempt.first_step if several else None,
            )
            for attempt in self.attempts
        )
        if not several and not any(mark.started for mark in marks):
            return ()
        return (
            AttemptTrail(self.origin.source if several else f"{self.origin.source}#times", marks),
        )

    def first(self) -> Location | None:
        """Where the first measurement stands."""
        return self._location(self.attempts[0].at) if self.attempts else None

    def _location(self, place: Place) -> Location:
        path, where = place
        text = f"L{where}" if isinstance(where, int) else where
        return Location(path, text, self.origin.scope)

    def evidence(self, torn: Location | None) -> tuple[Evidence, ...]:
        """How far each attempt came; a torn last line shows that the last one was killed."""
        several = len(self.attempts) > 1
        family = self.origin.source if several else ""
        last = len(self.attempts) - 1
        found = []
        for index, attempt in enumerate(self.attempts):
            kind = EvidenceKind.RUNNING_WORD if torn and index == last else EvidenceKind.PROGRESS
            step = f" at step {attempt.last_step}" if attempt.last_step is not None else ""
            place = self._location(attempt.ended_at or attempt.at)
            detail = f"rows end{step}"
            found.append(Evidence(kind, detail, place, family=family, attempt=max(index, 0)))
        if torn is not None:
            detail = "the last line is torn"
            kind = EvidenceKind.DEATH
            found.append(Evidence(kind, detail, torn, family=family, attempt=max(last, 0)))
        return tuple(found)


def _slot(item: Measure) -> tuple[object, ...]:
    """All that makes the series of a measurement in one file."""
    key, _, split, dataset, _, _, _, axis, run_id, _, _, labels, by_runner = item
    return key, split, dataset, axis, run_id, labels, by_runner


def _told(column: array[float]) -> array[float] | None:
    return None if all(map(math.isnan, column)) else column


def _instant(seconds: float) -> Instant | None:
    return from_epoch(seconds, Clock.ZONED) if math.isfinite(seconds) else None
