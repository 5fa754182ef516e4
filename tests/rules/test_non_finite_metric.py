"""Metrics that are NaN or infinite."""

from __future__ import annotations

from pathlib import Path

import pytest

from archiver.model.claims import Location, Problem
from archiver.model.points import PLACEHOLDER
from archiver.model.record import FileEntry
from tests.rules.timelines import Audit, Compare, changed, hits, mutated, points, series, told

NAME = "non-finite-metric"
NAN = float("nan")


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"points": 4, "non_finite": 4}, "loss is never finite (4 points)"),
        ({"points": 1, "non_finite": 1}, "loss is never finite (1 point)"),
        (
            {"points": 4, "non_finite": 1, "last": 0.5},
            "loss recovers (1 of 4 points is not finite)",
        ),
        (
            {"points": 4, "non_finite": 2, "last": "-Infinity"},
            "loss ends in -Infinity (2 of 4 points are not finite)",
        ),
    ],
)
def test_what_became_of_it(facts, message):
    """Never finite, lost, or recovered."""
    assert told(hits(NAME, series=(series(**facts),))) == [message]


def test_hostile_summaries():
    """A record read back may hold anything as a value."""
    odd = series(points=4, non_finite=1, last=["NaN"])
    assert told(hits(NAME, series=(odd,))) == ["loss recovers (1 of 4 points is not finite)"]


def test_from_which_step_on():
    """The first step after the last finite one, where the points are there."""
    lost = series(points=5, non_finite=3, last="NaN")
    table = points([1, NAN, 2, NAN, NAN], [10, 20, 30, 40, 50])
    assert told(hits(NAME, series=(lost,), table=table)) == [
        "loss ends in NaN from step 40 on (3 of 5 points are not finite)"
    ]
    unplaced = points([1, NAN], [None, None])
    assert "from step" not in told(hits(NAME, series=(lost,), table=unplaced))[0]


def test_one_finding_per_source():
    """The lost ones first; equal keys with their splits; a flood is cut."""
    bad = {"points": 2, "non_finite": 1}
    group = (
        series(**bad, last=1.0),
        series(**bad, last="NaN", split="eval"),
        series(**bad, key="acc", canonical=None, last="NaN"),
    )
    (hit,) = hits(NAME, series=group)
    assert hit.message == (
        "eval/loss ends in NaN (1 of 2 points is not finite),"
        " acc ends in NaN (1 of 2 points is not finite),"
        " train/loss recovers (1 of 2 points is not finite)"
    )
    flood = tuple(series(**bad, key=f"m{n}" + "x" * 500, last="NaN") for n in range(5000))
    (message,) = told(hits(NAME, series=flood))
    assert message.endswith(" and 4992 more")
    assert len(message) < 1500


def test_the_same_metric_elsewhere():
    """Several sources of one metric are one fault; each other fault is its own."""
    bad = {"points": 2, "non_finite": 1, "last": "NaN"}
    csv = series(**bad)
    copy = series(**bad, source="tb", at=Location("events.1"))
    more = series(**bad, source="tb", at=Location("events.1"), key="grad_norm")
    first, second = hits(NAME, series=(csv, copy, more))
    assert [place.at.path for place in first.related] == ["events.1"]
    assert second.message.startswith("grad_norm")
    shadow = series(**bad, source="a", at=Location("a"), shadow_of="log")
    (hit,) = hits(NAME, series=(shadow, csv))
    assert hit.at.path == "log"


def test_what_is_no_number():
    """Texts, placeholders and series that are in order."""
    bad = {"points": 2, "non_finite": 1, "last": "NaN"}
    assert hits(NAME, series=(series(**bad, type="text"), series(points=2))) == []
    assert hits(NAME, series=(series(**bad, attributes=dict(PLACEHOLDER)),)) == []


def token(path, place, code="non-finite-token"):
    """What a codec met."""
    return Problem(code, "bare NaN or Infinity", Location(path, place))


def test_tokens_outside_of_series():
    """One note per artifact; those of a series, and of its shards, are told with it."""
    lost = series(points=2, non_finite=1, last="NaN", source="m.ndjson", at=Location("m.ndjson.2"))
    found = hits(
        NAME,
        series=(lost,),
        problems=(
            token("m.ndjson", "L1"),
            token("m.ndjson.1", "L1"),
            token("m.ndjson.2", "L1"),
            token("e.json", "/a"),
            token("e.json", "/b"),
            token("table.csv", "L1", "non-numeric"),
        ),
    )
    assert [(hit.at.path, hit.message, hit.severity) for hit in found[1:]] == [
        ("e.json", "bare NaN or Infinity, in 2 places or more", "note"),
        ("table.csv", "bare NaN or Infinity", "note"),
    ]


def test_where_it_is_told():
    """At the file that gives rotated ones their name; each of several files is related."""
    lost = {"points": 2, "non_finite": 2, "last": "NaN"}
    rotated = series(**lost, source="m.ndjson", at=Location("m.ndjson.2"))
    (hit,) = hits(NAME, series=(rotated,), files=[FileEntry("run", "m.ndjson", "file")])
    assert (hit.at, hit.related) == (Location("m.ndjson"), ())
    apart = tuple(
        series(**lost, key=key, source="metrics", at=Location(f"metrics/{key}")) for key in "ab"
    )
    (hit,) = hits(NAME, series=apart)
    assert (hit.at.path, [place.at.path for place in hit.related]) == ("metrics/a", ["metrics/b"])


def test_a_loss_that_was_lost(tmp_path: Path, audited: Audit, new_findings: Compare) -> None:
    """The last value of a log replaced by what a producer writes for it."""
    case = "rules/non_finite_metric/quiet-finite"
    change = lambda text: text.replace('"value":1.8', '"value":NaN')  # noqa: E731
    copies = changed(case, tmp_path, "metrics.ndjson", change)
    assert mutated(audited, new_findings, copies) == [("RA507", "metrics.ndjson", "")]
