"""SARIF: valid by the schema of OASIS, with what code scanning and editors need."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from jsonschema import Draft4Validator

from archiver import registry, rulebook
from archiver.extension import Help, Report, Severity
from archiver.model.claims import Location
from archiver.model.findings import RunFindings
from archiver.outputs.sarif import ENCODER
from tests.outputs.conftest import HOSTILE_PATH, RUN, bad_run, finding

STANDARD = (
    Path(__file__).resolve().parents[2]
    / "fixtures" / "standards" / "sarif-2.1.0" / "sarif-schema-2.1.0.json"
)  # fmt: skip
Book = dict[str, Help]
Document = dict[str, Any]


@pytest.fixture(scope="module")
def standard() -> Draft4Validator:
    """The schema of SARIF 2.1.0."""
    return Draft4Validator(json.loads(STANDARD.read_text("utf-8")))


@pytest.fixture
def document(report: Report, book: Book) -> Document:
    """The sample as SARIF."""
    encoded: Document = json.loads(ENCODER.encode(report, book, False))
    return encoded


@pytest.fixture
def results(document: Document) -> list[Document]:
    """Its results."""
    found: list[Document] = document["runs"][0]["results"]
    return found


def locations(results: list[Document]) -> Iterator[Document]:
    """Every location, of results and related."""
    for result in results:
        yield from result["locations"]
        yield from result.get("relatedLocations", ())


def test_golden(report: Report, book: Book, golden: Callable[[str, str], None]) -> None:
    """The whole document."""
    golden("sarif.sarif", ENCODER.encode(report, book, False))


def test_schema(
    report: Report, empty: Report, book: Book, standard: Draft4Validator, document: Document
) -> None:
    """The published schema accepts it, the empty report too."""
    for sample in (report, empty):
        encoded = json.loads(ENCODER.encode(sample, book, False))
        assert list(standard.iter_errors(encoded)) == []
    whole = json.loads(ENCODER.encode(report, rulebook.book(registry.rules()), False))
    assert list(standard.iter_errors(whole)) == []
    document["runs"][0]["results"][0]["level"] = "fatal"
    document["runs"][0]["results"][1]["locations"][0]["physicalLocation"]["region"] = {
        "startLine": 0
    }
    assert len(list(standard.iter_errors(document))) == 2


def test_results_are_those_of_the_report(report: Report, results: list[Document]) -> None:
    """Each finding, suppressed finding and known finding, with rule, level and fingerprint."""
    expected = [
        (item.rule, item.severity.value, item.fingerprint)
        for run in report.runs
        for item in (*run.findings, *(quiet.finding for quiet in run.suppressed), *run.known)
    ]
    assert expected == [
        (item["ruleId"], item["level"], item["partialFingerprints"]["runarchive/v1"])
        for item in results
    ]


def test_rules(document: Document, results: list[Document]) -> None:
    """Each result's index is its rule's, and each rule brings what code scanning shows."""
    rules = document["runs"][0]["tool"]["driver"]["rules"]
    for result in results:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    assert rules[0]["name"] == "TruncatedArtifact"
    assert rules[0]["defaultConfiguration"] == {"level": "error"}
    assert [rule["properties"]["problem.severity"] for rule in rules][:3] == [
        "error", "recommendation", "warning"
    ]  # fmt: skip


def test_pages_fit_code_scanning() -> None:
    """GitHub requires these texts, and cuts descriptions at 1024 and names at 255 characters."""
    report = Report(runs=(), rules=0)
    document = json.loads(ENCODER.encode(report, rulebook.book(registry.rules()), False))
    rules = document["runs"][0]["tool"]["driver"]["rules"]
    assert len(rules) == len(registry.rules())
    for rule in rules:
        assert 0 < len(rule["name"]) <= 255
        for part in ("shortDescription", "fullDescription"):
            assert 0 < len(rule[part]["text"]) <= 1024
        assert rule["help"]["text"]
        assert rule["help"]["markdown"].count("```") == 2


def test_uris_are_references(results: list[Document]) -> None:
    """Each is a relative reference below SRCROOT or a file URI, in the characters of RFC 3986."""
    for location in locations(results):
        place = location["physicalLocation"]["artifactLocation"]
        assert re.fullmatch(r"(?:[A-Za-z0-9._~/:!$&'()*+,;=@-]|%[0-9A-F]{2})+", place["uri"])
        parts = urlsplit(place["uri"])
        assert (parts.scheme, "uriBaseId" in place) in {("file", False), ("", True)}
        assert place.get("uriBaseId", "SRCROOT") == "SRCROOT"
        assert not parts.query
        assert not parts.fragment


def test_uris_name_the_files(results: list[Document]) -> None:
    """What is unquoted is the path; only half surrogates, which no URI can hold, are spelled."""
    uris = [item["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for item in results]
    assert [unquote(uri) for uri in uris] == [
        f"{RUN}/logging.jsonl",
        f"{RUN}/runs/events.0",
        f"{RUN}/{HOSTILE_PATH}".replace("\ud800", "\\ud800"),
        "runs/shared/setup.yaml",
        f"{RUN}/config.yaml",
        f"{RUN}/metrics.ndjson",
        RUN,
        f"{RUN}/old.yaml",
        f"{RUN}/a.json",
        "./a:b/state.json",
    ]


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("a b", "a%20b"),
        ("/data/ä", "file:///data/%C3%A4"),
        ("c:/x", "./c:/x"),
        ("a/c:x", "a/c:x"),
        (".", "."),
        ("a\\b", "a%5Cb"),
        ("-x", "-x"),
        ("%41", "%2541"),
        ("../r", "../r"),
    ],
)
def test_uri(book: Book, path: str, uri: str) -> None:
    """Paths as RFC 3986 writes them."""
    item = finding("RA105", Severity.NOTE, "m", Location(""))
    run = RunFindings(path=path, run_id="r", findings=(item,))
    document = json.loads(ENCODER.encode(Report(runs=(run,), rules=1), book, False))
    place = document["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == uri


def test_regions_are_what_is_known(results: list[Document]) -> None:
    """Lines and columns from 1 where they are known; no region for a file or a run as a whole."""
    regions = [item["locations"][0]["physicalLocation"].get("region") for item in results]
    assert regions == [
        {"startLine": 8},
        None,
        {"startLine": 3},
        {"startLine": 21, "startColumn": 3},
        {"startLine": 4, "startColumn": 18},
        {"startLine": 12},
        None,
        {"startLine": 2},
        None,
        None,
    ]


def test_places_inside_of_files(results: list[Document]) -> None:
    """Pointers are logical locations; offsets and members are told in words."""
    places = [item["locations"][0] for item in results]
    assert places[4]["logicalLocations"] == [
        {"fullyQualifiedName": "/training/learning rate", "kind": "value"}
    ]
    assert places[5]["logicalLocations"][0]["fullyQualifiedName"] == "/loss"
    assert places[1]["message"] == {"text": "byte 8562"}
    (member,) = results[2]["relatedLocations"]
    assert member["logicalLocations"][0]["fullyQualifiedName"] == "/k\\n"
    assert member["message"]["text"].startswith("data.pkl!/k\\n: a\\n::error")


def test_fingerprint_that_github_compares(results: list[Document]) -> None:
    """Given where its uploader computes none: where no line is known."""
    for item in results:
        prints = item["partialFingerprints"]
        known = "region" in item["locations"][0]["physicalLocation"]
        assert ("primaryLocationLineHash" in prints) is not known
        assert set(prints.values()) == {prints["runarchive/v1"]}


def test_baseline_and_suppressions(results: list[Document], book: Book) -> None:
    """Where a baseline holds something each result says how it stands to it; else none does."""
    assert [item["baselineState"] for item in results] == [
        *["new"] * 8, "unchanged", "new"
    ]  # fmt: skip
    assert [item.get("suppressions") for item in results] == [
        *[None] * 7,
        [
            {
                "kind": "external",
                "justification": "written before 2025, #\\x23[group]kept\\nas it is",
            }
        ],
        None,
        None,
    ]
    run = RunFindings(path="a", run_id="a", findings=bad_run().findings)
    document = json.loads(ENCODER.encode(Report(runs=(run,), rules=1), book, False))
    assert all("baselineState" not in item for item in document["runs"][0]["results"])


def test_texts_are_plain(document: Document) -> None:
    """No control and no link of a run's making reaches a viewer, in whatever key."""
    pages = document["runs"][0].pop("tool")
    assert len(pages["driver"]["rules"]) == 6
    texts = list(strings(document))
    assert len(texts) > 100
    for text in texts:
        assert {unicodedata.category(char) for char in text} & {"Cc", "Cf", "Cs", "Zl"} == set()
        assert "](" not in text


def strings(value: object) -> Iterator[str]:
    """Every string of a document."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


def test_what_was_not_judged(document: Document) -> None:
    """Rules that could not run are notifications, counted over the runs."""
    (invocation,) = document["runs"][0]["invocations"]
    assert [note["message"]["text"] for note in invocation["toolConfigurationNotifications"]] == [
        "RA402 did not run for 2 runs: needs the present time",
        "RA603 did not run for 1 run: needs digests of checkpoints and other large files",
    ]
    assert [note["associatedRule"]["index"] for note in invocation[
        "toolConfigurationNotifications"
    ]] == [4, 5]  # fmt: skip
