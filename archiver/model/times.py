"""Points in time, each with the clock that it was read from.

Stamps without a zone and stamps with one are never subtracted from each other: the archive
does not know which zone the training machine lived in.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum

from archiver.model.plain import dataclass

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE_EPOCH = datetime(1970, 1, 1)
_MICRO = timedelta(microseconds=1)
MAX_EPOCH_SECONDS = 253_402_300_799
"""The last second of the year 9999, where ISO 8601's four digits end."""


class Clock(StrEnum):
    """How a stamp is anchored."""

    ZONED = "zoned"
    NAIVE = "naive"
    EPOCH = "epoch"
    MTIME = "mtime"


@dataclass(frozen=True, slots=True)
class Instant:
    """A point in time in microseconds since 1970 on its own clock."""

    micros: int
    clock: Clock

    @property
    def absolute(self) -> bool:
        """Whether the instant lies on the common time line (naive local stamps do not)."""
        return self.clock is not Clock.NAIVE

    def iso(self) -> str:
        """ISO 8601; UTC with offset for absolute clocks, without any for naive ones."""
        if self.clock is Clock.NAIVE:
            return (_NAIVE_EPOCH + self.micros * _MICRO).isoformat()
        return (_EPOCH + self.micros * _MICRO).isoformat()


def parse_iso(text: str) -> Instant | None:
    """The instant of an ISO 8601 text (`T` or blank between date and time), or None."""
    if not 8 <= len(text) <= 40:
        return None
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            return Instant((moment - _NAIVE_EPOCH) // _MICRO, Clock.NAIVE)
        return Instant((moment - _EPOCH) // _MICRO, Clock.ZONED)
    except (ValueError, OverflowError):
        return None


def utc_micros(text: object) -> int | None:
    """Microseconds since 1970 of an ISO 8601 text with a zone; None for anything else.

    What `parse_iso` says of it, for those that ask it of very many.
    """
    if not isinstance(text, str) or not 8 <= len(text) <= 40:
        return None
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            return None
        gone = moment - _EPOCH
    except (ValueError, OverflowError):
        return None
    return (gone.days * 86_400 + gone.seconds) * 1_000_000 + gone.microseconds


def from_epoch(seconds: float, clock: Clock = Clock.EPOCH) -> Instant | None:
    """The instant of Unix seconds, or None where they are no calendar date."""
    if not 0 < seconds <= MAX_EPOCH_SECONDS:
        return None
    return Instant(round(seconds * 1_000_000), clock)


def seconds_between(start: Instant, end: Instant) -> float | None:
    """`end - start` in seconds, or None where the two clocks cannot be compared."""
    if start.absolute != end.absolute:
        return None
    return (end.micros - start.micros) / 1_000_000
