"""The experiments below one root of LLMRunner, and what there is each one's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from archiver.artifact import Artifact, Member
from archiver.producers.llmrunner import layout
from archiver.producers.llmrunner.experiment import read_file
from archiver.producers.llmrunner.settings import as_text
from archiver.rundir import Entry, Tree

_LOGS_LOOKED_AT = 300


def members(artifact: Artifact) -> tuple[Member, ...]:
    """The experiments of LLMRunner's root, where there are several; told by the first of them."""
    home = layout.home_of(artifact.entry.parent)
    tree = artifact.tree
    groups = layout.experiments(tree)
    directories = groups.get(home, []) if home is not None else []
    alone = len(directories) < 2 and len(groups) < 2
    if home is None or alone or artifact.entry.parent not in directories[:1]:
        return ()
    pools = {directory: _pool_name(artifact, directory) for directory in directories}
    names = {d: {d.rpartition("/")[2], pools[d]} for d in directories}
    logs = _owned(artifact, home, names)
    return tuple(
        Member(
            directory.rpartition("/")[2],
            (
                directory,
                layout.below(home, "configs/common"),
                layout.below(home, f"datapool/experiments/{pools[directory]}"),
                *logs[directory],
            ),
            home,
        )
        for directory in directories
    )


def _pool_name(artifact: Artifact, directory: str) -> str:
    """Last part of an experiment's data pool, from its settings; else the experiment's name."""
    name = directory.rpartition("/")[2]
    for file in layout.PIPELINES:
        entry = artifact.tree.by_path.get(f"{directory}/{file}")
        if entry is not None and entry.type == "file":
            value = as_text(read_file(artifact, entry).values.get("DATAPOOL_ROOT"))
            last = (value or "").rstrip("/").rpartition("/")[2]
            return last if last and "$" not in last else name
    return name


def _owned(artifact: Artifact, home: str, names: Mapping[str, set[str]]) -> dict[str, list[str]]:
    """Directory of each experiment -> the logs and consoles that are its own.

    All share a log directory by default; a log's own paths tell whose it is. One that speaks of
    none belongs to each of them.
    """
    owned: dict[str, list[str]] = {directory: [] for directory in names}
    for entry in _logs(artifact.tree, home):
        speaks = set(layout.named_experiments(_ends(artifact, entry)))
        owners = [directory for directory, own in names.items() if own & speaks]
        for directory in owners if speaks else names:
            owned[directory].append(entry.path)
    return owned


def _logs(tree: Tree, home: str) -> Iterable[Entry]:
    skipped = (layout.below(home, "configs/"), layout.below(home, "datapool/"))
    found = (
        entry
        for entry in tree.named("*.log", "*.out", "*.txt")
        if (not home or entry.path.startswith(home + "/")) and not entry.path.startswith(skipped)
    )
    return [entry for entry, _ in zip(found, range(_LOGS_LOOKED_AT), strict=False)]


def _ends(artifact: Artifact, entry: Entry) -> bytes:
    """The beginning and the end of a log."""
    handle = artifact.open(entry)
    size = artifact.limits.head_bytes
    return handle.read_at(0, size) + b"\n" + handle.read_at(max(size, handle.size - size), size)
