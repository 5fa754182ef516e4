"""No artifact says on which GPUs the run ran."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from archiver.model.findings import Finding, RunFindings
from tests.rules.provenance import claim, hits, mutated, told

Audit = Callable[..., RunFindings]
Compare = Callable[[RunFindings, RunFindings], list[Finding]]


def test_hosts_are_told() -> None:
    """The hosts that are known stand in the message, bounded."""
    fields = {"summary.host": claim(["node-1", "node-2"], "a.json")}
    assert told(hits("hardware-unknown", fields=fields)) == [
        "no artifact names the GPUs (hosts node-1, node-2)"
    ]
    many = {"summary.host": claim([f"node-{n}" for n in range(500)], "a.json")}
    (message,) = told(hits("hardware-unknown", fields=many))
    assert len(message) < 200


def test_hosts_of_another_type_do_not_stop_it() -> None:
    """A declared host may be a text; the rule goes on without it."""
    fields = {"summary.host": claim("node-1", "a.json")}
    assert told(hits("hardware-unknown", fields=fields)) == [
        "no artifact names the GPUs, nor the host"
    ]


def test_no_gpu_is_an_answer() -> None:
    """A recorded empty list says that there were none."""
    assert hits("hardware-unknown", fields={"summary.gpus": claim([], "a.json")}) == []


def test_run_that_measured_nothing_is_not_asked() -> None:
    """A job that was rejected ran nowhere."""
    assert hits("hardware-unknown", series=()) == []


def test_mutation(tmp_path: Path, audited: Audit, new_findings: Compare) -> None:
    """GPUs that are taken out of the description of the machine are missed, and nothing else."""
    before, after = mutated(
        tmp_path,
        "hardware_unknown/quiet-named",
        {
            "wandb/offline-run-20261122_093301-a1b2c3d4/files/wandb-metadata.json#/gpu": None,
            "wandb/offline-run-20261122_093301-a1b2c3d4/files/wandb-metadata.json#/gpu_count": None,
        },
    )
    found = new_findings(audited(before), audited(after))
    assert [item.name for item in found] == ["hardware-unknown"]
