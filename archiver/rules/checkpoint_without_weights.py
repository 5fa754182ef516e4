"""A checkpoint is there, and the weights are not in it.

What it finds
    Directories of checkpoints all of whose files are known to hold no weights: configuration,
    tokenizer, trainer state, optimizer, scheduler and random states, digests, logs. Any other
    file, a link or a directory that could not be listed may be weights, and nothing is said of it.
    Where another checkpoint of the run holds something that may be weights it is a warning; where
    none does, they were removed or are kept elsewhere, and that is a note.

Why it matters
    By its name and its place in a list it is a checkpoint like the others, and it cannot be loaded.
    A save that failed half-way, a full disk or a clean-up by file size leaves such directories.

Example
    warning checkpoint-40 [RA607 checkpoint-without-weights]
            1 of 2 checkpoints holds no weights: the last checkpoint checkpoint-40 (6 files)

What to do
    Bring the weights back, or remove the directory. If they are kept elsewhere on purpose, one
    entry under `ignore` in the policy says so, with its reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from archiver import problem_hits
from archiver.extension import Case, Fact, Hit, Rule, Severity
from archiver.model.claims import Location
from archiver.model.findings import Place
from archiver.model.record import Checkpoint, FileEntry
from archiver.run_paths import shortened
from archiver.wording import counted, listed

_ENDINGS = (
    ".csv", ".jinja", ".json", ".jsonl", ".log", ".md", ".out", ".py", ".sh", ".sha256", ".toml",
    ".txt", ".yaml", ".yml",
)  # fmt: skip
_NAMES = re.compile(
    r"(?:latest|(?:tokenizer|spiece|sentencepiece\.bpe)\.model|training_args\.bin"
    r"|(?:optimizer|scheduler|scaler)\.(?:pt|bin)|rng(?:_state(?:_\d{1,6})?)?\.(?:pt|pth))\Z",
    re.ASCII,
)
"""What trainers save beside the weights. DeepSpeed's optimizer states hold a copy of them."""
_MOST_RELATED = 5

Key = tuple[str, str]


def check(case: Case) -> Iterator[Hit]:
    """One finding per run; a checkpoint that is known not to be whole has one of its own."""
    told = {
        (problem.at.scope, problem.at.path)
        for problem in case.problems(problem_hits.INCOMPLETE_CHECKPOINT)
    }
    there = {(item.at.scope, item.path): item for item in case.record.checkpoints if item.present}
    held = _files(there, case.files)
    bare = [
        (item, len(held[key]))
        for key, item in there.items()
        if key not in told and held[key] and not any(map(_may_be_weights, held[key]))
    ]
    if bare:
        yield _hit(bare, len(there), some=len(bare) < len(there))


def _files(
    there: Mapping[Key, Checkpoint], files: Iterable[FileEntry]
) -> dict[Key, list[FileEntry]]:
    """What lies in each checkpoint, at any depth."""
    held: dict[Key, list[FileEntry]] = {key: [] for key in there}
    homes: dict[Key, tuple[Key, ...]] = {}
    for entry in files if there else ():
        parent = entry.scope, entry.path.rpartition("/")[0]
        if parent not in homes:
            homes[parent] = tuple(_above(parent, there))
        for key in homes[parent]:
            held[key].append(entry)
    return held


def _above(directory: Key, there: Mapping[Key, Checkpoint]) -> Iterator[Key]:
    """The checkpoints that a directory is, or lies in."""
    scope, path = directory
    while path:
        if (scope, path) in there:
            yield scope, path
        path = path.rpartition("/")[0]


def _may_be_weights(entry: FileEntry) -> bool:
    name = entry.path.rpartition("/")[2]
    return entry.type != "file" or not (name.endswith(_ENDINGS) or _NAMES.match(name))


def _hit(bare: list[tuple[Checkpoint, int]], total: int, *, some: bool) -> Hit:
    names = listed(map(_told, bare), total=len(bare))
    if some:
        verb = "holds" if len(bare) == 1 else "hold"
        message = f"{len(bare)} of {total} checkpoints {verb} no weights: {names}"
    else:
        message = f"no checkpoint of the run holds weights: {names}"
    places = [Location(item.path, "", item.at.scope) for item, _ in bare[: _MOST_RELATED + 1]]
    related = tuple(Place(at, "nor does this one") for at in places[1:])
    return Hit(message, places[0], related, severity=None if some else Severity.NOTE)


def _told(bare: tuple[Checkpoint, int]) -> str:
    item, files = bare
    tags = " and ".join(tag for tag in ("best", "last") if tag in item.tags)
    subject = f"the {tags} checkpoint " if tags else ""
    return f"{subject}{shortened(item.path)} ({counted(files, 'file')})"


RULE = Rule(
    id="RA607",
    name="checkpoint-without-weights",
    summary="A checkpoint is there, and the weights are not in it",
    severity=Severity.WARNING,
    check=check,
    needs=frozenset({Fact.RUN, Fact.FILES}),
)
