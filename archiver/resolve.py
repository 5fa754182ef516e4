"""Many claims per field, one value: the most trusted wins, the losers are kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from archiver.model.claims import Claim, Origin, Trust
from archiver.model.record import Other, Resolved
from archiver.model.times import parse_iso
from archiver.model.values import Value, same
from archiver.rundir import natural

UNITED = frozenset({"summary.host", "summary.gpus"})
"""Fields that are lists, united over their sources."""
EARLIEST = frozenset({"summary.started_at"})
"""A run starts when its first attempt does, whichever artifact still knows."""
LATEST = frozenset({"summary.finished_at"})
PREFIX_MIN = 7
"""Shortest abbreviation of a digest that counts as the digest."""


def resolve(claims: Iterable[Claim]) -> dict[str, Resolved]:
    """Fields in name order, each with its winner and the claims that lost."""
    by_field: dict[str, list[Claim]] = {}
    for claim in claims:
        by_field.setdefault(claim.field, []).append(claim)
    return {name: _resolve_field(name, by_field[name]) for name in sorted(by_field)}


def _resolve_field(name: str, claims: list[Claim]) -> Resolved:
    if name in UNITED:
        return _unite(claims)
    ranked = sorted(claims, key=_rank)
    if name in EARLIEST | LATEST:
        ranked = _by_time(ranked, latest=name in LATEST)
    return winner(ranked[0], ranked[1:])


def winner(best: Claim, losers: Sequence[Claim]) -> Resolved:
    """The resolved value of one claim over others."""
    return Resolved(
        best.value,
        best.origin,
        best.at,
        best.reader,
        best.rule,
        best.sources,
        best.note,
        tuple(
            Other(
                claim.value, claim.origin, claim.at, claim.reader, verdict(best.value, claim.value)
            )
            for claim in losers
        ),
    )


def _rank(claim: Claim) -> tuple[object, ...]:
    derived = claim.origin is not Origin.RECORDED
    return -claim.trust, derived, claim.at.scope, natural(claim.at.path), natural(claim.at.place)


def _by_time(ranked: list[Claim], *, latest: bool) -> list[Claim]:
    """Among first-hand stamps of the best one's clock the first (last) wins.

    Declared ones stay ahead. An absolute stamp that was merely derived does not push aside a
    local one that an artifact states: which of the two is earlier nobody can say.
    """
    if ranked[0].trust is Trust.DECLARED:
        return ranked
    best = ranked[0]
    top = [c for c in ranked if (c.trust, c.origin) == (best.trust, best.origin)]
    stated = best.trust >= Trust.STATED and best.origin is Origin.RECORDED
    naive = stated and not any(_absolute(claim) for claim in top) and _micros(best) is not None
    eligible = [
        claim
        for claim in (top if naive else ranked)
        if Trust.COPY <= claim.trust < Trust.DECLARED
        and _micros(claim) is not None
        and _absolute(claim) is not naive
    ]
    if not eligible:
        return ranked
    best = (max if latest else min)(eligible, key=lambda claim: _micros(claim) or 0)
    return [best, *(claim for claim in ranked if claim is not best)]


def _micros(claim: Claim) -> int | None:
    instant = parse_iso(claim.value) if isinstance(claim.value, str) else None
    return instant.micros if instant is not None else None


def _absolute(claim: Claim) -> bool:
    instant = parse_iso(claim.value) if isinstance(claim.value, str) else None
    return instant is not None and instant.absolute


def _unite(claims: list[Claim]) -> Resolved:
    ranked = sorted(claims, key=_rank)
    united: list[Value] = []
    for claim in ranked:
        for item in claim.value if isinstance(claim.value, list) else [claim.value]:
            if not any(same(item, known) for known in united):
                united.append(item)
    best = ranked[0]
    sources = tuple(dict.fromkeys(claim.at for claim in ranked)) if len(ranked) > 1 else ()
    return Resolved(united, best.origin, best.at, best.reader, best.rule, sources, best.note)


def verdict(won: Value, lost: Value) -> str:
    """How a losing value relates to the winner: `same`, `equivalent` or `different`."""
    if same(won, lost):
        return "same"
    return "equivalent" if _equivalent(won, lost) else "different"


def _equivalent(won: Value, lost: Value) -> bool:
    if isinstance(won, bool) or isinstance(lost, bool):
        return False
    if isinstance(won, int | float) and isinstance(lost, int | float):
        return won == lost
    if not (isinstance(won, str) and isinstance(lost, str)):
        return False
    left, right = sorted((won, lost), key=len)
    if len(left) >= PREFIX_MIN and _is_hex(left) and right.startswith(left):
        return True
    times = parse_iso(won), parse_iso(lost)
    return times[0] is not None and times[0] == times[1]


def _is_hex(text: str) -> bool:
    return all(char in "0123456789abcdef" for char in text)
