"""Warnings of the producer itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules.artifacts import Audit, Compare, copies, weights

_CONSOLE = """\
[2026-02-20 10:00:06] run_id=r7 config_dir=/srv/lr/configs/experiments/tiny \
workdir=/srv/lr/.llmrunner datapool_root=/srv/lr/datapool/experiments/tiny dry_run=0
[2026-02-20 10:01:08] run step[0] id=train_cpt_0 type=train_cpt
[2026-02-20 10:03:08] done step[0] id=train_cpt_0 type=train_cpt
"""


@pytest.mark.parametrize(
    ("code", "required", "other"),
    [
        ("producer-warning", "note", "note"),
    ],
)
def test_weight(code: str, required: str, other: str) -> None:
    """What a code weighs in an artifact that the contract requires, and in another."""
    assert weights("producer-warning", code) == (required, other)


def test_mutation(audited: Audit, new_findings: Compare, tmp_path: Path) -> None:
    """A warning in the console is found, and nothing else."""
    before, after = copies("producer_warning/quiet-silent", tmp_path)
    console = "[2026-02-20 10:00:00] [warn] x\n" + _CONSOLE
    (before / "run.log").write_text(_CONSOLE, "utf-8")
    (after / "run.log").write_text(console, "utf-8")
    found = new_findings(audited(before), audited(after))
    assert [(item.name, item.at.path, str(item.severity)) for item in found] == [
        ("producer-warning", "run.log", "note")
    ]
