"""The status ladder."""

import pytest

from archiver import attempts, status
from archiver.model.claims import AttemptMark, AttemptTrail, Evidence, EvidenceKind, Location

K = EvidenceKind
AT = Location("x", "L1")


def sign(kind, word="", attempt=0, family=""):
    return Evidence(kind, kind.value, AT, word, family, attempt)


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ([], "unknown"),
        ([K.PROGRESS], "unknown"),
        ([K.DEATH], "unknown"),
        ([K.RUNNING_WORD], "running"),
        ([K.RUNNING_WORD, K.PROGRESS], "running"),
        ([K.RUNNING_WORD, K.DEATH], "interrupted"),
        ([K.END_MARKER], "success"),
        ([K.END_MARKER, K.DEATH, K.RUNNING_WORD], "success"),
        ([K.INTERRUPTION, K.END_MARKER], "interrupted"),
        ([K.FAILURE, K.INTERRUPTION, K.END_MARKER], "failed"),
    ],
)
def test_the_strongest_sign_decides(kinds, expected):
    """Each rung beats those below it."""
    assert status.judge(sign(kind) for kind in kinds).status == expected


def test_a_terminal_word_settles_it_and_counts_as_recorded():
    """The producer's own last word is no inference."""
    verdict = status.judge([sign(K.FAILURE), sign(K.TERMINAL_WORD, "success")])
    resolved = status.resolved(verdict)
    assert (resolved.value, resolved.origin.value, resolved.rule) == ("success", "recorded", None)


def test_signs_that_speak_against_the_verdict_are_kept():
    """They lost, each once; words that it was at work were true and speak against nothing."""
    verdict = status.judge(
        [
            sign(K.RUNNING_WORD),
            sign(K.TERMINAL_WORD, "failed"),
            sign(K.FAILURE),
            sign(K.END_MARKER),
            sign(K.TERMINAL_WORD, "success"),
            sign(K.DEATH),
        ]
    )
    (word,) = status.dissent(verdict)
    assert (word.value, word.origin.value, word.at, word.verdict) == (
        "failed", "recorded", AT, "different",
    )  # fmt: skip
    assert status.resolved(verdict).others == (word,)
    inferred = status.dissent(status.judge([sign(K.FAILURE), sign(K.END_MARKER)]))
    assert [(item.value, item.origin.value) for item in inferred] == [("success", "derived")]


def test_the_evidence_is_told():
    """Every sign that was seen stands in the note, with its place."""
    resolved = status.resolved(status.judge([sign(K.RUNNING_WORD), sign(K.DEATH)]))
    assert resolved.rule == "work-cut-short"
    assert resolved.note == "x#L1: running-word; x#L1: death"


def test_the_last_attempt_decides_and_earlier_ones_were_interrupted():
    """An attempt that was followed by another did not end by itself."""
    joined = attempts.join([AttemptTrail("log", (AttemptMark(AT), AttemptMark(AT)))])
    signs = [sign(K.RUNNING_WORD, family="log"), sign(K.END_MARKER, attempt=1, family="log")]
    verdicts = status.per_attempt(signs, joined)
    assert [verdict.status for verdict in verdicts] == ["interrupted", "success"]


def test_an_end_marker_of_an_earlier_attempt_does_not_count_for_the_last():
    """A run that ended once and was extended, then killed, is not a success."""
    joined = attempts.join([AttemptTrail("log", (AttemptMark(AT), AttemptMark(AT)))])
    signs = [
        sign(K.END_MARKER, family="log"),
        sign(K.RUNNING_WORD, attempt=1, family="log"),
        sign(K.DEATH, attempt=1, family="log"),
    ]
    assert status.per_attempt(signs, joined)[-1].status == "interrupted"


def verdict(*kinds, word=""):
    return status.judge([sign(kind, word) for kind in kinds])


NOTHING = status.judge([])


@pytest.mark.parametrize(
    ("training", "others", "whole", "expected"),
    [
        (verdict(K.END_MARKER), {}, NOTHING, "success"),
        (verdict(K.END_MARKER), {"3": ("eval", verdict(K.FAILURE))}, NOTHING, "success"),
        (verdict(K.END_MARKER), {"3": ("mg2hf", verdict(K.FAILURE))}, NOTHING, "failed"),
        (verdict(K.END_MARKER), {"2": ("train", verdict(K.FAILURE))}, NOTHING, "failed"),
        (verdict(K.FAILURE), {}, verdict(K.TERMINAL_WORD, word="success"), "success"),
        (NOTHING, {}, verdict(K.INTERRUPTION), "interrupted"),
        (verdict(K.RUNNING_WORD), {}, verdict(K.FAILURE), "failed"),
        (verdict(K.RUNNING_WORD), {}, NOTHING, "running"),
        (None, {"e": ("eval", verdict(K.END_MARKER))}, NOTHING, "success"),
        (
            None,
            {"e": ("eval", verdict(K.END_MARKER)), "f": ("eval", verdict(K.INTERRUPTION))},
            NOTHING,
            "interrupted",
        ),
        (None, {"e": ("eval", NOTHING), "f": ("eval", verdict(K.END_MARKER))}, NOTHING, "unknown"),
        (None, {}, NOTHING, "unknown"),
    ],
)
def test_a_run_of_many_steps(training, others, whole, expected):
    """A word on the whole, then a step that failed, then the last training; evals speak alone."""
    assert status.of_run(training, others, whole).status == expected


def test_what_is_known_of_the_whole_tells_more_than_steps_without_a_trace():
    """A dry run says why nothing ended; a training that was seen at work says more."""
    whole = status.judge([sign(K.PROGRESS)])
    nothing = status.judge([])
    assert status.of_run(nothing, {}, whole) is whole
    assert status.of_run(None, {"eval": ("eval", nothing)}, whole) is whole
    at_work = status.judge([sign(K.RUNNING_WORD)])
    assert status.of_run(at_work, {}, whole) is at_work
    resolved = status.resolved(whole)
    assert (resolved.value, resolved.rule, resolved.note) == (
        "unknown", "no-sign-of-an-end", "x#L1: progress",
    )  # fmt: skip
