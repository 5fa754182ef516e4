"""codex_ml checkpoint directories, in the three layouts that its savers write.

Core saver (schema 1.0): `ckpt-<time>-<n>.pt` with `.pt.sha256` and `.meta.json` beside it,
`state.pt` (a copy of the first payload), `state.sha256` (of the latest), `metadata.json`,
`index.json`.
`train_loop`: `model.pt`, `optimizer.pt`, ..., `model.pt.sha256`, `metadata.json`, and
`checkpoint.sha256`, a digest over names and bytes of them all. Manager: `state.pt` or `state.pkl`
with `meta.json` and `checksums.json`.

Payloads are pickles: hashed, never read. Pruning deletes payloads and leaves their side files.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from archiver.codecs.flaws import Flaws
from archiver.extension import Artifact, Match, PointSink, Reader, Reading, Selection
from archiver.model.claims import Claim, Location, Origin, Problem, Trust
from archiver.model.record import Accounting, Checkpoint, Digest, Event
from archiver.model.times import from_epoch
from archiver.model.values import Value
from archiver.producers.codex_checkpoints import (
    OVER_DIRECTORY,
    PAYLOADS,
    SIDE_FILE_BYTES,
    commit,
    digest_in,
    latest_payload,
    number,
    only_metric,
    side_file,
)
from archiver.rundir import Entry, Tree
from archiver.view import View

_EPOCH = re.compile(r"epoch[-_](\d{1,9})\Z")
_LOOP_PARTS = ("model.pt", "optimizer.pt", "rng.json", "rng.pt", "scheduler.pt")
"""What `checkpoint.sha256` is of, in its order, but for `metadata.json` before them."""
_DOCUMENTS = frozenset(
    {"metadata.json", "meta.json", "index.json", "checksums.json", "system.json"}
)
_LEFT_TO_OTHERS = frozenset({"run_manifest.json", "config.json", "config.yaml"})


@dataclass
class Saved:
    """One directory's side files, and what reading them found wrong."""

    documents: dict[str, View] = field(default_factory=dict)
    metadata: bytes = b""
    """`metadata.json` as it is."""
    digests: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Side file -> the digest in it, and the file that it is of."""
    flaws: Flaws = field(default_factory=Flaws)
    problems: list[Problem] = field(default_factory=list)
    read: int = 0
    corrupt: int = 0


def select(tree: Tree) -> Iterable[Selection]:
    """Directories with the files of one of the layouts."""
    for path, below in tree.directories.items():
        names = {entry.name for entry in below if entry.parent == path}
        if _layout(names):
            files = tuple(
                entry
                for entry in below
                if entry.parent in (path, f"{path}/tokenizer") and entry.name not in _LEFT_TO_OTHERS
            )
            yield Selection(path, files)


def _layout(names: set[str]) -> str:
    state = {"state.pt", "state.pkl"} & names
    if "model.pt" in names and {"checkpoint.sha256", "model.pt.sha256"} & names:
        return "loop"
    if "state.sha256" in names or (state and {"metadata.json", "index.json"} & names):
        return "core"
    return "manager" if state and {"meta.json", "checksums.json"} & names else ""


def detect(artifact: Artifact) -> Match:
    """A digest or a document of the saver; other savers use such names, too."""
    by_name = _direct(artifact)
    for name in ("state.sha256", "model.pt.sha256", "checkpoint.sha256"):
        if name in by_name:
            text = artifact.open(by_name[name]).read_at(0, SIDE_FILE_BYTES)
            return Match.YES if digest_in(text) or not text.strip() else Match.NO
    for name in ("metadata.json", "index.json", "meta.json", "checksums.json"):
        if name in by_name:
            data = artifact.open(by_name[name]).read_at(0, SIDE_FILE_BYTES + 1)
            if b'"schema_version"' in data:
                return Match.YES
    return Match.NO


def _direct(artifact: Artifact) -> dict[str, Entry]:
    return {entry.name: entry for entry in artifact.files if entry.parent == artifact.path}


def parse(artifact: Artifact) -> Saved:
    """The JSON documents and the digests; no payload."""
    saved = Saved()
    for name, entry in _direct(artifact).items():
        if name in _DOCUMENTS or name.endswith(".meta.json"):
            _document(saved, artifact, entry)
        elif name.endswith(".sha256"):
            _digest(saved, artifact, entry)
    return saved


def _document(saved: Saved, artifact: Artifact, entry: Entry) -> None:
    file = side_file(artifact, entry)
    saved.problems += file.problems
    saved.flaws.extend(file.flaws)
    saved.read += file.complete
    saved.corrupt += not file.complete
    saved.documents[entry.name] = file.view
    if entry.name == "metadata.json":
        saved.metadata = file.data


def _digest(saved: Saved, artifact: Artifact, entry: Entry) -> None:
    found = digest_in(artifact.content(entry, SIDE_FILE_BYTES))
    if found is None:
        saved.corrupt += 1
        saved.flaws.add("no-digest", "")
        at = artifact.at(path=entry.path)
        saved.problems.append(Problem("no-digest", "it holds no SHA-256 in hex digits", at))
        return
    saved.read += 1
    saved.digests[entry.name] = found, _subject(entry.name, artifact)


def _subject(name: str, artifact: Artifact) -> str:
    """The file that a side file's digest is of."""
    if name == "state.sha256":
        return latest_payload(_direct(artifact))
    return name.removesuffix(".sha256")


