"""The JSON for programs: valid by its schema, complete, strict."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from jsonschema import Draft202012Validator

from archiver.extension import Help, Report
from archiver.model.findings import encoded
from archiver.outputs.json import ENCODER
from tests.conftest import FIXTURE_RUNS
from tests.outputs.conftest import HOSTILE

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"
Book = dict[str, Help]


def validator(name: str) -> Draft202012Validator:
    """The schema of an output."""
    return Draft202012Validator(json.loads((SCHEMAS / name).read_text("utf-8")))


def test_golden(report: Report, book: Book, golden: Callable[[str, str], None]) -> None:
    """The whole document."""
    golden("json.json", ENCODER.encode(report, book, False))


def test_schema(report: Report, empty: Report, book: Book) -> None:
    """It is what its schema says, and a broken one is not."""
    for sample in (report, empty):
        document = json.loads(ENCODER.encode(sample, book, False))
        assert list(validator("validate.v1.json").iter_errors(document)) == []
    document["runs"] = [{"path": "x"}]
    assert list(validator("validate.v1.json").iter_errors(document)) != []


def test_strict(report: Report, book: Book) -> None:
    """A parser that takes no half of a surrogate pair reads it, as does one that takes all."""
    text = ENCODER.encode(report, book, False)
    assert text.isascii()
    assert orjson.loads(text) == json.loads(text)


def test_texts_are_kept(report: Report, book: Book) -> None:
    """Programs get the texts as they are, but for what JSON should not hold."""
    document = json.loads(ENCODER.encode(report, book, False))
    assert document["runs"][0]["findings"][2]["message"] == HOSTILE.replace("\ud800", "\\ud800")


def test_no_line_is_a_command(report: Report, book: Book) -> None:
    """A log of CI that shows the document obeys none of it."""
    for line in ENCODER.encode(report, book, False).splitlines():
        assert "##" not in line
        assert not line.lstrip().startswith("::")


def test_findings_alone(report: Report) -> None:
    """The list of findings that an archive holds is what its own schema says."""
    found = [encoded(item) for item in report.findings]
    assert list(validator("findings.v1.json").iter_errors(found)) == []
    assert list(validator("findings.v1.json").iter_errors([{**found[0], "line": 0}])) != []


@pytest.mark.parametrize("name", ["coordexp-killed", "run_experiment-sweep", "lightning-plain"])
def test_findings_of_archives(collected_all: Callable[..., list[Path]], name: str) -> None:
    """So is the file in archives of real runs."""
    (run,) = (path for path in FIXTURE_RUNS if path.parent.name == name)
    for archive in collected_all(run):
        found = json.loads((archive / "findings.json").read_text("utf-8"))
        assert found != []
        assert list(validator("findings.v1.json").iter_errors(found)) == []
