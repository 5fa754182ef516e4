"""The wheel holds the package with its resources, and nothing else; it works where it is put."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
RESOURCES = "archiver/_resources"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built by its build backend from the checkout."""
    from hatchling import build

    target = tmp_path_factory.mktemp("wheel")
    with chdir(ROOT):
        name = build.build_wheel(str(target))
    return target / name


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    """Everything that the wheel holds."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory that the wheel was unpacked into, far from the checkout."""
    target = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    return target


def sources(folder: str, pattern: str) -> Iterator[str]:
    """Files of the checkout below a folder, relative to it."""
    for path in sorted((ROOT / folder).rglob(pattern)):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path.relative_to(ROOT / folder).as_posix()


def test_wheel_holds_the_package(names: set[str]) -> None:
    """Every module, every contract and the typing marker are there."""
    wanted = {f"archiver/{path}" for path in sources("archiver", "*.py")}
    wanted |= {f"archiver/{path}" for path in sources("archiver", "*.toml")}
    wanted.add("archiver/py.typed")
    assert wanted - names == set()


def test_wheel_holds_the_resources(names: set[str]) -> None:
    """Every schema and every template is there."""
    wanted = {f"{RESOURCES}/schemas/{path}" for path in sources("schemas", "*.json")}
    wanted |= {f"{RESOURCES}/templates/{path}" for path in sources("templates", "*")}
    assert any("/templates/" in path for path in wanted)
    assert wanted - names == set()


def test_wheel_holds_nothing_else(names: set[str]) -> None:
    """No tests, fixtures, caches or documents travel with it."""
    package = {f"archiver/{path}" for path in sources("archiver", "*")}
    resources = {
        f"{RESOURCES}/{folder}/{path}"
        for folder in ("schemas", "templates")
        for path in sources(folder, "*")
    }
    rest = names - package - resources
    assert {name for name in rest if ".dist-info/" not in name} == set()


def test_wheel_states_its_command_and_licence(wheel: Path, names: set[str]) -> None:
    """The console script and the licence text are part of the metadata."""
    (scripts,) = (name for name in names if name.endswith("entry_points.txt"))
    (licence,) = (name for name in names if name.endswith("/LICENSE"))
    with zipfile.ZipFile(wheel) as archive:
        assert "runarchive = archiver.cli:main" in archive.read(scripts).decode()
        assert archive.read(licence) == (ROOT / "LICENSE").read_bytes()


def test_wheel_is_the_same_twice(wheel: Path, tmp_path: Path) -> None:
    """Building again gives the same bytes."""
    from hatchling import build

    with chdir(ROOT):
        name = build.build_wheel(str(tmp_path))
    assert (tmp_path / name).read_bytes() == wheel.read_bytes()


def test_installed_wheel_collects_a_run(installed: Path, tmp_path: Path) -> None:
    """Away from the checkout, the package finds its contracts, schemas and templates."""
    run = ROOT / "fixtures" / "runs" / "coordexp-infer" / "input"
    code = "import archiver; print(archiver.__file__); from archiver.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "collect", run, "-o", tmp_path / "archives"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(installed))
    assert len(list((tmp_path / "archives").glob("*/*/ARCHIVE.md"))) == 1
