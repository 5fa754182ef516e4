"""Which claim wins, and what is kept of the others."""

import pytest

from archiver.model.claims import Claim, Location, Origin, Trust
from archiver.resolve import resolve, verdict

A, B, C = Location("a.json", "/x"), Location("b.json", "/x"), Location("c.json", "/x")


def test_the_most_trusted_claim_wins_and_the_losers_are_kept():
    """An artifact that states a fact beats one that repeats it, whatever the order."""
    claims = [
        Claim("summary.torch", "2.4", B, Trust.COPY, reader="copy"),
        Claim("summary.torch", "2.5", A, Trust.STATED, reader="first"),
    ]
    resolved = resolve(claims)["summary.torch"]
    assert (resolved.value, resolved.reader) == ("2.5", "first")
    assert [(other.value, other.verdict) for other in resolved.others] == [("2.4", "different")]


def test_a_declared_value_wins_and_keeps_what_was_recorded():
    """The person who archives overrules, visibly."""
    claims = [
        Claim("summary.user", "root", A),
        Claim("summary.user", "ann", B, Trust.DECLARED, Origin.DECLARED),
    ]
    resolved = resolve(claims)["summary.user"]
    assert (resolved.value, resolved.origin) == ("ann", Origin.DECLARED)
    assert resolved.others[0].value == "root"


def test_equal_trust_is_decided_by_place_not_by_order():
    """The result does not depend on the order in which artifacts were read."""
    claims = [Claim("summary.os", "x", B), Claim("summary.os", "y", A)]
    assert resolve(claims) == resolve(reversed(claims))
    assert resolve(claims)["summary.os"].value == "y"


def test_hosts_are_united():
    """A run on several hosts names each once."""
    claims = [Claim("summary.host", ["n1", "n2"], A), Claim("summary.host", "n1", B)]
    assert resolve(claims)["summary.host"].value == ["n1", "n2"]


def test_the_earliest_absolute_start_wins():
    """A restart overwrites created_at; another artifact still knows the first start."""
    claims = [
        Claim("summary.started_at", "2026-01-02T00:00:00+00:00", A, Trust.STATED),
        Claim("summary.started_at", "2026-01-01T00:00:00+00:00", B, Trust.COPY),
        Claim("summary.started_at", "2025-12-31T23:00:00", C, Trust.COPY),
    ]
    resolved = resolve(claims)["summary.started_at"]
    assert resolved.value == "2026-01-01T00:00:00+00:00"
    assert len(resolved.others) == 2


def test_a_hint_is_no_match_for_a_statement():
    """A date read off a name never beats a recorded start, however early."""
    claims = [
        Claim("summary.started_at", "2020-01-01T00:00:00+00:00", A, Trust.HINT),
        Claim("summary.started_at", "2026-01-01T00:00:00+00:00", B, Trust.STATED),
    ]
    assert resolve(claims)["summary.started_at"].value == "2026-01-01T00:00:00+00:00"


@pytest.mark.parametrize(
    ("won", "lost", "word"),
    [
        ("x", "x", "same"),
        (1, 1.0, "equivalent"),
        (1, True, "different"),
        ("a" * 40, "a" * 7, "equivalent"),
        ("a" * 40, "a" * 6, "different"),
        ("2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00", "equivalent"),
        ("2026-01-01T00:00:00", "2026-01-01T00:00:00Z", "different"),
        ("0.1", 0.1, "different"),
    ],
)
def test_verdicts(won, lost, word):
    """Same, another spelling of the same, or different."""
    assert verdict(won, lost) == word


def test_a_stated_local_start_is_not_pushed_aside_by_a_derived_one():
    """Nobody can say which of two clocks is ahead; what an artifact states stays."""
    claims = [
        Claim("summary.started_at", "2026-01-02T10:00:05", A),
        Claim("summary.started_at", "2026-01-02T10:00:00", B),
        Claim("summary.started_at", "2026-01-02T09:00:00", C, Trust.COPY),
        Claim("summary.started_at", "2026-01-01T00:00:00+00:00", C, origin=Origin.DERIVED),
    ]
    assert resolve(claims)["summary.started_at"].value == "2026-01-02T10:00:00"
