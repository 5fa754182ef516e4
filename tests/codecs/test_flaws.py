"""Flaws: all counted, the first few kept."""

from __future__ import annotations

from archiver.codecs.flaws import Flaw, Flaws


def test_kept_and_counted() -> None:
    """The first flaws of a code are told, a last one says how many more there are."""
    flaws = Flaws(keep=2)
    for line in range(5):
        flaws.add("syntax", "no JSON", f"L{line}")
    flaws.add("bom", "mark")
    assert list(flaws) == [
        Flaw("syntax", "no JSON", "L0"),
        Flaw("syntax", "no JSON", "L1"),
        Flaw("syntax", "… and 3 more"),
        Flaw("bom", "mark"),
    ]
    assert flaws.counts == {"syntax": 5, "bom": 1}


def test_extend() -> None:
    """Taking over another collector keeps its counts and at most `keep` of its flaws."""
    left, right = Flaws(keep=2), Flaws(keep=2)
    left.add("a", "1")
    right.add("a", "2")
    right.add("a", "3")
    right.add("b", "4", n=7)
    left.extend(right)
    assert left.counts == {"a": 3, "b": 7}
    assert [flaw.message for flaw in left] == ["1", "2", "… and 1 more", "4", "… and 6 more"]


def test_truth() -> None:
    """A collector is true when something was added."""
    flaws = Flaws()
    assert not flaws
    flaws.add("a", "b")
    assert flaws
