"""The lockfile is not the one whose digest was recorded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from archiver.model.claims import Location
from archiver.model.findings import Finding, RunFindings, Severity
from archiver.model.record import Lockfile
from tests.rules.made import copied, hits, problem

Audit = Callable[..., RunFindings]
Compare = Callable[[RunFindings, RunFindings], list[Finding]]

THEN, NOW = "a1" * 32, "b2" * 32


@pytest.mark.parametrize(
    ("verdict", "then", "now", "severity", "message"),
    [
        (
            "mismatch",
            THEN,
            NOW,
            None,
            "uv.lock has sha256 b2b2b2b2b2b2…, the one recorded is a1a1a1a1a1a1…",
        ),
        (
            "crlf_only",
            THEN,
            NOW,
            Severity.NOTE,
            "uv.lock differs from the recorded one, sha256 a1a1a1a1a1a1…, in its line ends alone",
        ),
        (
            "no_lock",
            THEN,
            None,
            Severity.NOTE,
            "a lockfile of sha256 a1a1a1a1a1a1… is recorded, and the run holds none",
        ),
        ("unreadable", None, NOW, Severity.NOTE, "what is recorded of the lockfile is no sha256"),
    ],
)
def test_verdicts(verdict, then, now, severity, message):
    """Each at the manifest, with the lockfile beside it where there is one."""
    at = Location("run_manifest.json", "/lock_sha256")
    lock = Lockfile(at=at, path="uv.lock", recorded_sha256=then, actual_sha256=now, verdict=verdict)
    (hit,) = hits("lockfile-mismatch", lockfiles=(lock,))
    assert (hit.at, hit.severity, hit.message) == (at, severity, message)
    assert [place.at.path for place in hit.related] == (["uv.lock"] if now else [])


@pytest.mark.parametrize("verdict", ["match", "not_recorded", "something new"])
def test_nothing_to_say(verdict):
    """A lockfile that fits, and one that nothing was recorded of."""
    lock = Lockfile(
        at=Location("m"), path="uv.lock", recorded_sha256=THEN, actual_sha256=THEN, verdict=verdict
    )
    assert hits("lockfile-mismatch", lockfiles=(lock,)) == []


def test_manifest_that_could_not_be_read():
    """It is reported as such; where it can be read, what it states is told."""
    met = (problem("truncated", "the end is missing", "m.json"),)

    def lock(place):
        at = Location("m.json", place)
        return Lockfile(
            at=at, path="uv.lock", recorded_sha256=None, actual_sha256=None, verdict="unreadable"
        )

    assert hits("lockfile-mismatch", lockfiles=(lock(""),), problems=met) == []
    assert len(hits("lockfile-mismatch", lockfiles=(lock("/lock_sha256"),), problems=met)) == 1
    assert len(hits("lockfile-mismatch", lockfiles=(lock(""),))) == 1


def test_mutation(tmp_path: Path, audited: Audit, new_findings: Compare) -> None:
    """A comment in the lockfile is found once for manifests that agree, and nothing else."""
    before, after = copied("lockfile_mismatch/quiet-match", tmp_path)
    with (after / "toy-ctx/uv.lock").open("a", encoding="utf-8") as file:
        file.write("# edited\n")
    found = new_findings(audited(before), audited(after))
    assert [(item.name, item.severity.value) for item in found] == [
        ("lockfile-mismatch", "warning")
    ]
