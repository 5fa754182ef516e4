"""Artifacts of another execution."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules.artifacts import Audit, Compare, copies, weights


@pytest.mark.parametrize(
    ("code", "required", "other"),
    [
        ("stale-log", "warning", "warning"),
        ("stale-results", "warning", "warning"),
        ("foreign-log", "warning", "warning"),
        ("earlier-life", "warning", "warning"),
        ("export-wiped", "warning", "warning"),
        ("stale-checkpoint-path", "warning", "warning"),
        ("discarded-trajectory", "warning", "warning"),
    ],
)
def test_weight(code: str, required: str, other: str) -> None:
    """What a code weighs in an artifact that the contract requires, and in another."""
    assert weights("stale-artifact", code) == (required, other)


def test_mutation(audited: Audit, new_findings: Compare, tmp_path: Path) -> None:
    """A log of a step that is switched off is found, and nothing else."""
    before, after = copies("stale_artifact/quiet-first-start", tmp_path)
    log = after / ".llmrunner/logs/r7/train_cpt_0.log"
    settings = after / "configs/experiments/tiny/pipeline.py"
    text = settings.read_text("utf-8")
    more = '["train_cpt_0", {"type": "eval", "enabled": 0}]'
    settings.write_text(text.replace('["train_cpt_0"]', more), "utf-8")
    (log.parent / "eval_0.log").write_bytes(log.read_bytes())
    found = new_findings(audited(before), audited(after))
    assert [(item.name, item.at.path, str(item.severity)) for item in found] == [
        ("stale-artifact", "configs/experiments/tiny/pipeline.py", "warning")
    ]
