"""Start-up pays for nothing that it does not use, and no vendor's kit is ever loaded."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.conftest import FIXTURE_RUNS

ROOT = Path(__file__).resolve().parent.parent
HEAVY = {
    "deepdiff", "git", "jinja2", "jsonschema", "jsonschema_rs", "matplotlib", "numpy", "pandas",
    "pyarrow", "tensorboard", "torch", "yaml",
}  # fmt: skip
VENDORS = {
    "accelerate", "datasets", "inspect_ai", "lightning", "lightning_fabric", "mlflow",
    "pytorch_lightning", "safetensors", "swift", "tensorboard", "tensorboardX", "tensorflow",
    "torch", "torchmetrics", "torchtune", "transformers", "wandb",
}  # fmt: skip
HOOKED = """
import importlib.abc
import json
import sys

vendors, asked = set(json.loads(sys.argv[1])), set()


class Hook(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in vendors:
            asked.add(name)


sys.meta_path.insert(0, Hook())
from archiver.cli.app import run

codes = [run(call) for call in json.loads(sys.argv[2])]
loaded = vendors & {name.partition(".")[0] for name in sys.modules}
sys.stderr.write(json.dumps({"codes": codes, "asked": sorted(asked), "loaded": sorted(loaded)}))
"""
"""Calls the command line while every search for one of some modules is noted, also one in vain."""


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


def hooked(names: set[str], calls: list[list[str]]) -> dict[str, object]:
    """What calls of the command line in one process look for and load of some packages."""
    arguments = [json.dumps(sorted(names)), json.dumps(calls)]
    done = subprocess.run(
        [sys.executable, "-c", HOOKED, *arguments],
        cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    noted: dict[str, object] = json.loads(done.stderr.splitlines()[-1])
    return noted


def test_the_hook_notes_what_is_looked_for(tmp_path: Path) -> None:
    """What a call imports is seen by the hook before it is loaded."""
    noted = hooked({"yaml", "no_such_kit"}, [["collect", str(ROOT / "fixtures/damaged"), "-o",
                                              str(tmp_path), "--dry-run"]])  # fmt: skip
    assert "yaml" in noted["asked"]
    assert noted["loaded"] == ["yaml"]


def test_no_vendor_is_even_looked_for(tmp_path: Path) -> None:
    """Archiving every fixture and summing it up asks for nothing of the software that wrote it."""
    calls = []
    for run in FIXTURE_RUNS:
        calls += [["collect", str(run), "-o", str(tmp_path / run.parent.name)]]
        calls += [["metrics", str(run)]]
    noted = hooked(VENDORS, calls)
    assert noted == {"codes": [0] * len(calls), "asked": [], "loaded": []}
