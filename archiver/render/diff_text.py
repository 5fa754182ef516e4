"""A comparison for the terminal: what matters first, in as few columns as there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from archiver.codecs import columns
from archiver.codecs.visible import safe
from archiver.gitstate.history import Commit, History, Relation
from archiver.model.differences import (
    Area,
    Compared,
    Comparison,
    Difference,
    Direction,
    Missing,
    Significance,
    Variation,
    VariedField,
)
from archiver.render import sides
from archiver.wording import counted

_BOLD, _DIM, _GOOD, _BAD, _WARN = "1", "2", "32", "31", "33"
_DIRECTIONS = {Direction.BETTER: _GOOD, Direction.WORSE: _BAD}
MOST_ROWS = 40
"""Rows of an area, unless all are asked for."""
_GAP = 2
_LEAST_FIELD, _LEAST_VALUE = 12, 9
_MOST_COLUMNS = 5
"""Runs that stand side by side; of more each is a row."""
_MOST_RUN = 24
_MOST_CELL = 14
_MOST_LISTED = 10
"""Commits and files that are listed."""


@dataclass(frozen=True)
class Look:
    """What the page is written for."""

    width: int = 80
    colour: bool = False
    everything: bool = False
    """Also what is volatile or equivalent, and every row."""

    def paint(self, words: str, code: str) -> str:
        """Words of a run or of our own in a colour; whatever they hold is made visible first."""
        clean = safe(words)
        return f"\x1b[{code}m{clean}\x1b[0m" if self.colour and clean else clean


def comparison(found: Comparison, look: Look, history: History | None = None) -> str:
    """Two runs: who they are, what is to be careful about, the areas, the sum."""
    lines = list(_legend([("A", found.a), ("B", found.b)], look))
    lines += _cautions(found.cautions, look)
    by_area = sides.areas(found.differences)
    for area in Area:
        if area in by_area:
            lines += ["", *_area(area, by_area[area], look)]
        if area is Area.CODE and history is not None:
            lines += ["", *_history(history, look)]
    if found.not_compared:
        told = "; ".join(f"{area} ({why})" for area, why in found.not_compared.items())
        lines += ["", *_wrapped(f"not compared: {told}", look, _DIM)]
    lines += ["", *_sum(found, look)]
    return "\n".join(lines) + "\n"


def _sum(found: Comparison, look: Look) -> Iterator[str]:
    counts = Counter(item.area.value for item in found.significant)
    where = ", ".join(f"{count} {area}" for area, count in counts.items())
    line = sides.summed(found.summary())
    head, _, rest = line.partition("; ")
    more = f"; {rest}" if rest else ""
    where = f" ({where})" if len(counts) > 1 else ""
    yield from _wrapped(f"{head}{where}{more}", look, _BOLD)


def _legend(runs: Iterable[tuple[str, Compared]], look: Look) -> Iterator[str]:
    named = list(runs)
    wide = max(len(label) for label, _ in named)
    room = look.width - wide - _GAP
    for label, run in named:
        title, about = safe(sides.name(run)), safe(sides.told(run))
        title = sides.folded(title, room)
        left = room - columns.width(title) - _GAP
        tail = f"  {look.paint(sides.folded(about, left), _DIM)}" if left >= _LEAST_FIELD else ""
        yield f"{look.paint(label.rjust(wide), _BOLD)}  {look.paint(title, _BOLD)}{tail}"
        path = sides.folded(safe(run.path), room)
        if len(named) == 2 and path not in ("", title):
            yield f"{' ' * (wide + _GAP)}{look.paint(path, _DIM)}"


def _cautions(cautions: Sequence[str], look: Look) -> Iterator[str]:
    if cautions:
        yield ""
    for words in cautions:
        yield from _wrapped(f"caution: {words}", look, _WARN)


def _wrapped(words: str, look: Look, code: str = "", indent: int = 0) -> Iterator[str]:
    """A sentence on as many lines as it needs."""
    room = max(20, look.width - indent)
    line = ""
    for part in safe(words).split(" "):
        piece = sides.folded(part, room - _GAP)
        if line and columns.width(line) + 1 + columns.width(piece) > room:
            yield " " * indent + look.paint(line, code)
            line = f"  {piece}"
        else:
            line = f"{line} {piece}" if line else piece
    yield " " * indent + look.paint(line, code)


@dataclass(frozen=True)
class _Row:
    """One difference, spelled out."""

    item: Difference
    field: str
    a: str
    b: str
    word: str


def _area(area: Area, items: Sequence[Difference], look: Look) -> Iterator[str]:
    counts = Counter(item.significance.value for item in items)
    shown = [
        item for item in items if look.everything or item.significance is Significance.SIGNIFICANT
    ]
    kept = shown if look.everything else shown[:MOST_ROWS]
    roles = {item.role for item in kept}
    several = len(roles) > 1
    role = f", {next(iter(roles))}" if len(roles) == 1 and "" not in roles else ""
    rest = sides.unshown(counts) if not look.everything else ""
    if not kept:
        yield f"{look.paint(area.value, _BOLD)}  {look.paint(f'nothing significant: {rest}', _DIM)}"
        return
    rows = [_row(item, several=several) for item in kept]
    yield from _table(f"{area.value}{role}", rows, look)
    more = len(shown) - len(kept)
    told = [f"{more} more"] if more else []
    told += [rest] if rest else []
    if told:
        words = f"{', '.join(told)} not shown; --all shows them"
        yield f"  {look.paint(words, _DIM)}"


def _row(item: Difference, *, several: bool) -> _Row:
    label = f"{item.field} ({item.role})" if several and item.role else item.field
    a, b = (safe(side) for side in sides.pair(item))
    return _Row(item, safe(label), a, b, sides.word(item))


def _table(title: str, rows: Sequence[_Row], look: Look) -> Iterator[str]:
    """Field, both values and a word; a value that has no room gets a line of its own."""
    words = max(len(row.word) for row in rows)
    room = look.width - 2 - 2 * _GAP - (words + _GAP if words else 0)
    longest = max(columns.width(title) - 2, *(columns.width(row.field) for row in rows))
    most = max(_LEAST_VALUE, (room - min(longest, room // 2)) // 2)
    flat = [row for row in rows if columns.fits(row.a, most) and columns.fits(row.b, most)]
    left = max((columns.width(row.a) for row in flat), default=0)
    right = max((columns.width(row.b) for row in flat), default=0)
    wide = max(_LEAST_FIELD, min(longest, room - left - right))
    heads = f"  {'A':>{left}}  {'B':>{right}}" if flat else ""
    yield f"{look.paint(columns.left(title, wide + 2), _BOLD)}{look.paint(heads, _DIM)}".rstrip()
    for row in rows:
        yield from _lines(row, (wide, left, right), look)


def _lines(row: _Row, widths: tuple[int, int, int], look: Look) -> Iterator[str]:
    first = row.item.area is Area.CONFIG and row.item.rank == 0
    word = look.paint(row.word, _DIRECTIONS.get(row.item.direction, _DIM))
    wide, left, right = widths
    if columns.fits(row.a, left) and columns.fits(row.b, right):
        field = sides.folded(row.field, wide)
        pad = " " * (wide - columns.width(field))
        painted = look.paint(field, _BOLD) if first else field
        a, b = columns.right(row.a, left), columns.right(row.b, right)
        yield f"  {painted}{pad}  {a}  {b}  {word}".rstrip()
    else:
        field = sides.folded(row.field, look.width - 4 - len(row.word))
        painted = look.paint(field, _BOLD) if first else field
        yield f"  {painted}  {word}".rstrip()
        a, b = sides.folded_pair(row.a, row.b, look.width - 7)
        for label, side, text in (("A", row.item.a, a), ("B", row.item.b, b)):
            if not isinstance(side, Missing):
                yield f"    {look.paint(label, _DIM)}  {text}"
    for note in sides.notes(row.item):
        yield from _wrapped(note, look, _DIM, indent=4)


_RELATIONS = {
    Relation.SAME: "both runs have the same commit",
    Relation.AHEAD: "B builds on A",
    Relation.BEHIND: "A builds on B",
    Relation.DIVERGED: "the two have gone apart",
    Relation.UNRELATED: "the two have no commit in common",
}


def related(found: History) -> str:
    """How the commits stand to each other, in words; empty where that is not known."""
    return _RELATIONS.get(found.relation, "")


def _history(found: History, look: Look) -> Iterator[str]:
    title = f"code, {found.a[:12]} to {found.b[:12]}"
    yield look.paint(sides.folded(title, look.width), _BOLD)
    words = related(found)
    if words:
        yield f"  {words}"
    for note in found.notes:
        yield from _wrapped(f"{found.repository}: {note}", look, _WARN, indent=2)
    most = None if look.everything else _MOST_LISTED
    for side, commits, count in (
        ("B", found.gained, found.gained_count),
        ("A", found.lost, found.lost_count),
    ):
        if count:
            yield f"  {counted(count, 'commit')} only in {side}"
            yield from (_commit(item, look) for item in commits[:most])
            yield from _more(count - len(commits[:most]), look)
    if found.file_count:
        yield f"  {counted(found.file_count, 'changed file')}"
        for item in found.files[:most]:
            origin = f" (from {item.from_})" if item.from_ else ""
            path = sides.folded(safe(item.path + origin), look.width - 14)
            yield f"    {item.status:<8}  {path}"
        yield from _more(found.file_count - len(found.files[:most]), look)


def _commit(item: Commit, look: Look) -> str:
    date = (item.date or "")[:10].ljust(10)
    subject = sides.folded(safe(item.subject), look.width - 30)
    return f"    {item.commit[:12]}  {look.paint(date, _DIM)}  {subject}".rstrip()


def _more(count: int, look: Look) -> Iterator[str]:
    if count:
        yield f"    {look.paint(f'and {count} more', _DIM)}"


def variation(found: Variation, look: Look) -> str:
    """Several runs: the fields that vary, runs side by side or, where they are many, in rows."""
    labels = [str(number) for number in range(1, len(found.runs) + 1)]
    lines = list(_legend(zip(labels, found.runs, strict=True), look))
    lines += _cautions(found.cautions, look)
    shown = [
        item
        for item in found.fields
        if look.everything or item.significance is Significance.SIGNIFICANT
    ]
    hidden = len(found.fields) - len(shown)
    if shown:
        across = len(found.runs) <= _MOST_COLUMNS
        lines += _in_columns(shown, labels, look) if across else _in_rows(shown, found.runs, look)
    significant = sum(item.significance is Significance.SIGNIFICANT for item in found.fields)
    head = (
        f"{counted(significant, 'field')} {'varies' if significant == 1 else 'vary'}"
        if significant
        else "nothing significant varies"
    )
    more = f"; {hidden} without significance not shown; --all shows them" if hidden else ""
    lines += ["", *_wrapped(f"{head} among {len(found.runs)} runs{more}", look, _BOLD)]
    return "\n".join(lines) + "\n"


def _label(item: VariedField) -> str:
    return safe(f"{item.field} ({item.role})" if item.role else item.field)


def _cells(item: VariedField, width: int) -> list[str]:
    return _apart([safe(text) for text in sides.row(item)], width)


def _apart(texts: Sequence[str], width: int) -> list[str]:
    """Texts folded to a width so that different ones stay different, if that can be."""
    short = [sides.folded(text, width) for text in texts]
    if len(set(short)) == len(set(texts)):
        return short
    known = sorted(set(texts))
    start = min(sides.first_difference(one, other) for one, other in pairwise(known))
    return [sides.window(text, start, width) for text in texts]


def _in_columns(fields: Sequence[VariedField], labels: Sequence[str], look: Look) -> Iterator[str]:
    """A row per field, a column per run."""
    room = look.width - 2
    groups: dict[tuple[Area, str], list[VariedField]] = {}
    for item in fields:
        groups.setdefault((item.area, item.role), []).append(item)
    for (area, role), items in groups.items():
        title = safe(f"{area}, {role}" if role else area.value)
        names = [safe(item.field) for item in items]
        longest = max(columns.width(title) - 2, *map(columns.width, names))
        named = max(_LEAST_FIELD, min(longest, room // 2))
        most = (room - named) // len(labels) - _GAP
        rows = [_cells(item, max(_LEAST_VALUE, most)) for item in items]
        value = max(max(map(columns.width, cells)) for cells in rows)
        wide = max(_LEAST_FIELD, min(longest, room - len(labels) * (value + _GAP)))
        heads = "".join(f"  {label:>{value}}" for label in labels)
        yield ""
        head = columns.left(sides.folded(title, wide + 2), wide + 2)
        yield f"{look.paint(head, _BOLD)}{look.paint(heads, _DIM)}"
        for item, name, cells in zip(items, names, rows, strict=True):
            field = sides.folded(name, wide)
            first = area is Area.CONFIG and item.rank == 0
            painted = look.paint(field, _BOLD) if first else field
            line = "".join(f"  {columns.right(cell, value)}" for cell in cells)
            yield f"  {painted}{' ' * (wide - columns.width(field))}{line}"


def _in_rows(fields: Sequence[VariedField], runs: Sequence[Compared], look: Look) -> Iterator[str]:
    """A row per run; as many fields at a time as there is room for."""
    names = _apart([safe(run.run_id) for run in runs], _MOST_RUN)
    wide = max(columns.width(name) for name in names)
    shown: list[_Column] = []
    for item in fields:
        cells = _cells(item, _MOST_CELL)
        most = max(_MOST_CELL, *map(columns.width, cells))
        shown.append(_Column(sides.folded(_label(item), most), cells))
    for part in _parts(shown, look.width - wide):
        yield ""
        heads = "".join(f"  {columns.right(it.head, it.width)}" for it in part)
        yield f"{look.paint('run'.ljust(wide), _BOLD)}{look.paint(heads, _BOLD)}"
        for number, name in enumerate(names):
            line = "".join(f"  {columns.right(it.cells[number], it.width)}" for it in part)
            yield f"{columns.left(name, wide)}{line}"


@dataclass(frozen=True)
class _Column:
    """One field of several runs."""

    head: str
    cells: Sequence[str]

    @property
    def width(self) -> int:
        return max(columns.width(text) for text in (self.head, *self.cells))


def _parts(shown: Sequence[_Column], room: int) -> Iterator[list[_Column]]:
    part: list[_Column] = []
    left = room
    for item in shown:
        size = item.width + _GAP
        if part and size > left:
            yield part
            part, left = [], room
        part.append(item)
        left -= size
    if part:
        yield part
