"""JUnit XML, as CI systems read it: a suite per run, a case per rule that found something.

Errors and warnings are failures of their case; notes stand in its output. A run without findings
has one passing case. Rules that could not run are skipped cases, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from archiver.codecs.visible import safe
from archiver.extension import Encoder, Help, Report
from archiver.model.findings import Finding, RunFindings, Severity


def _encode(report: Report, _book: Mapping[str, Help], _colour: bool) -> str:  # noqa: FBT001
    root = Element("testsuites", name="runarchive")
    for run in report.runs:
        _suite(root, run)
    indent(root, " ")
    declared = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return declared + tostring(root, encoding="unicode") + "\n"


def _suite(root: Element, run: RunFindings) -> None:
    suite = SubElement(root, "testsuite", name=_clean(run.path), errors="0")
    ordered = sorted(run.findings, key=lambda item: item.rule)
    failures = 0
    for _, found in groupby(ordered, key=lambda item: item.rule):
        failures += _case(suite, run, list(found))
    if not ordered:
        _start(suite, run, f"{run.artifacts} artifacts, no findings")
    for rule, reason in sorted(run.rules_not_run.items()):
        SubElement(_start(suite, run, rule), "skipped", message=_clean(reason))
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(failures))
    suite.set("skipped", str(len(run.rules_not_run)))


def _start(suite: Element, run: RunFindings, name: str) -> Element:
    return SubElement(suite, "testcase", classname=_clean(run.path), name=_clean(name))


def _case(suite: Element, run: RunFindings, found: list[Finding]) -> bool:
    """One rule's findings in one run; whether any of them fails the case."""
    first = found[0]
    case = _start(suite, run, f"{first.rule} {first.name}")
    if first.at.path:
        case.set("file", _clean(run.file(first.at)))
        if first.line is not None:
            case.set("line", str(first.line))
    failing = [item for item in found if item.severity is not Severity.NOTE]
    if failing:
        message = failing[0].message if len(failing) == 1 else f"{len(failing)} findings"
        kind = failing[0].severity.value
        failure = SubElement(case, "failure", type=kind, message=_clean(message))
        failure.text = _clean(_lines(run, failing))
    notes = [item for item in found if item.severity is Severity.NOTE]
    if notes:
        SubElement(case, "system-out").text = _clean(_lines(run, notes))
    return bool(failing)


def _lines(run: RunFindings, found: Iterable[Finding]) -> str:
    return "\n".join(
        f"{item.severity.value}: {run.file(item.at)}"
        + (f":{item.line}" if item.line is not None else "")
        + (f" {item.pointer}" if item.pointer else "")
        + f": {item.message}"
        + (f" ({item.hint})" if item.hint else "")
        for item in found
    )


def _clean(text: str) -> str:
    """Without what XML 1.0 cannot hold and terminals would obey."""
    return "\n".join(safe(line) for line in text.split("\n"))


ENCODER = Encoder(name="junit", summary="JUnit XML, for CI systems.", encode=_encode)
