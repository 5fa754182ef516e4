"""The report for people: findings by run, and a last line that sums up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from archiver.extension import Encoder, Help, Report
from archiver.model.findings import Finding, RunFindings


def _encode(report: Report, _book: Mapping[str, Help], _colour: bool) -> str:  # noqa: FBT001
    lines = [line for run in report.runs for line in _run(run)]
    counts = report.summary()
    lines.append(
        f"{counts['error']} errors, {counts['warning']} warnings, {counts['note']} notes in"
        f" {len(report.runs)} runs, {report.artifacts} artifacts, by {report.rules} rules"
    )
    return "\n".join(lines) + "\n"


def _run(run: RunFindings) -> Iterator[str]:
    yield run.path
    for finding in run.findings:
        yield f"  {_line(finding)}"


def _line(finding: Finding) -> str:
    place = finding.at.path + (f":{finding.line}" if finding.line else "")
    return f"{finding.severity}: {place}: {finding.message} [{finding.rule} {finding.name}]"


ENCODER = Encoder(name="text", summary="Lines for people.", encode=_encode)
