"""A repository for every test of what is read of one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.gitstate.repositories import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A new repository."""
    return Repository(tmp_path / "code")
