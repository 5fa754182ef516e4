"""Attempts of a run: the numbering that all its artifacts agree on.

Each artifact tells attempts apart by its own means (a heartbeat's start event, a new event
file, an elapsed time that starts again). Here the trails are laid over each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from archiver.model.claims import AttemptMark, AttemptTrail
from archiver.model.plain import dataclass
from archiver.model.times import Instant

START_SLACK_MICROS = 120 * 1_000_000
"""Artifacts of one start may be opened this far apart (model loading lies between them)."""


@dataclass(frozen=True, slots=True)
class RunAttempt:
    """One attempt of the run, joined from every artifact that saw it."""

    n: int
    """1 for the first."""
    marks: tuple[AttemptMark, ...]

    @property
    def started(self) -> Instant | None:
        """Earliest absolute start; else the earliest naive one."""
        return _extreme([mark.started for mark in self.marks], latest=False)

    @property
    def ended(self) -> Instant | None:
        """Latest sign of life."""
        return _extreme([mark.ended for mark in self.marks], latest=True)

    def span(self, *, absolute: bool) -> tuple[Instant | None, Instant | None]:
        """Start and end on one kind of clock; on the other where only that one knows more."""
        told, other = self._on(absolute=absolute), self._on(absolute=not absolute)
        known = [sum(end is not None for end in ends) for ends in (told, other)]
        return other if known[1] > known[0] else told

    def _on(self, *, absolute: bool) -> tuple[Instant | None, Instant | None]:
        marks = self.marks
        starts = [m.started for m in marks if m.started and m.started.absolute is absolute]
        ends = [m.ended for m in marks if m.ended and m.ended.absolute is absolute]
        return _extreme([*starts], latest=False), _extreme([*ends], latest=True)

    def stated(self, name: str) -> str | None:
        """The first text that an artifact stated: `id`, `status_word`, `host`."""
        found = (getattr(mark, name) for mark in self.marks)
        return next((text for text in found if isinstance(text, str) and text), None)

    @property
    def exit_code(self) -> int | None:
        """Exit code, where an artifact stated one."""
        return next((m.exit_code for m in self.marks if m.exit_code is not None), None)

    @property
    def resume_step(self) -> int | None:
        """Steps done before it began, where an artifact recorded them."""
        return next((m.resume_step for m in self.marks if m.resume_step is not None), None)

    @property
    def first_step(self) -> int | None:
        """First step it executed: the recorded resume step + 1, else its smallest point."""
        if self.resume_step is not None:
            return self.resume_step + 1
        return min((m.first_step for m in self.marks if m.first_step is not None), default=None)


@dataclass(frozen=True, slots=True)
class Attempts:
    """All attempts, and the way from an artifact's own numbering to theirs."""

    all: tuple[RunAttempt, ...]
    numbering: Mapping[str, tuple[int, ...]]
    """Family -> run attempt (1-based) of each of its own."""

    def number(self, family: str, index: int) -> int | None:
        """Run attempt of a family's attempt; None where the artifact tells none apart."""
        places = self.numbering.get(family)
        if not places:
            return None
        return places[index] if index < len(places) else places[-1]

    def superseded_from(self) -> tuple[int | None, ...]:
        """Per attempt: the step from which on a later attempt did the work again."""
        limits: list[int | None] = []
        later: int | None = None
        for attempt in reversed(self.all):
            limits.append(later)
            first = attempt.first_step
            if first is not None:
                later = first if later is None else min(later, first)
        return tuple(reversed(limits))


def common_clock(groups: Iterable[Attempts]) -> bool:
    """Whether absolute clocks know more whole attempts than local ones, so that all are told alike.

    The steps of a pipeline are only in one order if they are told on one clock.
    """
    counts = {True: 0, False: 0}
    for attempts in groups:
        for attempt in attempts.all:
            for absolute in counts:
                start, end = attempt.span(absolute=absolute)
                if start and end and start.absolute is end.absolute is absolute:
                    counts[absolute] += 1
    return counts[True] >= counts[False]


NO_ATTEMPTS = Attempts((), {})


def join(trails: Iterable[AttemptTrail]) -> Attempts:
    """Lay the trails over each other.

    The longest trail (the one with absolute times and recorded resume steps, if several are
    equally long) gives the numbering. Another is placed by the scheduler's ids where both have
    them, else by its absolute start times, else its last attempt is the run's last.
    """
    known = sorted((t for t in trails if t.marks), key=lambda trail: trail.family)
    if not known:
        return NO_ATTEMPTS
    reference = max(known, key=_authority)
    numbering = {trail.family: _place(trail, reference) for trail in known}
    marks: list[list[AttemptMark]] = [[] for _ in reference.marks]
    for trail in [reference, *(trail for trail in known if trail is not reference)]:
        for index, mark in enumerate(trail.marks):
            marks[numbering[trail.family][index] - 1].append(mark)
    joined = tuple(RunAttempt(n, tuple(group)) for n, group in enumerate(marks, 1))
    return Attempts(joined, numbering)


def _authority(trail: AttemptTrail) -> tuple[int, int, int]:
    recorded = sum(mark.resume_step is not None for mark in trail.marks)
    timed = sum(mark.started is not None and mark.started.absolute for mark in trail.marks)
    return len(trail.marks), recorded, timed


def _place(trail: AttemptTrail, reference: AttemptTrail) -> tuple[int, ...]:
    total, own = len(reference.marks), len(trail.marks)
    named = {mark.id: number for number, mark in enumerate(reference.marks, 1) if mark.id}
    places = [named[mark.id] for mark in trail.marks if mark.id in named]
    if len(places) == own and places == sorted(set(places)):
        return tuple(places)
    if own == total:
        return tuple(range(1, total + 1))
    starts = [_absolute(mark.started) for mark in reference.marks]
    placed = [_by_time(_absolute(mark.started), starts) for mark in trail.marks]
    numbers = [number for number in placed if number is not None]
    if len(numbers) == own and numbers == sorted(set(numbers)):
        return tuple(numbers)
    return tuple(range(total - own + 1, total + 1))


def _by_time(start: int | None, starts: list[int | None]) -> int | None:
    if start is None or any(known is None for known in starts):
        return None
    before = [
        number
        for number, known in enumerate(starts, 1)
        if known is not None and known <= start + START_SLACK_MICROS
    ]
    return before[-1] if before else 1


def _absolute(instant: Instant | None) -> int | None:
    return instant.micros if instant is not None and instant.absolute else None


def _extreme(instants: list[Instant | None], *, latest: bool) -> Instant | None:
    known = [instant for instant in instants if instant is not None]
    pool = [instant for instant in known if instant.absolute] or known
    if not pool:
        return None
    return (max if latest else min)(pool, key=lambda instant: instant.micros)
