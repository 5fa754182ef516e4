"""Nothing tells which state of the data was read.

What it finds
    Data that the run read, by its path or name alone: no digest, no size, no count of lines, and
    it does not lie in the run.

Why it matters
    A path says where the data was, not what it was. When the file is changed or made anew under
    the same name, nobody notices, and the run cannot be repeated with certainty.

Example
    note    args.json /dataset/0 [RA704 unfingerprinted-data]
            2 of 2 data sources have no digest, size or count of lines: /data/train.jsonl,
            /data/val.jsonl

What to do
    Let the program write the SHA-256 of its data before it trains, or name a revision of a data
    set that never changes.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver.extension import Case, Fact, Hit, Rule, Severity
from archiver.model.findings import Place
from archiver.model.record import Dataset
from archiver.run_paths import RunPaths, shortened
from archiver.wording import listed


def check(case: Case) -> Iterator[Hit]:
    """One finding for the whole run."""
    paths = RunPaths.of(case.record, case.files)
    groups: dict[str, list[Dataset]] = {}
    for item in case.record.datasets:
        if item.path:
            groups.setdefault(item.path, []).append(item)
    bare = {
        path: items[0]
        for path, items in groups.items()
        if not any(map(_is_marked, items)) and path not in paths.files
    }
    if bare:
        verb, noun = ("has", "source") if len(groups) == 1 else ("have", "sources")
        message = (
            f"{len(bare)} of {len(groups)} data {noun} {verb} no digest, size or count of lines: "
            + listed(map(shortened, bare))
        )
        first, *others = bare.values()
        related = tuple(Place(item.at, f"{shortened(item.path)}, too") for item in others[:5])
        yield Hit(message, first.at, related)


def _is_marked(item: Dataset) -> bool:
    return bool(item.digests) or item.bytes is not None or item.lines is not None


RULE = Rule(
    id="RA704",
    name="unfingerprinted-data",
    summary="Nothing tells which state of the data was read",
    severity=Severity.NOTE,
    check=check,
    needs=frozenset({Fact.RUN, Fact.FILES}),
)
