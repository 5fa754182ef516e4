"""Annotations of GitHub Actions: one workflow command per finding.

`::error file=...,line=...,col=...,title=...::message`, escaped as the runner unescapes it
(actions/toolkit, `command.ts`). Paths are relative to the directory of the workflow's step.
"""

from __future__ import annotations

from collections.abc import Mapping

from archiver.codecs.visible import safe
from archiver.extension import Encoder, Help, Report
from archiver.model.findings import Finding, RunFindings, Severity

_WORDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def _encode(report: Report, _book: Mapping[str, Help], _colour: bool) -> str:  # noqa: FBT001
    lines = [_line(run, item) for run in report.runs for item in run.findings]
    return "".join(f"{line}\n" for line in lines)


def _line(run: RunFindings, item: Finding) -> str:
    where = {"file": run.file(item.at)}
    if item.line is not None:
        where["line"] = str(item.line)
        if item.column is not None:
            where["col"] = str(item.column)
    where["title"] = f"{item.rule} {item.name}"
    properties = ",".join(f"{key}={_property(value)}" for key, value in where.items())
    text = f"{item.message}. {item.hint}" if item.hint else item.message
    place = f"{item.pointer}: " if item.pointer else ""
    return f"::{_WORDS[item.severity]} {properties}::{_data(place + text)}"


def _data(text: str) -> str:
    lines = text.replace("%", "%25").split("\n")
    return "%0A".join(safe(line) for line in lines)


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


ENCODER = Encoder(
    name="github", summary="Annotations of GitHub Actions, one per finding.", encode=_encode
)
