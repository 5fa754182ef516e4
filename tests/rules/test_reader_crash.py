"""Readers that stop."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from archiver import registry
from tests.rules.artifacts import Audit, Compare, copies, weights


@pytest.mark.parametrize(
    ("code", "required", "other"),
    [
        ("reader-crash", "error", "warning"),
    ],
)
def test_weight(code: str, required: str, other: str) -> None:
    """What a code weighs in an artifact that the contract requires, and in another."""
    assert weights("reader-crash", code) == (required, other)


def test_mutation(
    audited: Audit, new_findings: Compare, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader that crashes is found, and nothing else."""
    before, after = copies("ambiguous_text/quiet-once", tmp_path)
    sound = audited(before)

    def crash(_artifact: object) -> None:
        raise KeyError("loss")

    readers = [
        dataclasses.replace(reader, parse=crash)
        if reader.name == "coordexp_config_source"
        else reader
        for reader in registry.readers()
    ]
    monkeypatch.setattr(registry, "readers", lambda: tuple(readers))
    found = new_findings(sound, audited(after))
    assert [(item.name, item.at.path, str(item.severity)) for item in found] == [
        ("reader-crash", "config_source.yaml", "warning")
    ]
    assert found[0].message == "the reader stopped on it (KeyError: 'loss')"