def to_reading(saved: Saved, artifact: Artifact, _points: PointSink) -> Reading:
    """The directory as a checkpoint; several payloads in it as one each."""
    found = [_whole(saved, artifact), *_payloads(saved, artifact)]
    views = saved.documents.values()
    return Reading(
        claims=tuple(_claims(saved)),
        checkpoints=tuple(found),
        events=tuple(_events(saved, artifact)),
        problems=(*saved.problems, *(problem for view in views for problem in view.problems)),
        accounting=Accounting(
            artifact.path,
            READER.kind,
            artifact.size,
            read=saved.read,
            corrupt=saved.corrupt,
            reasons=dict(saved.flaws.counts),
            scope=artifact.run.scope,
        ),
    )


def _whole(saved: Saved, artifact: Artifact) -> Checkpoint:
    names = [entry.name for entry in artifact.files]
    step, epoch, metric = _position(saved, artifact)
    link = artifact.tree.by_path.get(f"{artifact.directory}/last".lstrip("/"))
    last = link is not None and (link.target or "").rstrip("/").rpartition("/")[2] == artifact.name
    return Checkpoint(
        at=artifact.at(),
        path=artifact.path,
        tags=("last",) if last else (),
        step=step,
        epoch=epoch,
        metric=metric,
        present=any(name.endswith(PAYLOADS) for name in names),
        files=len(artifact.files),
        bytes=artifact.size,
        digests=tuple(_digests(saved, artifact)),
    )


def _position(saved: Saved, artifact: Artifact) -> tuple[int | None, float | None, Value]:
    """Step, epoch and metric as the latest side file states them; the epoch else by the name."""
    step: int | None = None
    metric: Value = None
    for name in sorted(saved.documents):
        view = saved.documents[name]
        if name.endswith(".meta.json"):
            step = view.integer("step") if view.has("step") else step
            metric = only_metric(view)
    epoch: float | None = None
    for name in ("metadata.json", "meta.json"):
        if name in saved.documents:
            view = saved.documents[name]
            epoch = view.number("epoch") if epoch is None else epoch
            step = view.integer("step") if step is None else step
            metric = only_metric(view) if metric is None else metric
    if "index.json" in saved.documents:
        ranked = _ranked(saved.documents["index.json"])
        metric = ranked if ranked is not None else metric
    named = _EPOCH.match(artifact.name)
    if epoch is None and named is not None:
        epoch = float(named[1])
    return step, epoch, metric


def _ranked(index: View) -> Value:
    """The metric that the saver ranks by, of its newest entry."""
    entries = [entry for entry in index.items("entries") if isinstance(entry, dict)]
    return number(entries[-1].get("metric")) if entries else None


