"""Where schemas and templates are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from archiver import resources
from archiver.errors import ArchiverError


def install(root: Path, kind: str, *, checkout: bool, wheel: bool) -> Path:
    """A package directory with templates beside it, inside it, or both."""
    package = root / "archiver"
    package.mkdir()
    if checkout:
        (root / "pyproject.toml").touch()
        (root / kind).mkdir()
        (root / kind / "a.j2").write_text("checkout")
    if wheel:
        (package / "_resources" / kind).mkdir(parents=True)
        (package / "_resources" / kind / "a.j2").write_text("wheel")
    return package


@pytest.mark.parametrize(
    ("checkout", "wheel", "found"),
    [(True, True, "checkout"), (True, False, "checkout"), (False, True, "wheel")],
)
def test_checkout_goes_before_wheel(
    tmp_path: Path, checkout: bool, wheel: bool, found: str
) -> None:
    """An old copy beside the code does not hide the checkout's files."""
    package = install(tmp_path, "templates", checkout=checkout, wheel=wheel)
    assert resources.text("templates", "a.j2", package) == found


def test_templates_of_strangers_are_not_taken(tmp_path: Path) -> None:
    """A `templates` directory beside an installed package is somebody else's."""
    package = install(tmp_path, "templates", checkout=False, wheel=True)
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "a.j2").write_text("stranger")
    assert resources.text("templates", "a.j2", package) == "wheel"


def test_missing_resources_are_an_error_with_a_hint(tmp_path: Path) -> None:
    """A broken installation says so."""
    package = install(tmp_path, "templates", checkout=False, wheel=False)
    with pytest.raises(ArchiverError, match="install runarchive again"):
        resources.directory("templates", package)
    with pytest.raises(ArchiverError, match=r"templates/none\.j2: is missing"):
        resources.text("templates", "none.j2")
