"""The template's Steps: one YAML block that reads back as the record's steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

from archiver.model import codec, fields
from archiver.model.fields import Section
from archiver.model.record import RunRecord, Source, Step
from archiver.model.values import Value
from archiver.render.yaml_text import Node, Noted, dump

_ORDER: tuple[tuple[str, ...], ...] = tuple(
    tuple(item.name.split(".")[1:]) for item in fields.of_section(Section.STEPS)
)
"""Paths of the template's step fields."""


def steps_yaml(record: RunRecord) -> str:
    """Every step with every field of the template first, then what else the record holds."""
    return dump([_step(step, record.coverage.fields) for step in record.steps])


def _step(step: Step, answers: Mapping[str, str]) -> Node:
    encoded = codec.encode(step)
    if not isinstance(encoded, dict):
        raise TypeError("a step is an object")
    return _object(encoded, (), step, answers)


def _object(
    data: Mapping[str, Value], path: tuple[str, ...], step: Step, answers: Mapping[str, str]
) -> Node:
    """The template's keys of one object in its order, then the others."""
    here = [names[len(path)] for names in _ORDER if names[: len(path)] == path != names]
    ordered = {name: data[name] for name in here if name in data} | dict(data)
    parts: dict[str, Node] = {}
    for key, value in ordered.items():
        inner = (*path, key)
        is_inner = any(names[: len(inner)] == inner != names for names in _ORDER)
        if is_inner and isinstance(value, dict):
            parts[key] = _object(value, inner, step, answers)
        elif any(names[: len(inner)] == inner for names in _ORDER):
            parts[key] = _noted(value, inner, step, answers)
        else:
            parts[key] = cast("Node", value)
    return parts


def _noted(value: Value, path: tuple[str, ...], step: Step, answers: Mapping[str, str]) -> Node:
    """A value of the template with its remark: what is missing, or another origin."""
    if value is None or value in ([], {}):
        return Noted(cast("Node", value), _missing(path, step, answers))
    source = step.sources.get(".".join(path))
    if source is None or isinstance(value, list | dict):
        return cast("Node", value)
    return Noted(cast("Node", value), _origin(source))


def _origin(source: Source) -> str:
    by = f" by {source.rule}" if source.rule else ""
    return f"{source.origin.value}{by}"


def _missing(path: tuple[str, ...], step: Step, answers: Mapping[str, str]) -> str:
    if _is_meaningless(path, step):
        return "n/a"
    names = [name for name in _names(path) if name in answers]
    inapplicable = bool(names) and all(answers[name] == "n/a" for name in names)
    return "n/a" if inapplicable else "not recorded"


def _is_meaningless(path: tuple[str, ...], step: Step) -> bool:
    """Training of an evaluation, evaluation of a training, the error of what did not fail."""
    if path[0] == "training":
        return "train" not in step.name
    if path[0] == "eval":
        return "eval" not in step.name
    return path[0] in ("error", "error_stack") and step.status in ("success", "skipped")


def _names(path: tuple[str, ...]) -> Iterable[str]:
    """Names in the registry that stand at or below a path."""
    for names in _ORDER:
        if names[: len(path)] == path:
            yield ".".join(("steps", *names))