def _digests(saved: Saved, artifact: Artifact) -> Iterator[Digest]:
    """What side files state, each with the file that it is of."""
    stated: dict[tuple[str, str], None] = {}
    for digest, subject in saved.digests.values():
        if subject != "checkpoint":
            stated[digest, subject] = None
    view = saved.documents.get("metadata.json")
    if view is not None and view.filled("digest_sha256"):
        latest = _subject("state.sha256", artifact)
        stated[str(view.filled("digest_sha256")).lower(), latest] = None
    sums = saved.documents.get("checksums.json")
    if sums is not None and sums.filled("sha256") and sums.filled("file"):
        file = str(sums.filled("file")).rpartition("/")[2]
        stated[str(sums.filled("sha256")).lower(), file] = None
    for digest, subject in stated:
        yield Digest("sha256", digest, Origin.RECORDED, f"{artifact.path}/{subject}")
    if "checkpoint.sha256" in saved.digests:
        yield from _directory_digests(saved, artifact)


def _directory_digests(saved: Saved, artifact: Artifact) -> Iterator[Digest]:
    """The digest over all parts as recorded, and as the parts give it now.

    A first save takes it before `metadata.json` is there, a later one with the old one.
    """
    recorded = saved.digests["checkpoint.sha256"][0]
    yield Digest(OVER_DIRECTORY, recorded, Origin.RECORDED, artifact.path)
    with_metadata, without = hashlib.sha256(), hashlib.sha256()
    by_name = _direct(artifact)
    if "metadata.json" in by_name:
        with_metadata.update(b"metadata.json\0" + saved.metadata)
    for name in _LOOP_PARTS:
        for data in _named_bytes(name, by_name.get(name), artifact):
            with_metadata.update(data)
            without.update(data)
    found = without if without.hexdigest() == recorded else with_metadata
    yield Digest(OVER_DIRECTORY, found.hexdigest(), Origin.DERIVED, artifact.path)


def _named_bytes(name: str, entry: Entry | None, artifact: Artifact) -> Iterator[bytes]:
    if entry is not None:
        yield name.encode() + b"\0"
        yield from artifact.open(entry).chunks()


def _payloads(saved: Saved, artifact: Artifact) -> Iterator[Checkpoint]:
    """Each payload of a directory that was saved to more than once, pruned ones too."""
    stems = [name.removesuffix(".meta.json") for name in saved.documents if ".meta." in name]
    by_name = _direct(artifact)
    for stem in stems if len(stems) > 1 else ():
        name = f"{stem}.pt"
        view = saved.documents[f"{stem}.meta.json"]
        entry = by_name.get(name)
        digest = saved.digests.get(f"{name}.sha256")
        path = f"{artifact.path}/{name}"
        yield Checkpoint(
            at=view.at(),
            path=path,
            step=view.integer("step"),
            metric=only_metric(view),
            present=entry is not None,
            files=1 if entry is not None else None,
            bytes=entry.size if entry is not None else None,
            digests=(Digest("sha256", digest[0], Origin.RECORDED, path),) if digest else (),
        )


def _claims(saved: Saved) -> Iterator[Claim]:
    """The interpreter and libraries that the saver found around itself."""
    for name, key in (("metadata.json", "environment"), ("system.json", ""), ("meta.json", "")):
        view = saved.documents.get(name)
        if view is None:
            continue
        held = view.object(key) if key else view
        for claimed, written in (
            ("summary.python", "python_version"),
            ("summary.os", "platform"),
            ("summary.torch", "torch_version"),
        ):
            text = held.filled(written)
            if text:
                yield Claim(claimed, text, held.at(written), Trust.COPY)
        code = commit(view, "git_commit")
        if code:
            yield Claim("summary.git_commit", code, view.at("git_commit"), Trust.COPY)


def _events(saved: Saved, artifact: Artifact) -> Iterator[Event]:
    index = saved.documents.get("index.json")
    entries = index.items("entries") if index is not None else []
    for place, entry in enumerate(entries[:1000]):
        created = entry.get("created_at") if isinstance(entry, dict) else None
        if index is None or isinstance(created, bool) or not isinstance(created, int | float):
            continue
        time = from_epoch(created) if abs(created) < 10**12 else None
        at: Location = index.at("entries", place, "created_at")
        if time is not None:
            yield Event(
                at=at,
                time=time.iso(),
                clock=time.clock.value,
                kind="checkpoint",
                subject=artifact.path,
            )


READER = Reader(
    name="codex_checkpoint",
    kind="codex_ml.checkpoint",
    summary="codex_ml checkpoint directories of the core saver, train_loop and the manager",
    select=select,
    detect=detect,
    parse=parse,
    map=to_reading,
)
