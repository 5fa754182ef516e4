"""A comparison as Markdown for a pull request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from archiver.gitstate.history import Commit, History
from archiver.model.differences import (
    Area,
    Compared,
    Comparison,
    Difference,
    Significance,
    Variation,
    VariedField,
)
from archiver.render import sides
from archiver.render.diff_text import related
from archiver.render.escape import Markdown, inline, prose
from archiver.render.shapes import Bullet, Cell, Table, bullets, table
from archiver.wording import counted


def comparison(
    found: Comparison, history: History | None = None, *, everything: bool = False
) -> str:
    """Two runs; `everything` also tells what is volatile or equivalent."""
    parts = [
        f"# {inline(sides.name(found.a))} against {inline(sides.name(found.b))}",
        table(_runs([("A", found.a), ("B", found.b)])),
        Markdown(f"**{sides.summed(found.summary())}**"),
        *_cautions(found.cautions),
    ]
    by_area = sides.areas(found.differences)
    for area in Area:
        parts += _area(area, by_area.get(area, []), everything=everything)
        if area is Area.CODE and history is not None:
            parts += _history(history)
    if found.not_compared:
        told = "; ".join(f"{area} ({why})" for area, why in found.not_compared.items())
        parts.append(f"Not compared: {prose(told)}.")
    return "\n\n".join(parts) + "\n"


def _runs(runs: Sequence[tuple[str, Compared]]) -> Table:
    rows = [
        (label, sides.name(run), ", ".join(run.producers), run.status, run.path)
        for label, run in runs
    ]
    return Table(("", "run", "producers", "status", "path"), rows, always=4)


def _cautions(cautions: Sequence[str]) -> Iterator[Markdown]:
    if cautions:
        yield bullets(Bullet("**Caution**", prose(words)) for words in cautions)


def _area(area: Area, items: Sequence[Difference], *, everything: bool) -> Iterator[str]:
    shown = [item for item in items if everything or item.significance is Significance.SIGNIFICANT]
    counts = Counter(item.significance.value for item in items)
    rest = sides.unshown(counts) if not everything else ""
    if shown:
        yield f"## {area.value.capitalize()}"
        rows = [_row(item) for item in shown]
        yield table(Table(("field", "of", "A", "B", "", "note"), rows, always=1))
        if rest:
            yield f"{rest} not shown."
    elif rest:
        yield f"{area.value.capitalize()}: nothing significant; {rest} not shown."


def _row(item: Difference) -> tuple[Cell, ...]:
    a, b = sides.pair(item)
    note = "; ".join(sides.notes(item))
    return item.field, item.role, a, b, sides.word(item), prose(note) if note else None


def _history(found: History) -> Iterator[str]:
    yield f"## Commits from {inline(found.a[:12])} to {inline(found.b[:12])}"
    words = related(found)
    if words:
        yield f"{words[0].upper()}{words[1:]}."
    if found.notes:
        name = inline(found.repository)
        yield bullets(Bullet(name, prose(note)) for note in found.notes)
    for side, commits, count in (
        ("B", found.gained, found.gained_count),
        ("A", found.lost, found.lost_count),
    ):
        if count:
            yield f"{counted(count, 'commit')} only in {side}{_first(len(commits), count)}:"
            yield bullets(Bullet("", _commit(item)) for item in commits)
    if found.file_count:
        first = _first(len(found.files), found.file_count)
        yield f"{counted(found.file_count, 'changed file')}{first}:"
        rows = [(item.path, item.status, item.from_) for item in found.files]
        yield table(Table(("file", "", "from"), rows, always=2))


def _first(shown: int, count: int) -> str:
    return f", the first {shown}" if shown < count else ""


def _commit(item: Commit) -> Markdown:
    date = f" {inline(item.date[:10])}" if item.date else ""
    return Markdown(f"{inline(item.commit[:12])}{date} {prose(item.subject)}")


def variation(found: Variation, *, everything: bool = False) -> str:
    """Several runs: who they are, and the fields that vary, a column per run."""
    shown = [
        item for item in found.fields if everything or item.significance is Significance.SIGNIFICANT
    ]
    labels = [str(number) for number in range(1, len(found.runs) + 1)]
    parts: list[str] = [
        f"# {len(found.runs)} runs compared",
        table(_runs(list(zip(labels, found.runs, strict=True)))),
        *_cautions(found.cautions),
    ]
    for area in dict.fromkeys(item.area for item in shown):
        rows = [_varied(item) for item in shown if item.area is area]
        parts.append(f"## {area.value.capitalize()}")
        parts.append(table(Table(("field", "of", *labels), rows, always=1)))
    hidden = len(found.fields) - len(shown)
    if not shown:
        parts.append("**nothing significant varies**")
    if hidden:
        parts.append(f"{hidden} without significance not shown.")
    return "\n\n".join(parts) + "\n"


def _varied(item: VariedField) -> tuple[Cell, ...]:
    return item.field, item.role, *sides.row(item)
