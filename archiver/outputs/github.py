"""Annotations of GitHub Actions: one workflow command per finding, and a last line that sums up.

`::error file=...,line=...,col=...,title=...::message`, escaped as the runner unescapes it
(actions/toolkit, `command.ts`). Paths are relative to the directory of the workflow's step.
GitHub shows the first ten errors, warnings and notices of a step, so the gravest of all runs come
first.
"""

from __future__ import annotations

from collections.abc import Mapping

from archiver.codecs.visible import safe
from archiver.encoder import Encoder, Help
from archiver.model.findings import Finding, Report, RunFindings, Severity, detail_of
from archiver.wording import verdict

_WORDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def _encode(report: Report, _book: Mapping[str, Help], _colour: bool) -> str:  # noqa: FBT001
    found = [(run, item) for run in report.runs for item in run.findings]
    found.sort(key=lambda pair: -pair[1].severity.rank)
    lines = [_line(run, item) for run, item in found]
    return "".join(f"{line}\n" for line in (*lines, verdict(report)))


def _line(run: RunFindings, item: Finding) -> str:
    path = run.file(item.at)
    where = {} if path == "." else {"file": path}
    if item.line is not None:
        where["line"] = str(item.line)
        if item.column is not None:
            where["col"] = str(item.column)
    where["title"] = f"{item.rule} {item.name}"
    properties = ",".join(f"{key}={_property(value)}" for key, value in where.items())
    detail = detail_of(item.at)
    text = f"{detail}: {item.message}" if detail else item.message
    lines = [text, f"hint: {item.hint}"] if item.hint else [text]
    return f"::{_WORDS[item.severity]} {properties}::{'%0A'.join(map(_data, lines))}"


def _data(line: str) -> str:
    return safe(line).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


ENCODER = Encoder(
    name="github", summary="Annotations of GitHub Actions, one per finding.", encode=_encode
)
