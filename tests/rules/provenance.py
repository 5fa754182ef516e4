"""Small cases for the rules on completeness, contradictions and the state of the code."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from archiver import registry
from archiver.case import Case, Hit
from archiver.extension import Rule
from archiver.model.claims import Location, Origin, Problem
from archiver.model.record import (
    Config,
    Coverage,
    FileEntry,
    Other,
    Repository,
    Resolved,
    RunIdentity,
    RunRecord,
    Series,
    Step,
)
from archiver.model.values import Value

CASES = Path(__file__).resolve().parents[2] / "fixtures" / "rules"
IDENTITY = RunIdentity(
    "run-1", "tiny", ("coordexp",), {"coordexp": "2026-04-13"}, "run-1", "0" * 64
)
NULL = object()
NO_COVERAGE = Coverage(0, 0, 0, 0, 0, 0, {})
TRAIN = Step(at=Location("args.json"), step_id="1", name="train", status="success")
LOSS = Series(at=Location("logging.jsonl"), key="loss", source="logging.jsonl", points=2)


def rule(name: str) -> Rule:
    """The rule of a name."""
    return next(item for item in registry.rules() if item.name == name)


def record(**parts: Any) -> RunRecord:
    """A record of a run that trained, with other parts."""
    known: dict[str, Any] = {
        "run": IDENTITY,
        "coverage": NO_COVERAGE,
        "steps": (TRAIN,),
        "series": (LOSS,),
    }
    return RunRecord(**(known | parts))


def hits(name: str, **parts: Any) -> list[Hit]:
    """What a rule finds in a record of these parts; `files`, `expected`, ... go to the case."""
    own = {key: parts.pop(key) for key in list(parts) if key in Case.__dataclass_fields__}
    return list(rule(name).check(Case(record=record(**parts), **own)))


def config(values: dict[str, Value], role: str = "resolved", **parts: Any) -> Config:
    """A configuration; its id is its path."""
    path = parts.pop("path", f"{role}.json")
    known: dict[str, Any] = {
        "at": Location(path), "id": path, "role": role, "format": "json",
        "reader": f"{role}_reader",
    }  # fmt: skip
    return Config(values=values, **(known | parts))


def claim(value: Value, path: str, *others: Other, origin: Origin = Origin.RECORDED) -> Resolved:
    """A field's value with what other artifacts say."""
    return Resolved(value, origin, Location(path), "reader", others=others)


def other(value: Value, path: str, origin: Origin = Origin.RECORDED) -> Other:
    """Another artifact's statement that differs."""
    return Other(value, origin, Location(path), "reader", "different")


def repository(**parts: Any) -> Repository:
    """A checkout of the training code."""
    known: dict[str, Any] = {
        "at": Location("run_metadata.json", "/git_sha"), "role": "run", "name": "CoordExp",
    }  # fmt: skip
    return Repository(**(known | parts))


def problem(code: str, path: str, place: str = "", message: str = "said so") -> Problem:
    """A problem that was met while reading."""
    return Problem(code, message, Location(path, place))


def entries(*paths: str, kind: str | None = None) -> tuple[FileEntry, ...]:
    """Files of the run."""
    return tuple(FileEntry("run", path, "file", kind=kind) for path in paths)


def told(found: Iterable[Hit]) -> list[str]:
    """The messages of hits."""
    return [item.message for item in found]


def mutated(tmp_path: Path, case: str, changes: dict[str, Any]) -> tuple[Path, Path]:
    """Two copies of a case's run, the second with changes.

    A change names a file, or a file and a pointer (`a.json#/b/c`), and what is to stand there;
    None takes it away, `NULL` is JSON's null.
    """
    before, after = tmp_path / "before" / "run", tmp_path / "after" / "run"
    shutil.copytree(CASES / case / "input", before)
    shutil.copytree(CASES / case / "input", after)
    for place, value in changes.items():
        path, _, pointer = place.partition("#")
        file = after / path
        if pointer:
            document = json.loads(file.read_text("utf-8"))
            *parents, last = pointer.removeprefix("/").split("/")
            target = document
            for key in parents:
                target = target[key]
            if value is None:
                del target[last]
            else:
                target[last] = None if value is NULL else value
            file.write_text(json.dumps(document, indent=2) + "\n", "utf-8")
        elif value is None:
            file.unlink()
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(value, "utf-8")
    return before, after
