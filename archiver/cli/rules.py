"""`runarchive rules` and `runarchive explain`."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from archiver.cli.terminal import tell
from archiver.errors import ArchiverError, ExitCode

if TYPE_CHECKING:
    from archiver.extension import Rule


class Format(StrEnum):
    """How the list is printed."""

    TEXT = "text"
    JSON = "json"


def listing(
    form: Annotated[Format, typer.Option("--format", help="Form of the list.")] = Format.TEXT,
) -> int:
    """List the rules of the audit: id, severity, name and what each finds."""
    from archiver import registry

    rules = sorted(registry.rules(), key=lambda rule: rule.id)
    if form is Format.JSON:
        tell(json.dumps({"rules": [_described(rule) for rule in rules]}, indent=1))
        return ExitCode.OK
    width = max(len(rule.name) for rule in rules)
    for rule in rules:
        tell(f"{rule.id}  {rule.severity.value:<7}  {rule.name:<{width}}  {rule.summary}")
    return ExitCode.OK


def explain(
    name: Annotated[
        str, typer.Argument(metavar="RULE", help="Id or name, such as RA103 or no-seed.")
    ],
) -> int:
    """Tell what a rule finds, why it matters, an example, and what to do."""
    from archiver import registry, rulebook

    for rule in registry.rules():
        if name in (rule.name, rule.name.replace("-", "_")) or name.upper() == rule.id:
            tell(f"{rule.id} {rule.name} ({rule.severity.value})\n\n{rulebook.page(rule).rstrip()}")
            for key, spec in rule.thresholds.items():
                tell(f"\nThreshold {key} = {spec.default:g}\n    {spec.meaning}")
            return ExitCode.OK
    raise ArchiverError(name, "is no rule", "`runarchive rules` lists ids and names")


def _described(rule: Rule) -> dict[str, object]:
    return {
        "id": rule.id,
        "name": rule.name,
        "severity": rule.severity.value,
        "summary": rule.summary,
        "thresholds": {
            key: {"default": spec.default, "meaning": spec.meaning}
            for key, spec in rule.thresholds.items()
        },
    }
