"""A checkpoint's file is not the one whose digest was recorded.

What it finds
    A file of a checkpoint whose digest, as it is now, is none of those that side files, metadata
    or indexes recorded for it. A recorded digest may be shortened. A digest over a whole
    directory that does not fit while every single file does is a warning: saving into the same
    directory again has that effect, too. A side file that holds no digest is one as well.

Why it matters
    These are not the weights that the run saved. They were damaged, exchanged or saved again, and
    nothing that is recorded of the checkpoint holds for them.

Example
    error   checkpoints/epoch-0002/model.pt [RA603 checkpoint-digest-mismatch]
            its sha256 is 5b1e…, recorded is 9f86…

What to do
    Take the checkpoint from a backup and compare again. If the change was meant, write the side
    file anew and say so in the run's notes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from archiver import problem_hits
from archiver.extension import Case, Fact, Hit, Rule, Severity
from archiver.model.claims import Location, Origin
from archiver.model.record import Checkpoint

_CODES = {"no-digest": Severity.WARNING}
_SHORTEST = 8
"""Digits of a shortened digest that still tell a file from another."""
_SHOWN = 12
_COPY = ("state.pt", "state.pkl")
"""A copy of the first payload that was saved into a directory; later ones leave it as it is."""


def check(case: Case) -> Iterator[Hit]:
    """Each file once; the digest over a directory only where no file of it tells more."""
    yield from problem_hits.hits(case, _CODES)
    told: set[tuple[str, str]] = set()
    for item in case.record.checkpoints:
        hits = [hit for hit in _of_files(item) if (hit.at.scope, hit.at.path) not in told]
        told |= {(hit.at.scope, hit.at.path) for hit in hits}
        certain = [hit for hit in hits if hit.severity is None]
        yield from certain or hits


def _of_files(item: Checkpoint) -> Iterator[Hit]:
    recorded, actual = _by_file(item, Origin.RECORDED), _by_file(item, Origin.DERIVED)
    every = {value for values in recorded.values() for value in values}
    for key, values in recorded.items():
        algorithm, path = key
        found = actual.get(key)
        if not found or any(_same(one, now) for one in values for now in found):
            continue
        if path.rpartition("/")[2] in _COPY and any(
            _same(one, now) for one in every for now in found
        ):
            # The digest beside it is of a later payload, which may have been pruned.
            continue
        now, then = min(found), min(values)
        whole = path == item.path and item.files != 1
        what = "the" if whole else "its"
        message = f"{what} {algorithm} is {now[:_SHOWN]}…, recorded is {then[:_SHOWN]}…"
        at = Location(path, "", item.at.scope)
        yield Hit(message, at, severity=Severity.WARNING if whole else None)


def _by_file(item: Checkpoint, origin: Origin) -> dict[tuple[str, str], set[str]]:
    found: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for digest in item.digests:
        if digest.origin is origin and digest.path is not None and digest.value:
            found[digest.algorithm, digest.path].add(digest.value.lower())
    return found


def _same(recorded: str, actual: str) -> bool:
    return recorded == actual or (len(recorded) >= _SHORTEST and actual.startswith(recorded))


RULE = Rule(
    id="RA603",
    name="checkpoint-digest-mismatch",
    summary="A checkpoint's file is not the one whose digest was recorded",
    severity=Severity.ERROR,
    check=check,
    needs=frozenset({Fact.RUN, Fact.HASHES}),
    codes=frozenset(_CODES),
)
