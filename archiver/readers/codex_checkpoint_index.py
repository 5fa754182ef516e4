"""codex_ml lists of checkpoints: `index.json`, `best_index.json`, `latest.json`, and their like.

They lie beside the checkpoints that they name. The core saver writes `index.json` as an object
(`metric_key`, `mode`, `entries`) and `best_index.json` as its bare entries; `train_loop` writes
`index.json` as an array and `latest.json`; the manager writes `best.json` and `last`, a text; the
flat layout writes `checksums.json`, which each save overwrites. What is listed may be pruned.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.claims import Location, Origin
from archiver.model.record import Accounting, Checkpoint, Digest
from archiver.model.values import Value
from archiver.producers.codex_checkpoints import (
    OVER_DIRECTORY,
    SIGNS,
    best,
    latest_payload,
    number,
)
from archiver.view import View

_LISTED = 100_000
_PATH_BYTES = 4096
_KEYS = {
    "index.json": frozenset({"entries", "metric_key"}),
    "latest.json": frozenset({"path", "checkpoint_sha256"}),
    "best.json": frozenset({"items", "schema_version"}),
    "checksums.json": frozenset({"file", "sha256", "bytes"}),
}
_ROWS = {
    "index.json": frozenset({"path", "checksum"}),
    "best_index.json": frozenset({"path", "sha256"}),
}


@dataclass(frozen=True, slots=True)
class Listing:
    """The entries of one list, and what ranks them."""

    rows: tuple[tuple[View, str], ...]
    """Entries with their written paths."""
    top: View
    mode: str | None = None
    unread: int = 0


def detect(artifact: Artifact) -> Match:
    """The shape that goes with the name, beside checkpoints and not inside of one."""
    beside = (f"{artifact.directory}/{name}".lstrip("/") for name in SIGNS)
    if any(path in artifact.tree.by_path for path in beside):
        return Match.NO
    if artifact.name == "last":
        return Match.YES if _pointed(artifact) else Match.NO
    document = artifact.json()
    value = document.value
    wanted = _KEYS.get(artifact.name, frozenset())
    if isinstance(value, dict) and wanted and wanted <= value.keys():
        return Match.YES if document.complete else Match.DAMAGED
    rows = _ROWS.get(artifact.name)
    if isinstance(value, list) and rows and value:
        known = all(isinstance(row, dict) and rows <= row.keys() for row in value[:10])
        return (Match.YES if document.complete else Match.DAMAGED) if known else Match.NO
    return Match.NO


def _pointed(artifact: Artifact) -> str:
    """The checkpoint that the text `last` names, if it lies beside it."""
    if artifact.size > _PATH_BYTES:
        return ""
    text = artifact.data().decode("utf-8", "replace").strip()
    name = text.rstrip("/").rpartition("/")[2]
    return text if name and "\n" not in text and _held(artifact, name) else ""


def _held(artifact: Artifact, name: str) -> bool:
    return artifact.tree.holds(_path(artifact, name))


def _path(artifact: Artifact, written: str) -> str:
    """Where a listed checkpoint lies: beside the list, whatever directory it was written in."""
    name = written.replace("\\", "/").rstrip("/").rpartition("/")[2]
    return f"{artifact.directory}/{name}".lstrip("/")


def parse(artifact: Artifact) -> Listing:
    """The entries, whatever holds them."""
    if artifact.name == "last":
        top = View.of(artifact, {})
        return Listing(((top, _pointed(artifact)),), top)
    document = artifact.json()
    top = View.of(artifact, document.value)
    if artifact.name in ("latest.json", "checksums.json"):
        written = top.filled("file") or top.filled("path")
        return Listing(((top, written),) if written else (), top, unread=int(not written))
    key = next((name for name in ("entries", "items") if top.has(name)), "")
    held: Value = document.value if isinstance(document.value, list) else top.items(key)
    rows: list[tuple[View, str]] = []
    unread = 0
    for index, item in enumerate(held if isinstance(held, list) else []):
        place = f"/{key}/{index}" if key else f"/{index}"
        row = View(artifact, item if isinstance(item, dict) else {}, place, top.problems)
        written = row.filled("path")
        if written and len(rows) < _LISTED:
            rows.append((row, written))
        else:
            unread += 1
    return Listing(tuple(rows), top, top.filled("mode"), unread)


def to_reading(listing: Listing, artifact: Artifact, _points: PointSink) -> Reading:
    """The listed checkpoints, tagged as last or best where the list says so."""
    key = listing.top.filled("metric_key")
    found = [_checkpoint(view, written, key, artifact) for view, written in listing.rows]
    tagged = {item.path for item in _tagged(found, listing, artifact)}
    word = "last" if artifact.name in ("last", "latest.json", "checksums.json") else "best"
    whole = artifact.name == "last" or artifact.json().complete
    flaws = () if artifact.name == "last" else tuple(artifact.json().flaws)
    return Reading(
        checkpoints=tuple(
            replace(item, tags=(word,)) if item.path in tagged else item for item in found
        ),
        problems=(*artifact.problems(flaws), *listing.top.problems),
        accounting=Accounting(
            artifact.path,
            READER.kind,
            artifact.size,
            read=len(found),
            dropped=listing.unread,
            corrupt=int(not whole),
            scope=artifact.run.scope,
        ),
    )


def _checkpoint(view: View, written: str, key: str | None, artifact: Artifact) -> Checkpoint:
    path = _path(artifact, written)
    metric = number(view.value.get("metric"))
    return Checkpoint(
        at=Location(artifact.path, view.pointer, artifact.run.scope),
        path=path,
        epoch=view.number("epoch"),
        metric=metric,
        monitor=(view.filled("metric_name") or key) if metric is not None else None,
        present=artifact.tree.holds(path),
        digests=tuple(_digests(view, path, artifact)),
    )


def _digests(view: View, path: str, artifact: Artifact) -> Iterator[Digest]:
    """A saver's digest is of its latest payload, `train_loop`'s of the whole directory."""
    below = artifact.tree.directories.get(path, [])
    names = [entry.name for entry in below if entry.parent == path]
    sha256 = view.filled("sha256")
    if sha256:
        subject = f"{path}/{latest_payload(names)}" if names else path
        yield Digest("sha256", sha256.lower(), Origin.RECORDED, subject)
    whole = view.filled("checksum") or view.filled("checkpoint_sha256")
    if whole and "checkpoint.sha256" not in names and "model.pt" in names:
        yield Digest("sha256", whole.lower(), Origin.RECORDED, f"{path}/model.pt")
    elif whole:
        yield Digest(OVER_DIRECTORY, whole.lower(), Origin.RECORDED, path)


def _tagged(found: list[Checkpoint], listing: Listing, artifact: Artifact) -> Iterator[Checkpoint]:
    """Those that the list singles out."""
    if artifact.name == "best.json":
        yield from _best_of_manager(found, listing)
    elif artifact.name == "index.json":
        leader = best(found, listing.mode)
        if leader is not None:
            yield leader
    elif len(found) == 1:
        yield found[0]


def _best_of_manager(found: list[Checkpoint], listing: Listing) -> Iterator[Checkpoint]:
    """By the lowest `val_loss`, else the highest `score`, else the latest."""
    for key, mode in (("val_loss", "min"), ("score", "max"), ("epoch", "max")):
        rated = [
            replace(item, metric=(view.object("metrics") if key != "epoch" else view).number(key))
            for item, (view, _) in zip(found, listing.rows, strict=True)
        ]
        leader = best(rated, mode)
        if leader is not None:
            yield leader
            return


READER = Reader(
    name="codex_checkpoint_index",
    kind="codex_ml.checkpoint_index",
    summary="codex_ml index.json, best_index.json, latest.json, best.json, last, checksums.json",
    select=files(*_KEYS, "best_index.json", "last"),
    detect=detect,
    parse=parse,
    map=to_reading,
)
