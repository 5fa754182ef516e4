"""What holds for each output, those of others that are installed included."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from jsonschema import Draft4Validator, Draft202012Validator
from junitparser import JUnitXml

from archiver import registry, rulebook
from archiver.extension import Encoder, Help, Report, Severity
from archiver.model.findings import RunFindings
from tests.conftest import FIXTURE_RUNS, ROOT
from tests.outputs.conftest import GOLDENS

Book = dict[str, Help]
ENCODERS = {encoder.name: encoder for encoder in registry.outputs()}


@pytest.fixture(params=sorted(ENCODERS))
def encoder(request: pytest.FixtureRequest) -> Encoder:
    """Each output."""
    return ENCODERS[request.param]


def test_nothing_raw(encoder: Encoder, report: Report, single: Report, book: Book) -> None:
    """No control, bidi control, half surrogate or line separator, but for newlines and colours."""
    for sample in (report, single):
        for colour in (False, True):
            text = encoder.encode(sample, book, colour)
            if encoder.name == "text" and colour:
                text = re.sub(r"\x1b\[(?:[0-9;]+)m", "", text)
            raw = {unicodedata.category(char) for char in text if char != "\n"}
            assert raw & {"Cc", "Cf", "Cs", "Zl", "Zp"} == set()


def test_ends_with_a_newline(encoder: Encoder, report: Report, empty: Report, book: Book) -> None:
    """One, whatever was found; colour is nobody's but the text's."""
    for sample in (report, empty):
        text = encoder.encode(sample, book, False)
        assert text.endswith("\n")
        assert not text.endswith("\n\n")
        assert encoder.name == "text" or text == encoder.encode(sample, book, True)


def test_by_name() -> None:
    """The registry gives each by its name."""
    assert {name: registry.output(name) for name in ENCODERS} == ENCODERS


def test_no_golden_is_an_orphan() -> None:
    """Each golden belongs to an output."""
    assert {Path(path).name.split(".")[0].split("-")[0] for path in GOLDENS.iterdir()} <= set(
        ENCODERS
    )


def test_real_runs(audited: Callable[..., RunFindings]) -> None:
    """What the rules say of whole runs fits the published schemas, with the rules' own pages."""
    names = {"coordexp-killed", "hf_trainer-clean"}
    runs = [path for path in FIXTURE_RUNS if path.parent.name in names]
    assert len(runs) == 2
    report = Report(runs=tuple(map(audited, runs)), rules=1, tool_version="1")
    book = rulebook.book(registry.rules())
    texts = {name: encoder.encode(report, book, False) for name, encoder in ENCODERS.items()}
    for name, standard, validator in (
        ("sarif", "fixtures/standards/sarif-2.1.0/sarif-schema-2.1.0.json", Draft4Validator),
        ("json", "schemas/validate.v1.json", Draft202012Validator),
    ):
        schema = json.loads((ROOT / standard).read_text("utf-8"))
        assert list(validator(schema).iter_errors(json.loads(texts[name]))) == []
    cases = JUnitXml.fromstring(texts["junit"].encode("utf-8"))
    graver = {
        (run.path, item.rule)
        for run in report.runs
        for item in run.findings
        if item.severity is not Severity.NOTE
    }
    assert cases.failures == len(graver) > 0
    assert texts["github"].count("\n") == len(list(report.findings)) + 1
