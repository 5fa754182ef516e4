"""What a schema asks for and what stands there instead, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from archiver.schemacheck.faults import Fault
from archiver.schemacheck.violation import cut, found_text, json_value

_MOST_OPTIONS = 8
_MOST_SENTENCE = 160
_BOUNDS = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "exclusiveMinimum": "more than {}",
    "exclusiveMaximum": "less than {}",
    "multipleOf": "a multiple of {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "minProperties": "at least {} keys",
    "maxProperties": "at most {} keys",
    "minContains": "at least {} items of a kind",
    "maxContains": "at most {} items of a kind",
}


def found(fault: Fault) -> str:
    """What stands there."""
    if fault.keyword in {"minLength", "maxLength"}:
        return f"{len(fault.instance):,}"
    if fault.keyword == "uniqueItems":
        return "one of them twice"
    return found_text(fault.instance, fault.path)


def expected(fault: Fault) -> str:
    """What would have been right."""
    if fault.keyword in _BOUNDS:
        words = _BOUNDS[fault.keyword].format(json_value(fault.asked))
        return words[:-1] if fault.asked == 1 and words.endswith("s") else words
    says = _SAYS.get(fault.keyword)
    return says(fault) if says else f"what {fault.keyword} asks for"


def any_of(names: Iterable[str]) -> str:
    """`a, b or c`."""
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else str(last)


def sentence(schema: Mapping[str, Any]) -> str:
    """The first sentence of what a schema says it is."""
    text = str(schema.get("description") or schema.get("title") or "")
    first = text.partition(". ")[0].strip().rstrip(".")
    return first if len(first) <= _MOST_SENTENCE else first[: _MOST_SENTENCE - 1] + "…"


def types(fault: Fault) -> list[str]:
    """The types that a `type` keyword allows."""
    return [fault.asked] if isinstance(fault.asked, str) else list(fault.asked)


def _options(values: Sequence[Any]) -> str:
    if len(values) == 1:
        return json_value(values[0])
    shown = [json_value(value) for value in values[:_MOST_OPTIONS]]
    more = len(values) - len(shown)
    return f"one of {', '.join(shown)}" + (f" and {more} more" if more else "")


def _text(fault: Fault) -> str:
    """An example of a text, where a pattern alone would say little."""
    examples = fault.schema.get("examples")
    if isinstance(examples, list) and examples:
        return f"text like {json_value(examples[0])}"
    return f"text that matches {cut(str(fault.asked))}"


def _companions(fault: Fault) -> str:
    """Keys that are missing beside those that are there."""
    needed = {
        each: key
        for key, others in fault.asked.items()
        if key in fault.instance
        for each in others
        if each not in fault.instance
    }
    return ", ".join(
        f"the key {json_value(key)} beside {json_value(by)}" for key, by in needed.items()
    )


_SAYS: dict[str, Callable[[Fault], str]] = {
    "": lambda _: "nothing here",
    "type": lambda fault: any_of(types(fault)),
    "enum": lambda fault: _options(fault.asked),
    "const": lambda fault: json_value(fault.asked),
    "pattern": _text,
    "uniqueItems": lambda _: "items that are all different",
    "dependentRequired": _companions,
    "oneOf": lambda fault: f"one of {len(fault.asked)} alternatives alone",
    "contains": lambda _: "an item of a certain kind",
    "not": lambda fault: sentence(fault.schema) or "another value",
}
