"""What is wrong with bytes that a codec read: a bounded list, counted in full."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field

from archiver.model.plain import dataclass

INFORMATIONAL = frozenset({"big-integer", "crlf"})
"""Flaws that the codec coped with completely; they are counted, not reported as problems."""
KEPT_PER_CODE = 5
"""Flaws of one code that are told one by one."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing wrong with the data."""

    code: str
    """Stable, kebab-case: `truncated`, `duplicate-key`, ..."""
    message: str
    place: str = ""
    """JSON pointer, `L12`, `L12:5` (line and column) or `byte 123`; empty for the whole."""
    hint: str = ""


@dataclass(slots=True)
class Flaws:
    """A collector that names the first few flaws of each code and counts all of them."""

    keep: int = KEPT_PER_CODE
    counts: dict[str, int] = field(default_factory=dict)
    """Every flaw that was met, by code."""
    _kept: dict[str, list[Flaw]] = field(default_factory=dict)

    def add(self, code: str, message: str, place: str = "", hint: str = "", *, n: int = 1) -> None:
        """Count `n` flaws of a code; the first few are kept as told here."""
        self.counts[code] = self.counts.get(code, 0) + n
        kept = self._kept.setdefault(code, [])
        if len(kept) < self.keep:
            kept.append(Flaw(code, message, place, hint))

    def full(self, code: str) -> bool:
        """Whether further flaws of this code are only counted."""
        return len(self._kept.get(code, ())) >= self.keep

    def extend(self, other: Flaws) -> None:
        """Take over another collector's flaws."""
        for code, count in other.counts.items():
            self.counts[code] = self.counts.get(code, 0) + count
            kept = self._kept.setdefault(code, [])
            kept.extend(other._kept.get(code, ())[: self.keep - len(kept)])

    def __iter__(self) -> Iterator[Flaw]:
        """The kept flaws by code; a last one per code says how many more there are."""
        for code, kept in self._kept.items():
            yield from kept
            more = self.counts[code] - len(kept)
            if more > 0:
                yield Flaw(code, f"… and {more} more")

    def __bool__(self) -> bool:
        return bool(self.counts)
