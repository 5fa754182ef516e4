"""Start-up pays for nothing that it does not use, and no vendor's kit is ever loaded."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEAVY = {
    "deepdiff", "git", "jinja2", "jsonschema", "jsonschema_rs", "matplotlib", "numpy", "pandas",
    "pyarrow", "tensorboard", "torch", "yaml",
}  # fmt: skip
VENDORS = {
    "accelerate", "datasets", "lightning", "mlflow", "swift", "tensorboard", "tensorflow", "torch",
    "transformers", "wandb",
}  # fmt: skip


def loaded_by(*arguments: object) -> set[str]:
    """Top-level packages that a call of the command line in a process of its own imports."""
    command = [sys.executable, "-X", "importtime", "-m", "archiver", *map(str, arguments)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


def test_the_list_of_imports_is_seen() -> None:
    """The way in which these tests look at imports sees what was imported."""
    assert {"archiver", "typer", "click"} <= loaded_by("--help")


def test_help_loads_no_heavy_library() -> None:
    """`runarchive --help` starts without any of the libraries that only some work needs."""
    assert loaded_by("--help") & HEAVY == set()
    assert loaded_by("collect", "--help") & HEAVY == set()


def test_reading_loads_no_vendor(fixture_run: Path, tmp_path: Path) -> None:
    """Reading a run imports nothing of the software that wrote it."""
    loaded = loaded_by("collect", fixture_run, "-o", tmp_path / "archives", "--dry-run")
    assert loaded & VENDORS == set()


def test_writing_loads_no_vendor(tmp_path: Path) -> None:
    """Writing an archive imports nothing of them either."""
    run = ROOT / "fixtures" / "runs" / "coordexp-resumed" / "input"
    assert loaded_by("collect", run, "-o", tmp_path / "archives") & VENDORS == set()
