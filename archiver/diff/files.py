"""Area `files`: what lies in the run directories, by digest.

What logs, tables and configurations say is compared in the other areas, and their bytes differ
with every stamp: they are volatile. Weights are what a training is for, and scripts and patches
are code, so those are significant.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from archiver.diff.area import Told
from archiver.diff.facts import difference, joined
from archiver.diff.names import dotted
from archiver.diff.options import Options, RunData
from archiver.model.differences import (
    MISSING,
    Area,
    Difference,
    Kind,
    Side,
    Significance,
)
from archiver.model.record import FileEntry

_WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".distcp", ".gguf", ".npz", ".h5")
_STATES = (
    "optimizer",
    "scheduler",
    "recipe_state",
    "rng_state",
    "training_args",
    "scaler",
    "optim",
    "distrib_optim",
)
"""Beginnings of names of what a resume needs, which is no result."""
_CODE = (".py", ".sh", ".patch", ".diff", ".ipynb", ".cu", ".cpp")


def compare(a: RunData, b: RunData, _options: Options) -> Told:
    """Files by path; what lies elsewhere with the same digest has moved."""
    if not a.files and not b.files:
        return Told(not_compared="no inventory of either run is at hand")
    left, right = _by_path(a.files), _by_path(b.files)
    lone: tuple[dict[str, FileEntry], dict[str, FileEntry]] = ({}, {})
    found: list[Difference] = []
    changed: list[tuple[FileEntry, FileEntry]] = []
    for path, one, other in joined(left, right):
        if one is not None and other is not None:
            if _differ(one, other):
                changed.append((one, other))
        elif one is not None:
            lone[0][path] = one
        elif other is not None:
            lone[1][path] = other
    found += _moved(*lone)
    found += _weights([pair for pair in changed if _is_weight(pair[0])])
    found += [_changed(*pair) for pair in changed if not _is_weight(pair[0])]
    found += [_lone(path, entry, added=False) for path, entry in lone[0].items()]
    found += [_lone(path, entry, added=True) for path, entry in lone[1].items()]
    hashed = all(any(entry.sha256 for entry in run.files) for run in (a, b) if run.files)
    why = "" if hashed else "files were not hashed: only their sizes were compared"
    return Told(tuple(found), (), why)


def _by_path(files: Sequence[FileEntry]) -> dict[str, FileEntry]:
    """Files of the run itself; those of its experiment are the same for all of its runs."""
    return {
        entry.path if entry.scope == "run" else f"{entry.scope}:{entry.path}": entry
        for entry in files
        if entry.type in ("file", "symlink") and entry.scope != "experiment"
    }


def _differ(a: FileEntry, b: FileEntry) -> bool:
    if a.sha256 is not None and b.sha256 is not None:
        return a.sha256 != b.sha256
    return (a.type, a.bytes, a.target) != (b.type, b.bytes, b.target)


def _moved(a: dict[str, FileEntry], b: dict[str, FileEntry]) -> Iterator[Difference]:
    """What has one digest under one path here and under another there; taken out of both."""
    places: tuple[dict[str, list[str]], ...] = (defaultdict(list), defaultdict(list))
    for side, known in zip((a, b), places, strict=True):
        for path, entry in side.items():
            if entry.sha256 is not None and entry.bytes:
                known[entry.sha256].append(path)
    for digest, before in places[0].items():
        after = places[1].get(digest, ())
        if len(before) == 1 and len(after) == 1:
            del a[before[0]], b[after[0]]
            yield Difference(
                area=Area.FILES,
                field=dotted((after[0],)),
                kind=Kind.MOVED,
                a=digest,
                b=digest,
                from_=dotted((before[0],)),
                significance=Significance.EQUIVALENT,
                rank=1,
            )


def _is_weight(entry: FileEntry) -> bool:
    name = entry.path.rpartition("/")[2].lower()
    return name.endswith(_WEIGHTS) and not name.startswith(_STATES)


def _weights(pairs: Sequence[tuple[FileEntry, FileEntry]]) -> Iterator[Difference]:
    """Weights, those of one directory as one."""
    groups: dict[str, list[tuple[FileEntry, FileEntry]]] = defaultdict(list)
    for pair in pairs:
        groups[pair[0].path.rpartition("/")[0]].append(pair)
    for place, changed in groups.items():
        one, other = changed[0]
        count = len(changed)
        yield difference(
            Area.FILES,
            dotted((one.path if count == 1 or not place else place,)),
            _content(one),
            _content(other),
            rank=0,
            note="weights" if count == 1 else f"{count} files of weights, the first is shown",
        )


def _content(entry: FileEntry) -> Side:
    if entry.sha256 is not None:
        return f"sha256:{entry.sha256}"
    return f"{entry.bytes} bytes" if entry.target is None else f"-> {entry.target}"


def _weight_of(path: str) -> Significance:
    code = path.lower().endswith(_CODE)
    return Significance.SIGNIFICANT if code else Significance.VOLATILE


def _changed(a: FileEntry, b: FileEntry) -> Difference:
    return difference(
        Area.FILES,
        dotted((a.path,)),
        _content(a),
        _content(b),
        significance=_weight_of(a.path) if a.kind is None else Significance.VOLATILE,
        rank=1,
    )


def _lone(path: str, entry: FileEntry, *, added: bool) -> Difference:
    return difference(
        Area.FILES,
        dotted((path,)),
        MISSING if added else _content(entry),
        _content(entry) if added else MISSING,
        significance=Significance.VOLATILE,
        rank=2,
    )
