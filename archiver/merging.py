"""What several artifacts tell of one thing, in one entry: checkpoints, data, copies, events."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import fields, replace

from archiver.model.claims import Origin
from archiver.model.record import Checkpoint, DataCopy, Dataset, Digest, Event, FileEntry
from archiver.rundir import natural

_WEIGHTS = (".safetensors", ".bin", ".ckpt", ".distcp", ".pkl", ".pt", ".pth")
"""Endings of files whose digest stands with their checkpoint."""


def checkpoints(found: Sequence[Checkpoint], files: Sequence[FileEntry]) -> tuple[Checkpoint, ...]:
    """One entry per path: the directory itself, with what other artifacts say of it."""
    merged: dict[str, Checkpoint] = {}
    for item in sorted(found, key=lambda known: (not known.present, known.files is None)):
        known = merged.get(item.path)
        if known is None:
            merged[item.path] = item
            continue
        merged[item.path] = replace(
            known,
            tags=tuple(sorted({*known.tags, *item.tags})),
            step=known.step if known.step is not None else item.step,
            epoch=known.epoch if known.epoch is not None else item.epoch,
            metric=known.metric if known.metric is not None else item.metric,
            monitor=known.monitor if known.metric is not None else item.monitor,
            digests=tuple(dict.fromkeys((*known.digests, *item.digests))),
            named_at=tuple(dict.fromkeys((*known.named_at, item.at, *item.named_at))),
        )
    hashed = sorted(
        (entry.scope, entry.path, entry.sha256)
        for entry in files
        if entry.sha256 and entry.path.endswith(_WEIGHTS)
    )
    ordered = sorted(merged.values(), key=_by_directory)
    # A reader says `other` of one that it knows not to be the last, such as a torn one.
    stepped = [item.step for item in ordered if item.step is not None and "other" not in item.tags]
    stated = any("last" in item.tags for item in ordered)
    last = None if stated else max(stepped, default=None)
    return tuple(_tagged(item, last, hashed) for item in ordered)


def _by_directory(item: Checkpoint) -> tuple[object, ...]:
    """Those of one training stand together, in the order of their steps."""
    return (natural(item.path.rpartition("/")[0]), item.step or 0, natural(item.path))


def _tagged(
    item: Checkpoint, last: int | None, hashed: Sequence[tuple[str, str, str]]
) -> Checkpoint:
    tags = {tag for tag in item.tags if tag != "other"}
    if item.step is not None and item.step == last and "other" not in item.tags:
        tags.add("last")
    weights = [
        Digest("sha256", digest, Origin.DERIVED, path)
        for path, digest in _weights(item.at.scope, item.path, hashed)
    ]
    return replace(item, tags=tuple(sorted(tags)) or ("other",), digests=(*item.digests, *weights))


def _weights(
    scope: str, path: str, hashed: Sequence[tuple[str, str, str]]
) -> Iterator[tuple[str, str]]:
    """Path and digest of the files at or below a checkpoint's path, found by its place."""
    for start in (path, f"{path}/"):
        for index in range(bisect_left(hashed, (scope, start)), len(hashed)):
            found, name, digest = hashed[index]
            if found != scope or not (name == path or (start != path and name.startswith(start))):
                break
            yield name, digest


def datasets(found: Sequence[Dataset]) -> tuple[Dataset, ...]:
    """One entry per role, path and digest: the fullest, with its gaps filled by the others."""
    merged: dict[tuple[str, str], list[Dataset]] = {}
    for item in sorted(found, key=lambda entry: -_filled(entry)):
        group = merged.setdefault((item.role, item.path), [])
        twin = next((n for n, known in enumerate(group) if _alike(known, item)), None)
        if twin is None:
            group.append(item)
        else:
            known = group[twin]
            gaps = {
                spec.name: getattr(item, spec.name)
                for spec in fields(Dataset)
                if getattr(known, spec.name) in (None, ())
            }
            group[twin] = replace(known, **gaps)
    return tuple(item for key in sorted(merged) for item in merged[key])


def copies(found: Sequence[DataCopy]) -> tuple[DataCopy, ...]:
    """One entry per source and destination: the one that copied most.

    A preparation that is run again finds everything there and copies nothing.
    """
    merged: dict[tuple[str, str], DataCopy] = {}
    for item in found:
        known = merged.get((item.source, item.destination))
        if known is None or (item.files_copied or 0) > (known.files_copied or 0):
            merged[item.source, item.destination] = item
    return tuple(merged.values())


def timeline(found: Sequence[Event]) -> tuple[Event, ...]:
    """Events by their time; one that has none stays behind the one before it in its artifact."""
    latest: dict[tuple[str, str], str] = {}
    keyed: list[tuple[str, Event]] = []
    for event in found:
        artifact = (event.at.scope, event.at.path)
        time = event.time or latest.get(artifact, "")
        latest[artifact] = time
        keyed.append((time, event))
    return tuple(event for _, event in sorted(keyed, key=lambda pair: pair[0]))


def _filled(item: Dataset) -> int:
    return sum(getattr(item, spec.name) not in (None, ()) for spec in fields(item))


def _alike(left: Dataset, right: Dataset) -> bool:
    """Whether nothing that both state differs in what the data is."""
    pairs = ((left.digests, right.digests), (left.bytes, right.bytes), (left.lines, right.lines))
    return all(a == b or a in (None, ()) or b in (None, ()) for a, b in pairs)
