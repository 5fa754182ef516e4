"""Producers' words against evidence."""

from __future__ import annotations

from pathlib import Path

import pytest

from archiver.model.claims import Location, Origin
from archiver.model.record import Attempt, Other, Source
from tests.rules.timelines import AT, Audit, Compare, changed, field, hits, mutated, step, told

NAME = "contradicted-status"
TRACE = Location("train.log", "L9")


def other(value: str, origin: Origin = Origin.DERIVED, at: Location = TRACE) -> Other:
    """A sign that lost."""
    return Other(value, origin, at, "r", "different")


@pytest.mark.parametrize(
    ("word", "sign", "count"),
    [
        ("success", other("failed"), 1),
        ("success", other("interrupted"), 1),
        ("success", other("failed", Origin.RECORDED), 1),
        ("failed", other("success", Origin.RECORDED), 1),
        # What was reached before it failed is no contradiction.
        ("failed", other("success"), 0),
        ("interrupted", other("success"), 0),
        ("success", other(["failed"]), 0),
    ],
)
def test_which_signs_speak_against_a_word(word, sign, count):
    """Success against any failure; failure against another producer's word alone."""
    found = hits(NAME, fields={"summary.status": field(word, others=(sign,))})
    assert len(found) == count
    assert [hit.related[0].at for hit in found] == [TRACE] * count


def test_an_inferred_status_is_no_word():
    """What the record derived from evidence has weighed the other signs already."""
    inferred = field("success", origin=Origin.DERIVED, others=(other("failed"),))
    assert hits(NAME, fields={"summary.status": inferred}) == []


def test_a_sign_is_told_once():
    """The run's status and its training's stand on the same signs."""
    source = Source(Origin.RECORDED, AT, others=(other("failed"),))
    known = step(status="success", sources={"status": source})
    whole = {"summary.status": field("success", others=(other("failed"), other("interrupted")))}
    (hit,) = hits(NAME, fields=whole, steps=(known,))
    assert hit.message == (
        "the run is called success, but train.log#L9 shows that it failed and 1 more signs of it"
    )
    assert told(hits(NAME, steps=(known,))) == [
        "step 1 is called success, but train.log#L9 shows that it failed"
    ]


@pytest.mark.parametrize("word", ["training", "RUNNING", "Pending"])
def test_a_word_that_work_goes_on(word):
    """It stands where producers keep their word, if the evidence names such a place."""
    place = Location("experiment.json", "/status")
    note = "tmp: its temporary file is cut; experiment.json#/status: status is still training"
    end = Location("tmp")
    whole = field("interrupted", end, origin=Origin.DERIVED, from_=(end, place), note=note)
    source = Source(Origin.DERIVED, end, "work-cut-short")
    known = step(status="interrupted", status_word=word, sources={"status": source})
    (hit,) = hits(NAME, fields={"summary.status": whole}, steps=(known,))
    assert hit.message == (
        f'the last word is still "{word}", but the run was interrupted: tmp: its temporary file'
        " is cut"
    )
    assert (hit.at, hit.related[0].at) == (place, end)


@pytest.mark.parametrize(
    ("known", "count"),
    [
        (step(status="interrupted", status_word="cancelled"), 0),
        (step(status="unknown", status_word="running"), 0),
        (step(status="failed", status_word="TIMEOUT"), 0),
        (step(status="success", status_word=None), 0),
        (step(status="success", attempts=(Attempt(1, "7", "success", "RUNNING"),)), 1),
        (step(name="mg2hf", status="failed", status_word="running"), 1),
    ],
)
def test_words_that_fit(known, count):
    """Final words, and work that nobody saw end, contradict nothing."""
    assert len(hits(NAME, steps=(known,))) == count


def test_a_failure_in_a_finished_pipeline(
    tmp_path: Path, audited: Audit, new_findings: Compare
) -> None:
    """The wrapper's line of failure at the end of a step's log, and nothing else, is found."""
    log = ".llmrunner/logs/20260218_a1/train_cpt_0.log"
    copies = changed(
        "rules/failed_step/quiet-finished",
        tmp_path,
        log,
        lambda text: text + "train_cpt: failed with exit code 1\n",
    )
    assert mutated(audited, new_findings, copies) == [("RA401", "run.log", "L84")]
