"""SARIF 2.1.0 (OASIS), for code scanning and editors.

Paths are relative to the directory that `validate` was called in (`SRCROOT`), with forward
slashes. A finding about a run as a whole stands at the run's directory, one about a whole file
has no region. GitHub takes up to 25,000 results and shows the 5,000 gravest; it shows what is
suppressed or in the baseline too, since it reads neither property.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from urllib.parse import quote

from archiver.codecs.visible import safe
from archiver.encoder import Encoder, Help
from archiver.model.findings import (
    Finding,
    Place,
    Report,
    RunFindings,
    Severity,
    detail_of,
    pointer_of,
    position_of,
    well_formed,
)
from archiver.model.values import Value
from archiver.wording import counted

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_ROOT = "SRCROOT"
_GITHUB_SEVERITIES = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.NOTE: "recommendation",
}


def _encode(report: Report, book: Mapping[str, Help], _colour: bool) -> str:  # noqa: FBT001
    rules = sorted(book.values(), key=lambda item: item.id)
    index = {item.id: number for number, item in enumerate(rules)}
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
                "originalUriBaseIds": {
                    _ROOT: {"description": {"text": "The directory of the call to runarchive."}}
                },
                "invocations": [
                    {
                        "executionSuccessful": True,
                        "toolConfigurationNotifications": list(_not_run(report, index)),
                    }
                ],
                "results": _results(report, index),
            }
        ],
    }
    text = json.dumps(document, ensure_ascii=True, indent=1, allow_nan=False) + "\n"
    # The same document, and no line of it a command to the CI system that logs it.
    return text.replace("##", "#\\u0023")


def _rule(item: Help) -> Value:
    example = f"```text\n{item.example}\n```"
    return {
        "id": item.id,
        "name": "".join(part.capitalize() for part in item.name.split("-")),
        "shortDescription": {"text": item.summary},
        "fullDescription": {"text": " ".join(item.finds.split())},
        "help": {
            "text": f"{item.finds}\n\n{item.matters}\n\nWhat to do:\n{item.remedy}",
            "markdown": f"{item.finds}\n\n{item.matters}\n\n{example}\n\n**What to do.** "
            f"{item.remedy}",
        },
        "defaultConfiguration": {"level": item.severity.value},
        "properties": {
            "tags": ["machine-learning", "reproducibility"],
            "precision": "high",
            "problem.severity": _GITHUB_SEVERITIES[item.severity],
        },
    }


def _results(report: Report, index: Mapping[str, int]) -> list[Value]:
    """Each finding; where any was in the baseline, all say how they stand to it."""
    compared = any(run.known for run in report.runs)
    new: dict[str, Value] = {"baselineState": "new"} if compared else {}
    found: list[Value] = []
    for run in report.runs:
        found += [{**_result(run, item, index), **new} for item in run.findings]
        found += [
            {
                **_result(run, item.finding, index),
                **new,
                "suppressions": [{"kind": "external", "justification": safe(item.reason)}],
            }
            for item in run.suppressed
        ]
        found += [{**_result(run, item, index), "baselineState": "unchanged"} for item in run.known]
    return found


def _result(run: RunFindings, item: Finding, index: Mapping[str, int]) -> dict[str, Value]:
    fingerprints: dict[str, Value] = {"runarchive/v1": item.fingerprint}
    if item.line is None:
        # All that GitHub compares; where there is a line its uploader hashes that line, and
        # complains of any other value (codeql-action, `fingerprints.ts`).
        fingerprints["primaryLocationLineHash"] = item.fingerprint
    text = f"{item.message}. Hint: {item.hint}" if item.hint else item.message
    result: dict[str, Value] = {
        "ruleId": item.rule,
        "ruleIndex": index[item.rule],
        "level": item.severity.value,
        "message": {"text": _text(text)},
        "locations": [_location(run, Place(item.at, "", item.position))],
        "partialFingerprints": fingerprints,
    }
    if item.related:
        result["relatedLocations"] = [
            {"id": number, **_location(run, place)} for number, place in enumerate(item.related, 1)
        ]
    return result


def _location(run: RunFindings, place: Place) -> dict[str, Value]:
    path = run.file(place.at)
    artifact: dict[str, Value] = {"uri": _uri(path)}
    if not path.startswith("/"):
        artifact["uriBaseId"] = _ROOT
    physical: dict[str, Value] = {"artifactLocation": artifact}
    position = position_of(place.at, place.position)
    if position is not None:
        region: dict[str, Value] = {"startLine": position.line}
        if position.column is not None:
            region["startColumn"] = position.column
        physical["region"] = region
    found: dict[str, Value] = {"physicalLocation": physical}
    pointer, detail, message = pointer_of(place.at), detail_of(place.at), place.message
    if pointer is not None:
        found["logicalLocations"] = [{"fullyQualifiedName": safe(pointer), "kind": "value"}]
    if detail not in ("", pointer):
        # A member or an offset, for which SARIF has no name that editors show.
        message = f"{detail}: {message}" if message else detail
    if message:
        found["message"] = {"text": _text(message)}
    return found


def _text(text: str) -> str:
    """A message on one line; `[words](target)` of a run's file must not become a link (3.11.6)."""
    return safe(text).replace("](", "] (")


def _uri(path: str) -> str:
    """A path as a relative reference, or as a file URI where it is absolute (RFC 3986)."""
    quoted = quote(well_formed(path), safe="/:!$&'()*+,;=@")
    if path.startswith("/"):
        return f"file://{quoted}"
    # A colon in the first segment would end the name of a scheme.
    return f"./{quoted}" if ":" in quoted.partition("/")[0] else quoted


def _not_run(report: Report, index: Mapping[str, int]) -> Iterable[Value]:
    """One notification per rule and reason, so that silence is never taken for a clean run."""
    seen: dict[tuple[str, str], int] = {}
    for run in report.runs:
        for rule, reason in run.rules_not_run.items():
            seen[rule, reason] = seen.get((rule, reason), 0) + 1
    for (rule, reason), count in sorted(seen.items()):
        text = f"{rule} did not run for {counted(count, 'run')}: {reason}"
        yield {
            "level": Severity.NOTE.value,
            "message": {"text": _text(text)},
            "associatedRule": {"id": rule, "index": index[rule]},
        }


ENCODER = Encoder(
    name="sarif",
    summary="SARIF 2.1.0, for code scanning and editors.",
    encode=_encode,
    explains=True,
)
