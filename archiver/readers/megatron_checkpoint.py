"""Save directories of Megatron: `iter_<7 digits>`, `release`, and the tracker beside them.

`latest_checkpointed_iteration.txt` holds the iteration of the last save that was finished, or
`release`; a directory newer than that is most likely a save that was cut short. Where there is no
tracker each directory speaks for itself. Formats are told by names: `mp_rank_*/*.pt` (torch),
`.metadata` and `*.distcp` (torch_dist, torch_dcp), `.zarray` (zarr). Nothing in them is opened but
`metadata.json`, which names the format; the rest are pickles and tensors.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from archiver.extension import Artifact, Match, PointSink, Reader, Reading, Selection
from archiver.model.claims import Location, Problem
from archiver.model.record import Accounting, Checkpoint
from archiver.model.values import Value
from archiver.rundir import Entry, Tree
from archiver.view import View

TRACKER = "latest_checkpointed_iteration.txt"
_NAME = re.compile(r"iter_(\d{7,18})\Z")
_MODEL = re.compile(r"(?:.*/)?(?:mp_rank_\d\d(?:_\d{3}){0,2}|model_\w{1,40})/[^/]+\.pt\Z")
_STATE = (".pt", ".distcp")
_TEXT_KEPT = 64


@dataclass(frozen=True, slots=True)
class Saved:
    """One directory, by its listing."""

    path: str
    iteration: int | None
    """None for `release`, converted weights without one."""
    files: int
    bytes: int
    format: str | None
    torn: bool
    """Whether its format's own sign of a finished save is missing."""


@dataclass(frozen=True, slots=True)
class Save:
    """What stands in a save directory."""

    saved: tuple[Saved, ...]
    tracker: str | None
    """The tracker's text; None without one."""
    metadata: View | None = None
    """Of a checkpoint's own `metadata.json`."""


def select(tree: Tree) -> Iterable[Selection]:
    """Trackers, checkpoints without one (by one of their files), and `metadata.json` files."""
    tracked = set()
    for entry in tree.named(TRACKER):
        tracked.add(entry.parent)
        yield Selection(entry.path, (entry,))
    for path, below in tree.directories.items():
        if _NAME.match(path.rpartition("/")[2]) is None:
            continue
        metadata = [entry for entry in below if entry.path == f"{path}/metadata.json"]
        for entry in metadata:
            yield Selection(entry.path, (entry,))
        if path.rpartition("/")[0] not in tracked:
            # One file stands for all: they are large, and nobody looks into them.
            states = [entry for entry in below if entry.name.endswith(_STATE)]
            yield from (Selection(path, (entry,)) for entry in states[:1])


def detect(artifact: Artifact) -> Match:
    """A tracker that names a checkpoint, or a directory that looks like one."""
    if artifact.name == "metadata.json":
        value = artifact.json().value
        return Match.YES if isinstance(value, dict) and "sharded_backend" in value else Match.NO
    if artifact.name != TRACKER:
        return Match.YES if _is_checkpoint(artifact.tree, artifact.path) else Match.NO
    if artifact.size > _TEXT_KEPT:
        return Match.NO
    text = _text(artifact)
    named = text == "release" or _number(text) is not None
    return Match.YES if named or _siblings(artifact) else Match.DAMAGED


def _is_checkpoint(tree: Tree, path: str) -> bool:
    below = tree.directories.get(path, [])
    return any(
        entry.name in (".metadata", ".zarray", "metadata.json")
        or entry.name.endswith(".distcp")
        or _MODEL.match(entry.path) is not None
        for entry in below
    )


def _text(artifact: Artifact) -> str:
    return artifact.head()[:_TEXT_KEPT].decode("utf-8", "replace").strip("\0 \t\r\n\ufeff")


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 18 else None


def _siblings(artifact: Artifact) -> list[str]:
    """Checkpoints beside the tracker."""
    found = []
    for path in artifact.tree.directories:
        head, _, name = path.rpartition("/")
        if head == artifact.directory and (_NAME.match(name) or name == "release"):
            found.append(path)
    return found


def parse(artifact: Artifact) -> Save:
    """Names, sizes, and the tracker's word."""
    if artifact.name == "metadata.json":
        return Save((), None, View.of(artifact, artifact.json().value))
    if artifact.name != TRACKER:
        return Save((_saved(artifact.tree, artifact.path),), None)
    saved = tuple(_saved(artifact.tree, path) for path in _siblings(artifact))
    return Save(saved, _text(artifact))


