"""SARIF 2.1.0 (OASIS), for code scanning and editors.

Paths are relative to the directory that `validate` was called in (`SRCROOT`), with forward
slashes. A finding about a run as a whole stands at the run's directory.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from urllib.parse import quote

from archiver.extension import Encoder, Help, Report
from archiver.model.findings import Finding, Place, RunFindings, Severity, pointer_of, position_of
from archiver.model.values import Value

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_ROOT = "SRCROOT"


def _encode(report: Report, book: Mapping[str, Help], _colour: bool) -> str:  # noqa: FBT001
    rules = sorted(book.values(), key=lambda item: item.id)
    index = {item.id: number for number, item in enumerate(rules)}
    results: list[Value] = []
    for run in report.runs:
        results += [_result(run, item, index) for item in run.findings]
        results += [
            {
                **_result(run, item.finding, index),
                "suppressions": [{"kind": "external", "justification": item.reason}],
            }
            for item in run.suppressed
        ]
        results += [
            {**_result(run, item, index), "baselineState": "unchanged"} for item in run.known
        ]
    document: Value = {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "runarchive",
                        "version": report.tool_version,
                        "rules": [_rule(item) for item in rules],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "invocations": [
                    {
                        "executionSuccessful": True,
                        "toolConfigurationNotifications": list(_not_run(report, index)),
                    }
                ],
                "results": results,
            }
        ],
    }
    return json.dumps(document, ensure_ascii=True, indent=1, allow_nan=False) + "\n"


def _rule(item: Help) -> Value:
    return {
        "id": item.id,
        "name": "".join(part.capitalize() for part in item.name.split("-")),
        "shortDescription": {"text": item.summary},
        "fullDescription": {"text": item.finds},
        "help": {
            "text": f"{item.finds}\n\n{item.matters}\n\nWhat to do:\n{item.remedy}",
            "markdown": f"{item.finds}\n\n{item.matters}\n\n**What to do.** {item.remedy}",
        },
        "defaultConfiguration": {"level": item.severity.value},
    }


def _result(run: RunFindings, item: Finding, index: Mapping[str, int]) -> dict[str, Value]:
    text = f"{item.message}. {item.hint}" if item.hint else item.message
    result: dict[str, Value] = {
        "ruleId": item.rule,
        "ruleIndex": index[item.rule],
        "level": item.severity.value,
        "message": {"text": text},
        "locations": [_location(run, Place(item.at, "", item.position))],
        "partialFingerprints": {"runarchive/v1": item.fingerprint},
    }
    if item.related:
        result["relatedLocations"] = [
            {"id": number, **_location(run, place), "message": {"text": place.message}}
            for number, place in enumerate(item.related, 1)
        ]
    return result


def _location(run: RunFindings, place: Place) -> dict[str, Value]:
    artifact: dict[str, Value] = {"uri": _uri(run.file(place.at))}
    if not run.file(place.at).startswith("/"):
        artifact["uriBaseId"] = _ROOT
    physical: dict[str, Value] = {"artifactLocation": artifact}
    position = position_of(place.at, place.position)
    if position is not None:
        region: dict[str, Value] = {"startLine": position.line}
        if position.column is not None:
            region["startColumn"] = position.column
        physical["region"] = region
    found: dict[str, Value] = {"physicalLocation": physical}
    pointer = pointer_of(place.at)
    if pointer is not None:
        found["logicalLocations"] = [{"fullyQualifiedName": pointer, "kind": "member"}]
    return found


def _uri(path: str) -> str:
    """A path as a relative reference, or as a file URI where it is absolute (RFC 3986)."""
    quoted = quote(path, safe="/!$&'()*+,;=@~-._")
    if path.startswith("/"):
        return f"file://{quoted}"
    first = quoted.partition("/")[0]
    return f"./{quoted}" if ":" in first or not quoted else quoted


def _not_run(report: Report, index: Mapping[str, int]) -> Iterable[Value]:
    """One notification per rule and reason, so that silence is never taken for a clean run."""
    seen: dict[tuple[str, str], int] = {}
    for run in report.runs:
        for rule, reason in run.rules_not_run.items():
            seen[rule, reason] = seen.get((rule, reason), 0) + 1
    for (rule, reason), count in sorted(seen.items()):
        runs = f"{count} run" if count == 1 else f"{count} runs"
        yield {
            "level": Severity.NOTE.value,
            "message": {"text": f"{rule} did not run for {runs}: {reason}"},
            "associatedRule": {"id": rule, "index": index[rule]},
        }


ENCODER = Encoder(
    name="sarif",
    summary="SARIF 2.1.0, for code scanning and editors.",
    encode=_encode,
    explains=True,
)
