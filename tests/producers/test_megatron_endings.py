"""Signs of how a job in a Megatron log ended."""

from __future__ import annotations

import pytest

from archiver.model.claims import EvidenceKind
from archiver.producers.megatron_endings import signs
from archiver.producers.megatron_jobs import Job
from archiver.producers.megatron_starts import Start


def start(*iterations, **known):
    """A job of ten iterations with what it is known by."""
    job = Job(1)
    job.iterations.extend(iterations)
    return Start(job, total=10, **known)


def test_failures_stand_before_what_was_reached():
    """What it failed of comes first, then how far it came."""
    assert list(signs(start(3, at_work=7, exit_code=(9, 1)))) == [
        (EvidenceKind.FAILURE, "failed with exit code 1", 9),
        (EvidenceKind.RUNNING_WORD, "training stops at iteration 3 of 10", 7),
    ]


@pytest.mark.parametrize(
    ("label", "last", "kind"),
    [
        ("after training is done", 10, EvidenceKind.END_MARKER),
        ("exiting program at iteration 3", 3, EvidenceKind.END_MARKER),
        ("exiting program after 60 minutes", 3, EvidenceKind.INTERRUPTION),
        ("exiting program after 60 minutes", 10, EvidenceKind.END_MARKER),
    ],
)
def test_an_end_is_planned_or_cut_short(label, last, kind):
    """A limit cuts short only what was not done yet."""
    (sign,) = signs(start(last, end=(8, label, None)))
    assert sign == (kind, f"{label}, iteration {last} of 10", 8)


def test_a_worker_that_a_signal_killed_was_interrupted():
    """A negative exit code is a signal."""
    (sign,) = signs(start(killed=(5, -9)))
    assert sign == (EvidenceKind.INTERRUPTION, "a worker was killed by signal 9", 5)


def test_nothing_is_a_sign_of_nothing():
    """A job that said nothing of itself has no signs."""
    assert list(signs(start())) == []
