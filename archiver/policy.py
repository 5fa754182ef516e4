"""What an audit asks for: which rules, how grave, with which exceptions and why.

A policy is a file of the person who audits, `runarchive.toml` or `[tool.runarchive]` in
pyproject.toml; `schemas/policy.v1.json` describes it. A run never brings its own.
"""

from __future__ import annotations

import math
import os.path
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archiver import resources
from archiver.codecs.flaws import INFORMATIONAL
from archiver.errors import ArchiverError
from archiver.limits import DEFAULT
from archiver.model.findings import Severity
from archiver.model.plain import dataclass

if TYPE_CHECKING:
    from archiver.extension import Rule

FILE = "runarchive.toml"
_PYPROJECT = "pyproject.toml"
_MAY_HOLD_OURS = re.compile(
    rb"""tool["']?[ \t]*\.[ \t]*["']?runarchive
    | ^\xef?\xbb?\xbf?[ \t]*(?:\[[ \t]*)?["']?tool["']?[ \t]*[]=]""",
    re.MULTILINE | re.VERBOSE,
)
"""`tool.runarchive` in a header or key, or the whole of `tool`. That a project uses or is called
runarchive is no policy; to parse its file would take longer than to look at most artifacts."""
_HARMLESS = INFORMATIONAL | {"bom", "empty"}


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
class Volatility:
    """What a comparison of runs takes for volatile, besides what it knows itself."""

    keys: tuple[str, ...] = ()
    """Shell patterns over last keys or, with a dot, whole fields."""
    values: tuple[str, ...] = ()
    """Regular expressions of parts of texts."""
    never: tuple[str, ...] = ()
    """Shell patterns: what they cover always counts."""


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
    diff: Volatility = Volatility()
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
        if _is_file(place / FILE):
            return place / FILE
        project = place / _PYPROJECT
        if _is_file(project) and _table(project) is not None:
            return project
    return None


def _is_file(path: Path) -> bool:
    """Whether there is a file; none where a directory above will not tell."""
    return os.path.isfile(path)  # noqa: PTH113  `Path.is_file` raises there


def load(path: Path, rules: Iterable[Rule], *, explicit: bool) -> Policy:
    """Read a policy file.

    Raises:
        ArchiverError: when it cannot be read, or asks for what there is not.
    """
    if path.name == _PYPROJECT:
        table = _table(path)
        document = {} if table is None else table
    else:
        document = _parsed(path, _content(path))
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
    _check_expressions(policy.diff, source)
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
        for name, number in numbers.items():
            if name not in known:
                hint = f"it has {', '.join(sorted(known)) or 'none'}"
                raise ArchiverError(source, f"{key} has no threshold {name}", hint)
            if not math.isfinite(number):
                hint = "give a number; [[ignore]] keeps a rule quiet"
                raise ArchiverError(source, f"{key}: {name} = {number}", hint)


def _check_expressions(diff: Volatility, source: str) -> None:
    for pattern in diff.values:
        try:
            re.compile(pattern)
        except re.error as fault:
            hint = "mend it in volatile-values"
            raise ArchiverError(source, f"{pattern} is no expression ({fault})", hint) from None


def refuse_own(root: Path, policy: Policy) -> None:
    """A run is not asked how it wants to be judged.

    Raises:
        ArchiverError: where the policy was found inside of it.
    """
    if policy.base is None or policy.explicit:
        return
    whole = root.resolve()
    if whole == policy.base or whole in policy.base.parents:
        raise ArchiverError(
            policy.source,
            f"lies inside of {root}, which does not choose its own policy",
            "give one with --policy",
        )


def _table(path: Path) -> Any:  # noqa: ANN401
    """What a pyproject.toml holds for runarchive, None where it holds nothing."""
    data = _content(path)
    if b"runarchive" not in data or not _MAY_HOLD_OURS.search(data):
        return None  # Nobody's policy: what else is in it, or wrong with it, is not looked at.
    tools = _parsed(path, data).get("tool")
    return tools.get("runarchive") if isinstance(tools, dict) else None


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(DEFAULT.toml_bytes + 1)
    except OSError as fault:
        hint = "give a policy file that exists and that you may read"
        raise ArchiverError(str(path), fault.strerror or "cannot be read", hint) from None


def _parsed(path: Path, data: bytes) -> dict[str, Any]:
    from archiver.codecs import toml_document

    # It may be a file that a hostile run brought to the current directory.
    document = toml_document.parse(data, DEFAULT)
    flaws = (flaw for flaw in document.flaws if flaw.code not in _HARMLESS)
    fault = next(flaws, None)
    if fault is not None:
        told = f"{fault.place}: {fault.message}" if fault.place else fault.message
        raise ArchiverError(str(path), f"is no TOML that can be read ({told})", "mend it")
    return document.value


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
        diff=_volatility(document.get("diff", {})),
    )


def _volatility(table: Mapping[str, Any]) -> Volatility:
    return Volatility(
        tuple(table.get("volatile", ())),
        tuple(table.get("volatile-values", ())),
        tuple(table.get("significant", ())),
    )


def _severities(document: Mapping[str, Any]) -> dict[str, Severity]:
    return {name: Severity(word) for name, word in document.get("severity", {}).items()}
