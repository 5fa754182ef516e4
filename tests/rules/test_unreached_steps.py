"""Steps that were never reached."""

from __future__ import annotations

from pathlib import Path

from tests.rules.timelines import Audit, Compare, changed, hits, mutated, step, told

NAME = "unreached-steps"


def skipped(number, name, word="not reached"):
    """A step that was skipped."""
    return step(step_id=str(number), name=name, status="skipped", status_word=word)


def test_all_are_one_finding():
    """With their number, of how many, and their names."""
    steps = (step(status="failed"), skipped(2, "mg2hf"), skipped(3, "eval"))
    assert told(hits(NAME, steps=steps)) == [
        "2 of 3 planned steps were never reached: 2 (mg2hf), 3 (eval)"
    ]
    assert told(hits(NAME, steps=steps[:2])) == [
        "1 of 2 planned steps was never reached: 2 (mg2hf)"
    ]


def test_steps_that_were_not_to_be_reached():
    """Switched off, or of a dry run."""
    assert hits(NAME, steps=(skipped(1, "train", "dry run"), skipped(2, "eval", "disabled"))) == []


def test_messages_are_bounded():
    """A plan may have thousands of steps."""
    steps = tuple(skipped(number, "x" * 500) for number in range(3000))
    (hit,) = hits(NAME, steps=steps)
    assert len(hit.message) < 600


def test_steps_that_were_switched_on(tmp_path: Path, audited: Audit, new_findings: Compare) -> None:
    """The same broken pipeline with and without steps after the one that failed."""
    plan = "configs/experiments/tiny_oom/pipeline.py"
    after, before = changed(
        "rules/unreached_steps/fires-after-a-failure",
        tmp_path,
        plan,
        lambda text: text.replace('mg2hf_0.py", "enabled": True', 'mg2hf_0.py", "enabled": False')
        .replace('eval_0.py", "enabled": True', 'eval_0.py", "enabled": False'),
    )  # fmt: skip
    assert mutated(audited, new_findings, (before, after)) == [("RA407", "nohup.out", "L109")]
