"""The thorough engine's errors as violations: the branch that was meant, and words for people.

Of alternatives (`anyOf`, `oneOf`) the one that fits best is explained, not that none fits: the
branch whose constants, then required keys, then evidence are met. Where the value as a whole is of
no branch's type, all that was allowed is named at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import islice

from archiver.codecs.pointers import pointer
from archiver.schemacheck import hints, wording
from archiver.schemacheck.faults import Fault, Outline
from archiver.schemacheck.screen import holds_marker
from archiver.schemacheck.violation import Readings, Violation, cut, json_value

MOST_BRANCH_FAULTS = 5
"""Faults told of the branch that fits best."""
MOST_KEYS = 10
"""Unknown keys of one object that are told one by one."""
_NEAR_KEYS = 500
"""Keys of an object among which one is looked for that was meant."""
_NEAR_CHARACTERS = 64
_NEARNESS = 0.75
_OF_THE_WHOLE = frozenset(("", "type", "enum", "const"))


@dataclass(frozen=True, slots=True)
class Explainer:
    """Explains the faults that one schema found."""

    outline: Outline
    readings: Readings

    def violations(self, fault: Fault) -> Iterator[Violation]:
        """The violations that one fault stands for."""
        if fault.branches:
            yield from self._branches(fault)
        elif fault.keyword == "required":
            yield self._missing(fault)
        elif fault.keyword in {"additionalProperties", "unevaluatedProperties"}:
            yield from self._unknown(fault)
        elif "propertyNames" in fault.schema_path:
            yield self._bad_key(fault)
        else:
            yield _violation(
                fault, wording.expected(fault), wording.found(fault), self._hint(fault)
            )

    def _hint(self, fault: Fault) -> str:
        wanted = frozenset(_types(fault))
        if fault.instance is None and wanted:
            required = fault.key in self.outline.required_beside(fault)
            return hints.for_null(fault.key, required=required)
        if fault.keyword == "enum" and isinstance(fault.instance, str):
            return _near(fault.instance, [one for one in fault.asked if isinstance(one, str)])
        return hints.for_type(fault.instance, wanted, fault.path, self.readings) if wanted else ""

    def _missing(self, fault: Fault) -> Violation:
        """A required key that is not there. The engine names it in its message alone."""
        key = next((k for k in fault.asked if fault.message.startswith(f"{k!r} is a ")), "")
        known = self.outline.known_keys(fault.schema)
        hint = _near_present(key, fault.instance, known)
        if not hint:
            meaning = known.get(key)
            said = wording.sentence(meaning if isinstance(meaning, Mapping) else {})
            said = said or wording.sentence(self.outline.resolved(meaning))
            hint = f"{key}: {said}" if said else ""
        text = json_value(key)
        message = f"the key {text} is missing"
        return _violation(fault, f"the key {text}", "no such key", hint, message)

    def _unknown(self, fault: Fault) -> Iterator[Violation]:
        """Keys that may not stand there, each at its own place."""
        known = self.outline.known_keys(fault.schema)
        missing = [name for name in known if name not in fault.instance]
        extras = (key for key in _extras(fault, known) if not holds_marker(key))
        for key in islice(extras, MOST_KEYS):
            text = json_value(key)
            message = f"the key {text} is not known here"
            violation = _violation(
                fault, "keys that are known", f"the key {text}", _near(key, missing), message
            )
            yield replace(violation, pointer=pointer((*fault.path, key)))

    def _bad_key(self, fault: Fault) -> Violation:
        expected, key = wording.expected(fault), str(fault.instance)
        text = json_value(key)
        message = f"the key {text} may not stand here: expected {expected}"
        violation = _violation(fault, expected, f"the key {text}", "", message)
        return replace(violation, pointer=pointer((*fault.path, key)))

    def _branches(self, fault: Fault) -> Iterator[Violation]:
        """The violations of the branch that was meant."""
        scores = {index: self._misfit(fault, index) for index in fault.branches}
        best = min(scores, key=lambda index: (scores[index], index))
        if scores[best][0]:
            expected = wording.any_of(dict.fromkeys(_allowed(fault)))
            yield _violation(fault, expected, wording.found(fault), self._hint(fault))
            return
        era = self.outline.resolved(fault.asked[best]).get("x-era")
        for one in fault.branches[best][:MOST_BRANCH_FAULTS]:
            for violation in self.violations(one):
                told = f"{violation.message} (as of {cut(str(era))})"
                yield replace(violation, message=told) if era else violation

    def _misfit(self, fault: Fault, index: int) -> tuple[int, int, int, int, int]:
        """How badly a branch fits; the first differences weigh most.

        Whether the value as a whole is no such thing; constants of its members that say
        otherwise; required keys that are missing; evidence that is there; faults.
        """
        whole = constants = missing = 0
        for one in fault.branches[index]:
            depth = len(one.path) - len(fault.path)
            if depth == 0 and one.keyword in _OF_THE_WHOLE:
                whole = 1
            elif depth == 0 and one.branches:
                whole |= min(self._misfit(one, inner)[0] for inner in one.branches)
            elif depth == 1 and one.keyword in {"const", "enum"}:
                constants += 1
            missing += depth == 0 and one.keyword == "required"
        branch = self.outline.resolved(fault.asked[index])
        evidence = branch.get("x-evidence", branch.get("required", ()))
        shown = 0
        if isinstance(fault.instance, dict) and isinstance(evidence, list):
            shown = sum(key in fault.instance for key in evidence)
        return whole, constants, missing, -shown, len(fault.branches[index])


def _violation(fault: Fault, expected: str, found: str, hint: str, message: str = "") -> Violation:
    message = message or f"expected {expected}, found {found}"
    return Violation(
        pointer(fault.path), fault.keyword or "false", expected, found, message, hint,
        pointer(fault.schema_path),
    )  # fmt: skip


def _types(fault: Fault) -> Iterator[str]:
    """Types that would have been right."""
    if fault.keyword == "type":
        yield from wording.types(fault)
    for branch in fault.branches.values():
        for one in branch:
            if len(one.path) == len(fault.path):
                yield from _types(one)


def _allowed(fault: Fault) -> Iterator[str]:
    """What each branch would have taken, where the value as a whole fits none."""
    for branch in fault.branches.values():
        for one in branch:
            if len(one.path) != len(fault.path):
                continue
            if one.branches:
                yield from _allowed(one)
            elif one.keyword == "type":
                yield from wording.types(one)
            elif one.keyword in _OF_THE_WHOLE:
                yield wording.expected(one)


def _extras(fault: Fault, known: Mapping[str, object]) -> Iterator[str]:
    if fault.keyword == "additionalProperties":
        from archiver.schemacheck.keywords import additional

        return additional(fault.instance, fault.schema)
    return (key for key in fault.instance if key not in known)


def _near(key: str, options: Sequence[str]) -> str:
    """The option that was meant, if one is close."""
    near = get_close_matches(key[:_NEAR_CHARACTERS], options[:_NEAR_KEYS], 1, _NEARNESS)
    return f"did you mean {near[0]}?" if near else ""


def _near_present(key: str, instance: Mapping[str, object], known: Mapping[str, object]) -> str:
    """A key that is there, that nobody knows, and that looks like one that is missing."""
    unknown = [
        name
        for name in islice(instance, _NEAR_KEYS)
        if name not in known and len(name) <= _NEAR_CHARACTERS
    ]
    near = get_close_matches(key, unknown, 1, _NEARNESS)
    return f"{json_value(near[0])} is there; did you mean {key}?" if near else ""
