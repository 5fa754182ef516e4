"""From a place where two values differ to the difference that is told."""

from __future__ import annotations

from dataclasses import dataclass, replace

from archiver.diff.alike import NOT_COMPARED, Judged, Terms, Verdict, absent, judge, secret_kinds
from archiver.diff.moves import Found
from archiver.diff.names import Path, dotted, last, words
from archiver.diff.options import Options
from archiver.diff.settings_table import GOVERNING, OPTIMISATION, OTHER, rank
from archiver.diff.showing import folded
from archiver.diff.walk import Leaf
from archiver.model.differences import Area, Difference, Kind, Missing, Side, Significance
from archiver.model.values import Tagged

_ORDERED = frozenset(
    {
        "callbacks", "corpora", "curriculum", "data", "dataset", "datasets", "files", "layers",
        "milestones", "phases", "pipeline", "sources", "stages", "steps", "train", "transforms",
    }
)  # fmt: skip
"""Words of lists whose order decides what happens: what is done, or read, one after another."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Where leaves come from and under which terms they are judged."""

    area: Area
    role: str
    terms: Terms
    options: Options
    null_is_nothing: bool = True
    """Whether a null on one side and nothing on the other say the same."""


def told(found: Found, setting: Setting) -> Difference:
    """The difference of one leaf."""
    leaf = found.leaf
    kind, significance, note = _weighed(found, setting)
    a, b, long = folded(leaf.a, leaf.b)
    return Difference(
        area=setting.area,
        role=setting.role,
        field=dotted(leaf.path),
        kind=kind,
        a=a,
        b=b,
        from_=dotted(found.before) if found.before is not None else "",
        significance=significance,
        rank=_rank(leaf),
        note="; ".join(filter(None, (note, long))),
    )


def _rank(leaf: Leaf) -> int:
    """A list of steps with their settings is none of what optimisation is told by."""
    found = rank(leaf.path)
    lists = (side for side in (leaf.a, leaf.b) if isinstance(side, list))
    described = any(isinstance(item, dict) for side in lists for item in side[:1])
    return OTHER if described and found < OPTIMISATION else found


def _weighed(found: Found, setting: Setting) -> tuple[Kind, Significance, str]:
    leaf = found.leaf
    if isinstance(leaf.a, Missing) or isinstance(leaf.b, Missing):
        return _one_sided(leaf, setting)
    if leaf.reordered:
        return Kind.CHANGED, _order(leaf), "in another order"
    terms = replace(setting.terms, key=last(leaf.path))
    judged = judge(leaf.a, leaf.b, terms)
    kind = {Verdict.RETYPED: Kind.RETYPED}.get(judged.verdict, Kind.CHANGED)
    if found.before is not None and judged.verdict < Verdict.RETYPED:
        kind = Kind.MOVED
    significance, note = _of_verdict(leaf, judged, setting)
    return kind, significance, note


def _of_verdict(leaf: Leaf, judged: Judged, setting: Setting) -> tuple[Significance, str]:
    if judged.verdict <= Verdict.EQUIVALENT:
        return Significance.EQUIVALENT, judged.note
    if judged.verdict is Verdict.RETYPED:
        one, other = (_kind(side) for side in (leaf.a, leaf.b))
        return Significance.SIGNIFICANT, f"{one} in the first run, {other} in the second"
    if _secrets(leaf.a) != _secrets(leaf.b) and (absent(leaf.a) or absent(leaf.b)):
        return Significance.VOLATILE, NOT_COMPARED
    if absent(leaf.a) and absent(leaf.b):
        return Significance.EQUIVALENT, "neither says anything"
    if setting.options.volatile.covers(leaf.path, leaf.a, leaf.b):
        return Significance.VOLATILE, ""
    return Significance.SIGNIFICANT, ""


def _secrets(side: Side) -> tuple[str, ...]:
    """Kinds of the secrets that were taken out of a side."""
    return () if isinstance(side, Missing) else secret_kinds(side)


def _one_sided(leaf: Leaf, setting: Setting) -> tuple[Kind, Significance, str]:
    kind = Kind.ADDED if isinstance(leaf.a, Missing) else Kind.REMOVED
    value = leaf.b if isinstance(leaf.a, Missing) else leaf.a
    if _secrets(value):
        return kind, Significance.VOLATILE, NOT_COMPARED
    if absent(value, typed=setting.terms.typed):
        # A null may switch off what would otherwise have a default.
        if setting.null_is_nothing or rank(leaf.path) >= GOVERNING:
            return kind, Significance.EQUIVALENT, "null and nothing are the same here"
        return kind, Significance.SIGNIFICANT, "null may switch off a default"
    if setting.options.volatile.covers(leaf.path, leaf.a, leaf.b):
        return kind, Significance.VOLATILE, ""
    return kind, Significance.SIGNIFICANT, ""


def _order(leaf: Leaf) -> Significance:
    """Order matters of numbers, and of what is read or done one after another.

    Names in another order (`target_modules`, tags) say the same: many are written from sets.
    """
    items = leaf.a if isinstance(leaf.a, list) else []
    numbers = any(isinstance(item, int | float) and not isinstance(item, bool) for item in items)
    ordered = _ORDERED.intersection(*[_parts(leaf.path)])
    return Significance.SIGNIFICANT if numbers or ordered else Significance.EQUIVALENT


def _parts(path: Path) -> set[str]:
    return {part for name in words(path)[-1:] for part in (name, *name.split("_"))}


def _kind(value: Side) -> str:
    match value:
        case str():
            return "text"
        case bool():
            return "a truth value"
        case int() | float():
            return "a number"
        case None:
            return "null"
        case Tagged():
            return f"a {value.type}"
    return "a list"
