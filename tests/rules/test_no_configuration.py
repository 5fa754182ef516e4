"""No configuration was kept with the run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from archiver.model.findings import Finding, RunFindings
from tests.rules.provenance import config, hits, mutated, told

Audit = Callable[..., RunFindings]
Compare = Callable[[RunFindings, RunFindings], list[Finding]]


def test_empty_configuration_is_none() -> None:
    """A file without a setting holds no configuration."""
    message = "no artifact holds the settings that the run trained with"
    assert told(hits("no-configuration", configs=(config({}),))) == [message]
    assert hits("no-configuration", configs=(config({"lr": 1}),)) == []


def test_run_that_does_not_train_needs_none() -> None:
    """Golden values and indexes are not asked."""
    assert hits("no-configuration", steps=()) == []


def test_mutation(tmp_path: Path, audited: Audit, new_findings: Compare) -> None:
    """Settings that are taken out are missed."""
    before, after = mutated(
        tmp_path,
        "no_seed/quiet-in-the-hyperparameters",
        {"lightning_logs/version_0/hparams.yaml": "{}\n"},
    )
    found = new_findings(audited(before), audited(after))
    # Without a setting there is no seed either.
    assert {item.name for item in found} == {"no-configuration", "no-seed"}
