"""What collects a run holds its artifacts to their schemas, each file while it is open."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from archiver.schemacheck import index
from archiver.schemacheck.index import SchemaFile

ROOT = Path(__file__).resolve().parents[2]
RUN = ROOT / "fixtures" / "runs" / "coordexp-resumed" / "input"
KIND = "coordexp.run_metadata"
STRICT = {
    "type": "object",
    "properties": {"git_sha": {"type": "integer"}},
    "x-artifact": {"kind": KIND, "format": "json", "files": ["run_metadata.json"]},
}


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """One kind has a schema that its files break; no other has any."""
    only = (SchemaFile.of(KIND, STRICT),)  # type: ignore[arg-type]
    monkeypatch.setattr(index, "of_kind", lambda kind: only if kind == KIND else ())


@pytest.mark.usefixtures("strict")
def test_violations_are_problems_of_the_record(
    collected: Callable[..., Path], tmp_path: Path
) -> None:
    """With line and column, under the name of the artifact's reader; every file is listed once."""
    run = shutil.copytree(RUN, tmp_path / "run")
    archive = collected(run)
    record = json.loads((archive / "record.json").read_bytes())
    (problem,) = [item for item in record["problems"] if item["code"] == "schema-violation"]
    (path,) = run.rglob(problem["at"]["path"])
    lines = path.read_text("utf-8").splitlines()
    assert problem["at"]["place"] == "/git_sha"
    assert lines[problem["line"] - 1][problem["column"] - 1 :].startswith('"git_sha"')
    assert problem["reader"].startswith("coordexp")
    assert problem["message"].startswith("expected integer, found string")
    listed = map(json.loads, (archive / "inventory.ndjson").read_text("utf-8").splitlines())
    paths = [item["path"] for item in listed]
    assert len(paths) == len(set(paths))


@pytest.mark.usefixtures("strict")
def test_a_repeated_key_gets_a_line(collected: Callable[..., Path], tmp_path: Path) -> None:
    """What a codec found at a pointer is located as well."""
    run = shutil.copytree(RUN, tmp_path / "run")
    (path,) = run.rglob("run_metadata.json")
    content: dict[str, Any] = json.loads(path.read_bytes())
    text = json.dumps({**content, "git_sha": 1}, indent=1)
    path.write_text(text[:-2] + ',\n   "git_sha": 2\n}', encoding="utf-8")
    record = json.loads((collected(run) / "record.json").read_bytes())
    (problem,) = [item for item in record["problems"] if item["code"] == "duplicate-key"]
    last = len(text.splitlines())
    assert (problem["at"]["place"], problem["line"], problem["column"]) == ("/git_sha", last, 4)
