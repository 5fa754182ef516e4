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


LISTED = """
import json
import sys
from archiver.cli.app import run

code = run(sys.argv[1:])
sys.stderr.write(json.dumps(sorted(sys.modules)))
sys.exit(code)
"""
"""Calls the command line, and tells what is loaded then."""
SINGLE = ROOT / "fixtures/readers/coordexp_run_metadata/ms-swift-checkout/input/run_metadata.json"
IDLE = HEAVY - {"jsonschema_rs"} | {"importlib.metadata", "importlib.resources", "rich"}
"""What no short command has any use for."""
READING = {"archiver.collect", "archiver.extension", "archiver.readers", "archiver.redaction"}
"""Of our own, what only commands that read runs need."""


def loaded_by(*arguments: object) -> set[str]:
    """Top-level packages that a call of the command line in a process of its own imports."""
    return {name.partition(".")[0] for name in modules_of(*arguments)}


def modules_of(*arguments: object) -> set[str]:
    """Every module that a call of the command line in a process of its own imports."""
    command = [sys.executable, "-c", LISTED, *map(str, arguments)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return set(json.loads(done.stderr.splitlines()[-1]))


def test_the_list_of_imports_is_seen() -> None:
    """The way in which these tests look at imports sees what was imported."""
    assert {"archiver", "typer", "click"} <= loaded_by("--help")


def test_help_loads_no_heavy_library() -> None:
    """`runarchive --help` starts without any of the libraries that only some work needs."""
    assert loaded_by("--help") & HEAVY == set()
    assert loaded_by("collect", "--help") & HEAVY == set()


def test_a_file_held_to_a_schema_loads_nothing_of_how_runs_are_read() -> None:
    """Nor any rule, nor another output than the one that is printed."""
    loaded = modules_of("validate", "--schema", "coordexp.run_metadata", SINGLE)
    assert "archiver.schemacheck.checker" in loaded
    assert loaded & (IDLE | READING) == set()
    odd = {"archiver.codecs.json_exact", "archiver.codecs.json_prefix"}
    assert loaded & odd == set()
    assert {name for name in loaded if name.startswith("archiver.rules")} == set()
    assert {name for name in loaded if name.startswith("archiver.outputs.")} == {
        "archiver.outputs.text"
    }


def test_a_single_file_loads_its_own_reader_alone() -> None:
    """The reader that its name makes likely recognises it; no other is imported."""
    loaded = modules_of("validate", SINGLE)
    assert {name for name in loaded if name.startswith("archiver.readers.")} == {
        "archiver.readers.coordexp_run_metadata"
    }
    assert loaded & IDLE == set()
    unused = {"archiver.codecs.yaml_document", "archiver.discover", "archiver.package.loading"}
    assert loaded & unused == set()


def test_a_command_imports_none_of_the_others() -> None:
    """Neither to be run nor for its help; the help of the whole imports all."""
    every = {
        f"archiver.cli.{name}"
        for name in ("collect", "diff", "metrics", "rules", "schemas", "validate")
    }
    for call, own in (
        (("schemas",), "schemas"),
        (("explain", "RA101"), "rules"),
        (("diff", "--help"), "diff"),
        (("validate", "--schema", "coordexp.run_metadata", SINGLE), "validate"),
    ):
        assert modules_of(*call) & every == {f"archiver.cli.{own}"}
    assert modules_of("--version") & every == set()
    assert every < modules_of("--help")


def test_lists_load_only_what_they_list() -> None:
    """Help, rules and schemas are printed without anything that reads a run."""
    for call in (("--help",), ("schemas",)):
        assert modules_of(*call) & (IDLE | READING) == set()
    loaded = modules_of("rules")
    assert "archiver.rules.no_seed" in loaded
    assert loaded & (IDLE | READING - {"archiver.extension"}) == set()


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
