"""Secrets that stand in artifacts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules.artifacts import Audit, Compare, copies, weights

TOKEN = "hf_" + "QwErTyUi" * 4 + "Yz"


@pytest.mark.parametrize(
    ("code", "required", "other"),
    [
        ("secret", "warning", "warning"),
    ],
)
def test_weight(code: str, required: str, other: str) -> None:
    """What a code weighs in an artifact that the contract requires, and in another."""
    assert weights("secret-in-artifact", code) == (required, other)


def test_what_is_found(audited: Audit, tmp_path: Path) -> None:
    """One finding for each file, with kinds and numbers and never the secret."""
    _, run = copies("secret_in_artifact/quiet-placeholder", tmp_path)
    more = f"a: {TOKEN}\nwandb_api_key: {'0a1b2c3d' * 5}\npassword: hunter2\nhub_token: {TOKEN}\n"
    (run / "config_source.yaml").write_text(more, "utf-8")
    found = audited(run, "secret-in-artifact").findings
    assert [item.at.path for item in found] == ["config_source.yaml"]
    assert found[0].message == "3 secrets stand in it in clear (1 hf-token, 2 key-name)"
    assert TOKEN not in repr(found)
    assert "hunter2" not in repr(found)


def test_mutation(audited: Audit, new_findings: Compare, tmp_path: Path) -> None:
    """A token in a text is found, and nothing else."""
    before, after = copies("secret_in_artifact/quiet-placeholder", tmp_path)
    config = after / "config_source.yaml"
    config.write_text(f"{config.read_text('utf-8')}note: use {TOKEN} here\n", "utf-8")
    found = new_findings(audited(before), audited(after))
    assert [(item.name, item.at.path, str(item.severity)) for item in found] == [
        ("secret-in-artifact", "config_source.yaml", "warning")
    ]
