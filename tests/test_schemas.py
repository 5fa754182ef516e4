"""The schemas are sound, and what the archiver writes satisfies them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

ROOT = Path(__file__).resolve().parent.parent
SMALL = ROOT / "fixtures" / "runs" / "coordexp-infer" / "input"
SCHEMAS = sorted((ROOT / "schemas").glob("*.json"))
BAD: tuple[tuple[str, str, Any], ...] = (
    ("a key that is always there", "/run", None),
    ("the version", "/schema_version", 2),
    ("an origin", "/fields/summary.status/origin", "guessed"),
    ("a status", "/fields/summary.status/value", "fine"),
    ("a name of the field registry", "/fields/summary.mood", {"value": "good"}),
    ("a number", "/coverage/recorded", "7"),
    ("a free value's type", "/extras/kind", {"file": {"$type": 1, "value": "x"}}),
)


def validator(name: str) -> Draft202012Validator:
    """The validator of one schema, formats included."""
    schema = json.loads((ROOT / "schemas" / name).read_text("utf-8"))
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def faults(name: str, document: object) -> list[str]:
    """What a schema has against a document."""
    errors = validator(name).iter_errors(document)
    return [f"{error.json_path}: {error.message[:200]}" for error in errors]


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.name)
def test_schemas_are_valid(path: Path) -> None:
    """Each schema is one of the 2020-12 dialect and says so."""
    schema = json.loads(path.read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == Draft202012Validator.META_SCHEMA["$id"]


def test_what_collect_writes_is_valid(
    fixture_run: Path, collected_all: Callable[..., list[Path]]
) -> None:
    """The record, the inventory and the stamp of each fixture run satisfy their schemas."""
    archives = collected_all(fixture_run)
    assert archives
    for archive in archives:
        for schema, name in (
            ("record.v1.json", "record.json"),
            ("archived.v1.json", "archived.json"),
        ):
            assert faults(schema, json.loads((archive / name).read_bytes())) == []
        for line in (archive / "inventory.ndjson").read_text("utf-8").splitlines():
            assert faults("inventory-entry.v1.json", json.loads(line)) == []


def test_what_a_dry_run_says_is_valid(
    fixture_run: Path, cli: Callable[..., Any], tmp_path: Path
) -> None:
    """The JSON on stdout satisfies its schema and names no archive."""
    ran = cli("collect", fixture_run, "-o", tmp_path / "archives", "--format", "json", "--dry-run")
    assert ran.code == 0, ran.err
    said = json.loads(ran.out)
    assert faults("collect.v1.json", said) == []
    assert {item["archive"] for item in said["archives"]} == {None}


def test_what_collect_says_is_valid(cli: Callable[..., Any], tmp_path: Path) -> None:
    """The JSON on stdout satisfies its schema and tells what changed."""
    arguments = ("collect", SMALL, "-o", tmp_path / "archives", "--format", "json")
    for changed in (True, False):
        ran = cli(*arguments)
        assert ran.code == 0, ran.err
        said = json.loads(ran.out)
        assert faults("collect.v1.json", said) == []
        assert [item["changed"] for item in said["archives"]] == [changed]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The text of a record that satisfies its schema."""
    from archiver.cli.app import run

    archives = tmp_path_factory.mktemp("archives")
    assert run(["collect", str(SMALL), "-o", str(archives)]) == 0
    (path,) = archives.glob("*/*/record.json")
    assert faults("record.v1.json", json.loads(path.read_bytes())) == []
    return path.read_text("utf-8")


@pytest.mark.parametrize(("what", "pointer", "value"), BAD, ids=[what for what, _, _ in BAD])
def test_the_schema_sees_a_bad_record(what: str, pointer: str, value: object, good: str) -> None:
    """A record that breaks one promise is refused."""
    record = json.loads(good)
    *parents, last = pointer.split("/")[1:]
    place = record
    for part in parents:
        place = place.setdefault(part, {})
    if value is None:
        del place[last]
    else:
        place[last] = value
    assert faults("record.v1.json", record) != [], what
