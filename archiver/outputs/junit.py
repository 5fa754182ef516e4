"""JUnit XML, as CI systems read it: a suite per run, a case per rule that found something.

Errors and warnings are failures of their case; notes stand in its output. A run without findings
has one passing case. Rules that could not run are skipped cases, with the reason. What the policy
or the baseline keeps quiet, and whether the run can be reproduced, stand in the suite's output.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from archiver.codecs.visible import safe
from archiver.encoder import Encoder, Help
from archiver.model.findings import Finding, Report, RunFindings, Severity, detail_of

_NO_CHARACTERS = str.maketrans({"\ufffe": "\\ufffe", "\uffff": "\\uffff"})
"""What XML 1.0 cannot hold, besides controls and surrogates."""
_TOTALS = ("tests", "failures", "skipped")


def _encode(report: Report, _book: Mapping[str, Help], _colour: bool) -> str:  # noqa: FBT001
    root = Element("testsuites", name="runarchive", errors="0")
    for run in report.runs:
        _suite(root, run)
    for total in _TOTALS:
        root.set(total, str(sum(int(suite.get(total, "0")) for suite in root)))
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
        _start(suite, run, "no findings")
    for rule, reason in sorted(run.rules_not_run.items()):
        SubElement(_start(suite, run, rule), "skipped", message=_clean(reason))
    totals = (len(suite), failures, len(run.rules_not_run))
    for total, number in zip(_TOTALS, totals, strict=True):
        suite.set(total, str(number))
    rest = "\n".join(_rest(run))
    if rest:
        SubElement(suite, "system-out").text = rest


def _start(suite: Element, run: RunFindings, name: str) -> Element:
    return SubElement(suite, "testcase", classname=_clean(run.path), name=_clean(name))


def _case(suite: Element, run: RunFindings, found: list[Finding]) -> bool:
    """One rule's findings in one run, gravest first; whether any of them fails the case."""
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
        failure.text = _lines(run, failing)
    notes = [item for item in found if item.severity is Severity.NOTE]
    if notes:
        SubElement(case, "system-out").text = _lines(run, notes)
    return bool(failing)


def _lines(run: RunFindings, found: Iterable[Finding]) -> str:
    return "\n".join(_line(run, item) for item in found)


def _line(run: RunFindings, item: Finding) -> str:
    """One finding on one line, whatever it holds."""
    detail = detail_of(item.at)
    return _clean(
        f"{item.severity.value}: {run.file(item.at)}"
        + (f":{item.line}" if item.line is not None else "")
        + (f" {detail}" if detail else "")
        + f": {item.message}"
        + (f" (hint: {item.hint})" if item.hint else "")
    )


def _rest(run: RunFindings) -> Iterator[str]:
    """What is told of a run beside its cases, line by line."""
    for quiet in run.suppressed:
        finding = quiet.finding
        yield f"suppressed ({_clean(quiet.reason)}): {finding.rule} {_line(run, finding)}"
    for finding in run.known:
        yield f"in the baseline: {finding.rule} {_line(run, finding)}"
    judged = run.reproducibility
    if judged is not None:
        missing = f"; missing: {', '.join(judged.missing)}" if judged.missing else ""
        yield _clean(f"can this run be reproduced: {judged.answer}{missing}")


def _clean(text: str) -> str:
    """On one line, without what XML 1.0 cannot hold and terminals would obey."""
    return safe(text).translate(_NO_CHARACTERS)


ENCODER = Encoder(name="junit", summary="JUnit XML, for CI systems.", encode=_encode)
