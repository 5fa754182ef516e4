"""What an audit asks for: which rules, how grave, with which exceptions and why.

A policy is a file of the person who audits, `runarchive.toml` or `[tool.runarchive]` in
pyproject.toml; `schemas/policy.v1.json` describes it. A run never brings its own.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archiver import resources
from archiver.errors import ArchiverError
from archiver.model.findings import Severity
from archiver.model.plain import dataclass

if TYPE_CHECKING:
    from archiver.extension import Rule

FILE = "runarchive.toml"
_PYPROJECT = "pyproject.toml"
_TABLE = "tool.runarchive"


@dataclass(frozen=True, slots=True)
class Ignore:
    """Rules that are kept quiet, and why."""

    rules: tuple[str, ...]
    """Ids, names or shell patterns of either."""
    reason: str
    paths: tuple[str, ...] = ()
    """Runs or files that it is for; empty: all."""


@dataclass(frozen=True, slots=True)
class Override:
    """Other severities and thresholds for some paths."""

    paths: tuple[str, ...]
    severity: Mapping[str, Severity] = field(default_factory=dict)
    thresholds: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything that decides about findings besides the runs themselves."""

    fail_on: Severity | None = Severity.ERROR
    """From this severity on findings fail the command; None: never."""
    select: tuple[str, ...] = ("*",)
    ignores: tuple[Ignore, ...] = ()
    severity: Mapping[str, Severity] = field(default_factory=dict)
    thresholds: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    overrides: tuple[Override, ...] = ()
    require: tuple[str, ...] = ()
    """Fields of the record that must be answered."""
    base: Path | None = None
    """Directory that paths are relative to; None where there is no file."""
    source: str = ""
    """The file, for messages."""
    explicit: bool = False
    """Whether the person named the file, instead of having it found."""

    def selects(self, rule: Rule) -> bool:
        """Whether the rule is asked for at all."""
        return names(rule, self.select)

    def severity_of(self, rule: Rule, paths: Iterable[str]) -> Severity | None:
        """The severity that the policy sets for a rule at a path, None where it sets none."""
        for override in reversed(self.overrides):
            if _covers(override.paths, paths):
                found = _first(override.severity, rule)
                if found is not None:
                    return found
        return _first(self.severity, rule)

    def thresholds_of(self, rule: Rule, paths: Iterable[str]) -> dict[str, float]:
        """The rule's thresholds for a run, defaults filled in."""
        values = {name: spec.default for name, spec in rule.thresholds.items()}
        for table in self._tables(tuple(paths)):
            for key, numbers in table.items():
                if names(rule, (key,)):
                    values |= numbers
        return values

    def _tables(self, paths: tuple[str, ...]) -> Iterator[Mapping[str, Mapping[str, float]]]:
        yield self.thresholds
        for override in self.overrides:
            if _covers(override.paths, paths):
                yield override.thresholds

    def reason_to_ignore(self, rule: Rule, paths: Iterable[str]) -> str | None:
        """Why a finding of the rule at these paths is kept quiet, None where it is not."""
        known = tuple(paths)
        for item in self.ignores:
            if names(rule, item.rules) and (not item.paths or _covers(item.paths, known)):
                return item.reason
        return None


def names(rule: Rule, patterns: Iterable[str]) -> bool:
    """Whether one of the patterns names the rule, by id or by name."""
    return any(
        fnmatchcase(rule.name, pattern) or fnmatchcase(rule.id, pattern) for pattern in patterns
    )


def _first(table: Mapping[str, Severity], rule: Rule) -> Severity | None:
    return next((value for key, value in table.items() if names(rule, (key,))), None)


def _covers(patterns: Iterable[str], paths: Iterable[str]) -> bool:
    """Whether a pattern names one of the paths, or a directory above it."""
    known = tuple(paths)
    return any(
        fnmatchcase(path, pattern) or fnmatchcase(path, pattern.rstrip("/") + "/*")
        for pattern in patterns
        for path in known
    )


def nearest(directory: Path) -> Path | None:
    """The policy that is in force in a directory: its own, or that of the closest one above."""
    for place in (directory, *directory.parents):
        if (place / FILE).is_file():
            return place / FILE
        project = place / _PYPROJECT
        if project.is_file() and "runarchive" in _toml(project).get("tool", {}):
            return project
    return None


def load(path: Path, rules: Iterable[Rule], *, explicit: bool) -> Policy:
    """Read a policy file.

    Raises:
        ArchiverError: when it cannot be read, or asks for what there is not.
    """
    document = _toml(path)
    if path.name == _PYPROJECT:
        document = document.get("tool", {}).get("runarchive", {})
    _validate(path, document)
    policy = replace(
        _policy(document), base=path.resolve().parent, source=str(path), explicit=explicit
    )
    check(policy, tuple(rules), str(path))
    return policy


def check(policy: Policy, rules: tuple[Rule, ...], source: str) -> None:
    """Refuse names that no rule has: a misspelt exception must not look like one.

    Raises:
        ArchiverError: names the first.
    """
    patterns = [*policy.select, *policy.severity, *policy.thresholds]
    patterns += [name for item in policy.ignores for name in item.rules]
    patterns += [name for item in policy.overrides for name in (*item.severity, *item.thresholds)]
    for pattern in patterns:
        if pattern != "*" and not any(names(rule, (pattern,)) for rule in rules):
            hint = "`runarchive rules` lists ids and names"
            raise ArchiverError(source, f"{pattern} names no rule", hint)
    tables = [policy.thresholds, *(item.thresholds for item in policy.overrides)]
    for key, numbers in (item for table in tables for item in table.items()):
        known = {name for rule in rules if names(rule, (key,)) for name in rule.thresholds}
        for name in numbers:
            if name not in known:
                hint = f"it has {', '.join(sorted(known)) or 'none'}"
                raise ArchiverError(source, f"{key} has no threshold {name}", hint)


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as fault:
        hint = "give a policy file that exists and that you may read"
        raise ArchiverError(str(path), fault.strerror or "cannot be read", hint) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise ArchiverError(str(path), f"is no TOML ({fault})", "mend it") from None


def _validate(path: Path, document: dict[str, Any]) -> None:
    """Hold the file against its schema.

    Raises:
        ArchiverError: names the first fault.
    """
    import json

    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    schema = json.loads(resources.text(resources.SCHEMAS, "policy.v1.json"))
    fault = best_match(Draft202012Validator(schema).iter_errors(document))
    if fault is not None:
        place = ".".join(map(str, fault.absolute_path))
        hint = "`runarchive schemas policy` prints what it may hold"
        raise ArchiverError(str(path), f"{place or 'the top'}: {fault.message}", hint)


def _policy(document: Mapping[str, Any]) -> Policy:
    word = document.get("fail-on", "error")
    return Policy(
        fail_on=None if word == "never" else Severity(word),
        select=tuple(document.get("select", ("*",))),
        ignores=tuple(
            Ignore(tuple(item["rules"]), item["reason"], tuple(item.get("paths", ())))
            for item in document.get("ignore", ())
        ),
        severity=_severities(document),
        thresholds=document.get("thresholds", {}),
        overrides=tuple(
            Override(tuple(item["paths"]), _severities(item), item.get("thresholds", {}))
            for item in document.get("override", ())
        ),
        require=tuple(document.get("require", ())),
    )


def _severities(document: Mapping[str, Any]) -> dict[str, Severity]:
    return {name: Severity(word) for name, word in document.get("severity", {}).items()}
