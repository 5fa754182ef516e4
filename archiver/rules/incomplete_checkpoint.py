"""A checkpoint is not whole.

What it finds
    Shards of weights that are missing among numbered ones (`model-00001-of-00003.safetensors`),
    weights that are empty or smaller than those of the other epochs, an adapter without its
    configuration, a save that is newer than the last one that was finished, or that lacks the
    file that ends it. The best and the last checkpoint of a run are errors, any other a warning.

Why it matters
    It cannot be loaded, or loads with weights that were never trained. A job that was killed
    while it saved leaves such a directory, and it looks like the newest checkpoint.

Example
    error   artifacts/epoch_1 [RA604 incomplete-checkpoint]
            the checkpoint is not whole: 1 of 2 shards of model are not there

What to do
    Use an earlier checkpoint, or bring the missing files back. Remove what a killed save left.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from archiver import problem_hits
from archiver.extension import Case, Fact, Hit, Rule, Severity
from archiver.model.claims import Location
from archiver.model.findings import Place
from archiver.wording import listed

_INCOMPLETE, _TORN = problem_hits.INCOMPLETE_CHECKPOINT, "torn-checkpoint"
_SHARD = re.compile(
    r"(?P<stem>.{1,200})-(?P<number>\d{5})-of-(?P<total>\d{5})(?P<end>\.(?:safetensors|bin|pt))\Z",
    re.ASCII,
)
_MOST_SHARDS = 10_000


def check(case: Case) -> Iterator[Hit]:
    """What readers found, and missing shards by the names of the others."""
    told = set()
    chosen = {
        (item.at.scope, item.path)
        for item in case.record.checkpoints
        if not {"best", "last"}.isdisjoint(item.tags)
    }
    torn = problem_hits.torn_weights(case)
    yield from problem_hits.hits(case, {_TORN: Severity.WARNING})
    for problem in case.problems(_INCOMPLETE):
        told.add((problem.at.scope, problem.at.path))
        message, severity = problem_hits.cut(problem.message), _severity(problem.at, chosen)
        found = torn.get(Location(problem.at.path, "", problem.at.scope), [])
        related = tuple(Place(item.at, problem_hits.cut(item.message)) for item in found)
        related = related[: problem_hits.MOST_RELATED]
        yield Hit(message, problem.at, related, problem.hint, severity)
    for (scope, directory, name, total), numbers in _shards(case).items():
        at = Location(directory, "", scope)
        if len(numbers) >= total or (scope, directory) in told:
            continue
        lost = [str(number) for number in range(1, total + 1) if number not in numbers]
        verb = "is" if len(lost) == 1 else "are"
        message = f"{len(lost)} of {total} shards of {name} {verb} not there: {listed(lost)}"
        yield Hit(message, at, severity=_severity(at, chosen))


def _shards(case: Case) -> dict[tuple[str, str, str, int], set[int]]:
    """Numbers of the shards that are there, by their directory, common name and count."""
    found: dict[tuple[str, str, str, int], set[int]] = {}
    for entry in case.files:
        directory, _, name = entry.path.rpartition("/")
        match = _SHARD.match(name)
        total = int(match["total"]) if match is not None else 0
        if match is None or not 0 < total <= _MOST_SHARDS:
            continue
        key = (entry.scope, directory, match["stem"] + match["end"], total)
        number = int(match["number"])
        if 0 < number <= total:
            found.setdefault(key, set()).add(number)
    return found


def _severity(at: Location, chosen: set[tuple[str, str]]) -> Severity:
    """Graver where a directory is, or lies in, the best or the last checkpoint."""
    path = at.path
    while path:
        if (at.scope, path) in chosen:
            return Severity.ERROR
        path = path.rpartition("/")[0]
    return Severity.WARNING


RULE = Rule(
    id="RA604",
    name="incomplete-checkpoint",
    summary="A checkpoint is not whole",
    severity=Severity.WARNING,
    check=check,
    needs=frozenset({Fact.RUN, Fact.FILES}),
    codes=frozenset({_INCOMPLETE, _TORN}),
)
