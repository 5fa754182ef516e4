"""A checkpoint is there that the list of checkpoints does not name.

What it finds
    A checkpoint beside an `index.json` of codex_ml that has no entry for it. Only producers that
    keep a list of all their checkpoints are looked at, and only lists that were read in full.

Why it matters
    The list keeps the best few and drops the others without being able to delete a directory, so
    this is often what a full list leaves behind. It may as well be the checkpoint of another
    execution, or one whose save ended before the list was written.

Example
    note    checkpoints/index.json [RA602 unnamed-checkpoint]
            1 of 3 checkpoints beside it is not named: checkpoints/epoch-0001

What to do
    Remove the directory if it is a leftover. If it is the newest one, its save was likely cut
    short: check it before it is used.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver.extension import Case, Hit, Rule, Severity
from archiver.model.claims import Location
from archiver.model.findings import Place
from archiver.model.record import Checkpoint
from archiver.run_paths import shortened
from archiver.wording import listed

_INDEX = "codex_ml.checkpoint_index"
_NAME = "index.json"
"""The list of all; the producer's other lists name one or the best ones."""


def check(case: Case) -> Iterator[Hit]:
    """One finding per list."""
    beside: dict[tuple[str, str], list[Checkpoint]] = {}
    for item in case.record.checkpoints:
        if item.present:
            home = item.path.rpartition("/")[0]
            beside.setdefault((item.at.scope, home), []).append(item)
    for book in case.record.accounting:
        home, _, name = book.path.rpartition("/")
        if book.kind != _INDEX or name != _NAME or not book.read or book.dropped or book.corrupt:
            continue
        index = Location(book.path, "", book.scope)
        there = beside.get((book.scope, home), [])
        unnamed = [item for item in there if not _is_named(item, index)]
        if unnamed:
            yield _hit(index, unnamed, len(there))


def _is_named(item: Checkpoint, index: Location) -> bool:
    places = (item.at, *item.named_at)
    return any((at.scope, at.path) == (index.scope, index.path) for at in places)


def _hit(index: Location, unnamed: list[Checkpoint], there: int) -> Hit:
    names = [shortened(item.path) for item in unnamed]
    verb = "is" if len(names) == 1 else "are"
    noun = "checkpoint" if there == 1 else "checkpoints"
    message = f"{len(names)} of {there} {noun} beside it {verb} not named: {listed(names)}"
    related = tuple(Place(item.at, "it lies here") for item in unnamed[:5])
    return Hit(message, index, related)


RULE = Rule(
    id="RA602",
    name="unnamed-checkpoint",
    summary="A checkpoint is there that the list of checkpoints does not name",
    severity=Severity.NOTE,
    check=check,
)