def _saved(tree: Tree, path: str) -> Saved:
    below = tree.directories[path]
    name = _NAME.match(path.rpartition("/")[2])
    form, torn = _format(below)
    size = sum(entry.size for entry in below)
    return Saved(path, int(name[1]) if name else None, len(below), size, form, torn)


def _format(below: list[Entry]) -> tuple[str | None, bool]:
    """The format by its files, and whether the file that ends a save is missing."""
    names = {entry.name for entry in below}
    if any(name.endswith(".distcp") for name in names) or ".metadata" in names:
        ended = not names.isdisjoint((".metadata", "metadata.json"))
        return ("torch_dist" if "common.pt" in names else "torch_dcp"), not ended
    if ".zarray" in names:
        return "zarr", "metadata.json" not in names
    if any(_MODEL.match(entry.path) for entry in below):
        return "torch", False
    return None, False


def to_reading(save: Save, artifact: Artifact, _points: PointSink) -> Reading:
    """One checkpoint per directory, the tracker's one as the last."""
    if save.metadata is not None:
        document = artifact.json()
        kept = ("sharded_backend", "sharded_backend_version", "common_backend")
        values = save.metadata.value
        return Reading(
            problems=artifact.problems(document.flaws),
            accounting=artifact.document_accounting(
                READER.kind, document.flaws, complete=document.complete
            ),
            extras={key: values[key] for key in kept if key in values},
        )
    at = artifact.at()
    last = _number(save.tracker or "")
    named = last is not None or save.tracker == "release"
    formats: dict[str, Value] = {
        item.path: item.format for item in save.saved if item.format is not None
    }
    extras: dict[str, Value] = {"formats": formats}
    if save.tracker is not None:
        extras["tracker"] = save.tracker
    found = [_checkpoint(item, at, last, named=named) for item in save.saved]
    if last is not None and last not in {item.iteration for item in save.saved}:
        path = f"{artifact.directory}/iter_{last:07d}".lstrip("/")
        found.append(Checkpoint(at=at, path=path, tags=("last",), step=last, present=False))
    return Reading(
        checkpoints=tuple(found),
        problems=tuple(_problems(save, artifact, last, named=named)),
        accounting=Accounting(
            artifact.path,
            READER.kind,
            artifact.size,
            read=int(named or save.tracker is None),
            corrupt=int(not named and save.tracker is not None),
            scope=artifact.run.scope,
        ),
        extras=extras,
    )


def _checkpoint(item: Saved, at: Location, last: int | None, *, named: bool) -> Checkpoint:
    tags: tuple[str, ...] = ()
    if named:
        tags = ("last",) if item.iteration == last else ("other",)
    elif item.torn:
        tags = ("other",)
    return Checkpoint(
        at=at,
        path=item.path,
        tags=tags,
        step=item.iteration,
        present=True,
        files=item.files,
        bytes=item.bytes,
    )


def _problems(
    save: Save, artifact: Artifact, last: int | None, *, named: bool
) -> Iterable[Problem]:
    if save.tracker is not None and not named:
        word = "is empty" if not save.tracker else "holds neither an iteration nor `release`"
        hint = "Megatron itself would stop on it; the directories are listed as they are"
        yield artifact.problem("bad-tracker", f"the tracker {word}", hint=hint)
    there = {item.iteration for item in save.saved}
    if named and last not in there:
        what = "release" if last is None else f"iteration {last}"
        message = f"the tracker names {what}, which is not there"
        yield artifact.problem("missing-checkpoint", message)
    for item in save.saved:
        if last is not None and item.iteration is not None and item.iteration > last:
            message = f"{item.path} is newer than the last finished save, iteration {last}"
            yield artifact.problem("torn-checkpoint", message, hint="its save was likely cut short")
        elif not named and item.torn:
            message = f"{item.path} lacks the file that ends a save"
            yield artifact.problem("torn-checkpoint", message, hint="its save was likely cut short")


READER = Reader(
    name="megatron_checkpoint",
    kind="megatron.checkpoint",
    summary="Megatron save directories: iter_* and release, with their tracker",
    select=select,
    detect=detect,
    parse=parse,
    map=to_reading,
)
