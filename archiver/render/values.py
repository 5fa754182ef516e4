"""Values of the record with their origin, as a reader wants to see them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace

from archiver.model.claims import Location, Origin
from archiver.model.record import Other, Resolved
from archiver.model.values import Tagged, Value, nonfinite, to_json
from archiver.render.escape import Markdown, code, fence, inline, prose
from archiver.render.shapes import Bullet
from archiver.render.yaml_text import dump_value

NOT_RECORDED = Markdown("not recorded")
NONE = Markdown("none")
_LONGEST_LINE = 160
"""Characters of a value beside its label; longer ones stand in a block beneath."""
_MOST_IN_NOTE = 50
"""Places that a note may tell by itself; each is looked for in it."""
_LONGEST_NOTE = 100


def show(value: Value) -> tuple[Markdown, Markdown | None]:
    """A value as text for one line, or as a short word and a block."""
    if isinstance(value, str) and ("\n" in value or len(value) > _LONGEST_LINE):
        return Markdown(f"text of {len(value)} characters"), fence(value, "text")
    if isinstance(value, list) and value and not any(isinstance(v, list | dict) for v in value):
        line = Markdown(", ".join(scalar(item) for item in value))
        return (line, None) if len(line) <= _LONGEST_LINE else _block(value)
    if isinstance(value, list | dict) and value:
        text = json.dumps(to_json(value), ensure_ascii=False)
        return (code(text), None) if len(text) <= _LONGEST_LINE else _block(value)
    return scalar(value), None


def _block(value: Value) -> tuple[Markdown, Markdown]:
    kind = "list" if isinstance(value, list) else "map"
    size = len(value) if isinstance(value, list | dict) else 1
    return Markdown(f"{kind} of {size}"), fence(dump_value(value).rstrip("\n"), "yaml")


def scalar(value: Value) -> Markdown:
    """A value without parts; what is recorded as null or empty is `none`."""
    match value:
        case None | "" | [] | {}:
            return NONE
        case bool():
            return Markdown("true" if value else "false")
        case int():
            return Markdown(str(value))
        case float():
            return Markdown(repr(value) if value - value == 0 else nonfinite(value))
        case str():
            return inline(value)
        case Tagged(type=kind, value=text):
            return Markdown(f"{inline(text)} ({inline(kind)})")
        case _:
            return code(json.dumps(to_json(value), ensure_ascii=False))


def place(at: Location) -> Markdown:
    """A location; empty for what stands nowhere in the run."""
    if at.path:
        return inline(str(at))
    return Markdown("command line") if at.scope == "command-line" else Markdown("")


def places(locations: Iterable[Location]) -> Markdown:
    """Several locations in a row, those of one file together."""
    files: dict[tuple[str, str], list[Location]] = {}
    for at in locations:
        files.setdefault((at.scope, at.path), []).append(at)
    return Markdown(", ".join(filter(None, map(_of_file, files.values()))))


def _of_file(found: list[Location]) -> str:
    inside = [at.place for at in found if at.place]
    if len(found) == 1 or not inside:
        return place(found[0])
    return f"{place(replace(found[0], place=''))} ({', '.join(map(inline, inside))})"


def origin(kind: Origin, at: Location, rule: str | None = None) -> Markdown:
    """`recorded, metadata.json#/sha`, or `derived by cuda-tag-of-torch, ...`."""
    by = f" by {prose(rule)}" if rule else ""
    where = "" if kind is Origin.DERIVED and not at.path else place(at)
    return Markdown(f"{kind.value}{by}, {where}" if where else f"{kind.value}{by}")


def field_bullet(label: str, field: Resolved) -> Bullet:
    """A field that somebody claims, with its origin, its note and the claims that lost."""
    text, block = show(field.value)
    source = origin(field.origin, field.at, field.rule)
    if text is NONE and field.origin is Origin.RECORDED:
        line = f"none (recorded) at {place(field.at)}"
    else:
        line = f"{text} ({source})"
    return Bullet(label, Markdown(line), block, tuple(_beneath(field)))


def _beneath(field: Resolved) -> Iterable[Bullet]:
    note = field.note or ""
    if note:
        yield _note(note)
    few = field.from_ if len(field.from_) <= _MOST_IN_NOTE else ()
    told = {field.at} | {at for at in few if str(at) in note}
    if not told.issuperset(field.from_):
        yield Bullet("from", places(field.from_))
    agreed = [item.at for item in field.others if item.verdict == "same"]
    if agreed:
        yield Bullet("same", places(agreed))
    yield from (_other(item) for item in field.others if item.verdict != "same")


def _note(note: str) -> Bullet:
    parts = note.split("; ")
    if len(note) <= _LONGEST_NOTE or len(parts) == 1:
        return Bullet("note", prose(note))
    return Bullet("note", Markdown(""), below=tuple(Bullet("", prose(part)) for part in parts))


def _other(item: Other) -> Bullet:
    text, block = show(item.value)
    verdict = "" if item.verdict == "different" else f", {prose(item.verdict)}"
    words = f"{place(item.at) or 'nobody'} says {text} ({item.origin.value}{verdict})"
    return Bullet("also", Markdown(words), block)
