"""JUnit: parsed by a reader of others, its counts are those of its cases."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree import ElementTree

from junitparser import Failure, JUnitXml, Skipped

from archiver.extension import Help, Report, Severity
from archiver.model.claims import Location
from archiver.model.findings import RunFindings
from archiver.outputs.junit import ENCODER
from tests.outputs.conftest import RUN, finding

Book = dict[str, Help]


def parsed(report: Report, book: Book) -> JUnitXml:
    """The report as junitparser reads it."""
    return JUnitXml.fromstring(ENCODER.encode(report, book, False).encode("utf-8"))


def test_golden(report: Report, book: Book, golden: Callable[[str, str], None]) -> None:
    """The whole document."""
    golden("junit.xml", ENCODER.encode(report, book, False))


def test_counts_agree(report: Report, book: Book) -> None:
    """What a suite and the whole say of their cases is what is there."""
    document = parsed(report, book)
    stated = (document.tests, document.failures, document.errors, document.skipped)
    sums = [0, 0, 0, 0]
    for suite in document:
        results = [case.result[0] if case.result else None for case in suite]
        failed = sum(isinstance(result, Failure) for result in results)
        skipped = sum(isinstance(result, Skipped) for result in results)
        assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (
            len(results), failed, 0, skipped
        )  # fmt: skip
        sums = [a + b for a, b in zip(sums, (len(results), failed, 0, skipped), strict=True)]
    assert stated == tuple(sums) == (9, 4, 0, 3)


def test_cases(report: Report, book: Book) -> None:
    """A suite per run; a case per rule that found something, one that passes, one per skipped."""
    cases = {
        suite.name: [(case.name, type(case.result[0]) if case.result else None) for case in suite]
        for suite in parsed(report, book)
    }
    assert cases == {
        RUN: [
            ("RA003 truncated-artifact", Failure),
            ("RA105 no-package-list", None),
            ("RA201 conflicting-claims", Failure),
            ("RA204 ambiguous-yaml-value", Failure),
            ("RA402", Skipped),
            ("RA603", Skipped),
        ],
        "/data/clean": [("no findings", None), ("RA402", Skipped)],
        "a:b/state.json": [("RA003 truncated-artifact", Failure)],
    }


def test_failures_carry_text(report: Report, book: Book) -> None:
    """Each failing finding has its line: severity, place, message, hint; a lone one the message."""
    suites = list(parsed(report, book))
    torn, packages, _, yaml = list(suites[0])[:4]
    assert torn.result[0].message == "2 findings"
    assert torn.result[0].type == "error"
    assert torn.result[0].text.splitlines() == [
        f"error: {RUN}/logging.jsonl:8: the stream ends inside this line",
        (
            f"error: {RUN}/runs/events.0 byte 8562: the stream ends inside a record (40 bytes of it"
            " are there)"
        ),
    ]
    assert yaml.result[0].text.splitlines()[0] == (
        f"warning: {RUN}/config.yaml:4 /training/learning rate: learning_rate: YAML 1.1, as the"
        " producer read it, says a text (hint: write 5.0e-3)"
    )
    assert packages.system_out == f"note: {RUN}: no list of packages is there"
    assert next(iter(suites[2])).result[0].message == "the document breaks off"


def test_what_is_kept_quiet_is_told(report: Report, book: Book) -> None:
    """The suite's own output names what is suppressed and known, and answers the last question."""
    tree = ElementTree.fromstring(ENCODER.encode(report, book, False))  # noqa: S314  our own
    output = tree[0].findtext("system-out") or ""
    assert output.splitlines() == [
        (
            "suppressed (written before 2025, #\\x23[group]kept\\nas it is): RA204 warning:"
            f" {RUN}/old.yaml:2: dropout is a text"
        ),
        f"in the baseline: RA003 error: {RUN}/a.json: the document is empty",
        "can this run be reproduced: partly; missing: the versions of the packages",
    ]


def test_notes_do_not_fail(book: Book) -> None:
    """A run with nothing but notes has no failures."""
    note = finding("RA105", Severity.NOTE, "none", Location(""))
    document = parsed(
        Report(runs=(RunFindings(path="a", run_id="a", findings=(note,)),), rules=1), book
    )
    assert (document.tests, document.failures) == (1, 0)


def test_nothing(empty: Report, book: Book) -> None:
    """No suite."""
    assert list(parsed(empty, book)) == []


def test_one_finding_is_one_line(report: Report, book: Book) -> None:
    """A message with line breaks forges no other finding, and no command of a workflow."""
    text = ENCODER.encode(report, book, False)
    for line in text.splitlines():
        assert not line.lstrip().startswith("::")
        assert not re.search(r"##\w*\[", line)
