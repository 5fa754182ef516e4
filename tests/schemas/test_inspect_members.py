"""The schema of inspect-ai's logs speaks of the documents inside of their containers, too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from archiver.codecs import json_document
from archiver.codecs.zip_container import ZipContainer
from archiver.limits import Limits

ROOT = Path(__file__).resolve().parents[2]
LIMITS = Limits()
LOGS = sorted((ROOT / "fixtures").rglob("*.eval"))
FAULTS: tuple[tuple[str, str, str, Any], ...] = (
    ("no status", "header.json", "/status", None),
    ("no figures of the end", "header.json", "/stats", None),
    ("an unknown status", "header.json", "/status", "done"),
    ("an error that does not say what", "header.json", "/error", {"traceback": ""}),
    ("a status before the end", "_journal/start.json", "/status", "success"),
    ("no task", "_journal/start.json", "/eval/task", None),
    ("samples that are no count", "_journal/start.json", "/eval/dataset/samples", "10"),
)


def members(log: Path) -> Iterator[tuple[str, Any]]:
    """Name and content of the documents that say what was evaluated, as far as they are whole."""
    data = log.read_bytes()
    container = ZipContainer.open(lambda start, size: data[start : start + size], len(data), LIMITS)
    for name in ("header.json", "_journal/start.json"):
        if name in container.members and not container.members[name].torn:
            content = container.read(name, LIMITS.document_bytes)
            document = json_document.parse(content.data, LIMITS)
            if document.complete and not document.flaws.counts:
                yield name, document.value


@pytest.fixture(scope="module")
def schema() -> Draft202012Validator:
    """The schema of logs."""
    path = ROOT / "schemas" / "inspect_ai.log.v1.json"
    return Draft202012Validator(json.loads(path.read_text("utf-8")))


def test_members_are_valid(schema: Draft202012Validator) -> None:
    """Headers and starts of every version's containers satisfy it."""
    seen = []
    for log in LOGS:
        for name, value in members(log):
            assert list(schema.iter_errors(value)) == [], (log, name)
            seen.append(name)
    assert {"header.json", "_journal/start.json"} == set(seen)


@pytest.mark.parametrize(("what", "member", "pointer", "value"), FAULTS, ids=[f[0] for f in FAULTS])
def test_faults_are_found(
    what: str, member: str, pointer: str, value: Any, schema: Draft202012Validator
) -> None:
    """A member that breaks one promise is refused."""
    found = (content for log in LOGS for name, content in members(log) if name == member)
    document = json.loads(json.dumps(next(found)))
    *parents, last = pointer.split("/")[1:]
    place = document
    for part in parents:
        place = place[part]
    if value is None:
        del place[last]
    else:
        place[last] = value
    assert list(schema.iter_errors(document)) != [], what
