"""PyTorch Lightning checkpoints, `*.ckpt`: read as data, never unpickled, tensors left alone.

A file of `torch.save` with the keys `epoch` (from 0, running when it was saved; the number of
finished epochs where it was saved at the end), `global_step` (optimizer steps done),
`pytorch-lightning_version`, `state_dict`, `loops`, `callbacks`, `hyper_parameters`. A callback's
key is its class with the arguments of its state; only there stands whether ModelCheckpoint looks
for the smallest or the largest score. A slash in a metric's name makes a sub-directory.
Sharded strategies save a directory of that name; what Lightning adds stands in its `meta.pt`
(FSDP) or `mp_rank_00_model_states.pt` (DeepSpeed). `last.ckpt` may be a link, or, where links were
not copied as such, a file that holds its target's name. It is written with the best checkpoints,
so the last epoch that was trained is not told by it.

Many checkpoints of one run say the same; what concerns the run is taken from the last one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from archiver.codecs import torch_container
from archiver.codecs.pickle_nodes import Call, Global, Mapping, Node
from archiver.codecs.pickle_values import Converter
from archiver.codecs.torch_container import TorchFile
from archiver.extension import (
    Artifact,
    Match,
    PointSink,
    Reader,
    Reading,
    Selection,
    directories,
    files,
)
from archiver.model.claims import Evidence, EvidenceKind, Location, Origin, Problem
from archiver.model.record import Accounting, Checkpoint, Config, Dependency, Related, Step
from archiver.model.values import Tagged, Value
from archiver.producers.lightning_keys import resumed_from, run_of
from archiver.rundir import Entry, Tree

_MARK = b"pytorch-lightning_version"
_SIDE_FILES = ("meta.pt", "mp_rank_00_model_states.pt")
_SHARDS = (".distcp", "_optim_states.pt", "_model_states.pt")
_LAST = re.compile(r"last(?:-v(\d{1,9}))?\.ckpt\Z")
_NAMED = re.compile(r"(?:epoch=\d|.*[-_/]step=\d|last(?:-v\d+)?\.ckpt)")
_NUMBER = {name: re.compile(rf"(?:^|[-_/]){name}=(\d{{1,15}})(?!\d)") for name in ("epoch", "step")}
_VERSION = re.compile(r"-v(\d{1,9})\.ckpt\Z")
_MODE = re.compile(r"'mode': '(min|max)'")
_LINK_BYTES = 4096
_CALLBACKS = 1_000
_KEY_CHARACTERS = 64 * 1024
_CONFIGS = ("hyper_parameters", "datamodule_hyper_parameters")


@dataclass(frozen=True, slots=True)
class Saver:
    """What a ModelCheckpoint callback knew."""

    monitor: str | None
    mode: str | None
    """From the callback's key; None where that does not tell."""
    directory: str | None
    best_path: str
    best_score: Value
    current_score: Value


@dataclass
class Saved:
    """What one checkpoint holds."""

    link: str | None = None
    """Where the file is nothing but the name of another: that name."""
    file: TorchFile | None = None
    member: str = ""
    """Of a directory: the file that holds the rest."""
    root: Mapping = field(default_factory=Mapping)
    savers: tuple[Saver, ...] = ()
    converter: Converter = field(default_factory=Converter)

    def integer(self, key: str) -> int | None:
        """A whole number of the top level."""
        value = self.root.get(key)
        return value if isinstance(value, int) and not isinstance(value, bool) else None


def select(tree: Tree) -> Iterator[Selection]:
    """Files and directories of that name; of what lies in such a directory nothing."""
    folders = list(directories(lambda name: name.endswith(".ckpt"))(tree))
    inside = tuple(f"{folder.path}/" for folder in folders)
    yield from (item for item in folders if not item.path.startswith(inside))
    for item in files("*.ckpt")(tree):
        if not item.path.startswith(inside):
            yield item


def detect(artifact: Artifact) -> Match:
    """The key that every version writes, near the beginning of the pickle."""
    if _is_directory(artifact):
        return _detect_directory(artifact)
    head = artifact.head()
    if _MARK in head or _link(artifact, head) is not None:
        return Match.YES
    # Nothing of it was written, or nothing but the beginning.
    blank = not head.strip(b"\0")
    return Match.DAMAGED if blank and _NAMED.match(artifact.name) else Match.NO


def _detect_directory(artifact: Artifact) -> Match:
    """The same key in the file beside the shards; shards alone where Lightning puts them."""
    side = _side(artifact)
    if side is not None:
        told = _MARK in artifact.open(side).read_at(0, artifact.limits.head_bytes)
        return Match.YES if told else Match.NO
    shards = any(entry.name.endswith(_SHARDS) for entry in artifact.files)
    return Match.YES if shards and _NAMED.match(artifact.name) else Match.NO


def _is_directory(artifact: Artifact) -> bool:
    return artifact.path != artifact.entry.path


def _side(artifact: Artifact) -> Entry | None:
    """Of a sharded checkpoint: the file with what Lightning itself saved."""
    return next((entry for entry in artifact.files if entry.name in _SIDE_FILES), None)


def _link(artifact: Artifact, head: bytes) -> str | None:
    """The name that the file consists of, if that is another checkpoint of the run."""
    if artifact.size > _LINK_BYTES:
        return None
    try:
        text = head.decode().strip()
    except UnicodeDecodeError:
        return None
    path = f"{artifact.directory}/{text}".lstrip("/")
    return path if text.endswith(".ckpt") and path in artifact.tree.by_path else None


def parse(artifact: Artifact) -> Saved:
    """The pickle as data, and what the callbacks knew."""
    side = _side(artifact) if _is_directory(artifact) else None
    if _is_directory(artifact) and side is None:
        return Saved()
    entry = side or artifact.entry
    link = None if side else _link(artifact, artifact.head())
    if link is not None:
        return Saved(link=link)
    file = torch_container.read(artifact.open(entry).read_at, entry.size, artifact.limits)
    value = file.pickle.value if file.pickle is not None else None
    root = value if isinstance(value, Mapping) else Mapping()
    saved = Saved(file=file, member=entry.path, root=root)
    saved.converter = Converter(artifact.limits, lambda call: _tensor(call, file))
    saved.savers = tuple(_savers(saved))
    return saved


def _tensor(call: Call, file: TorchFile) -> Value:
    """A tensor of one element as its value, another as its type and shape."""
    tensor = torch_container.tensor(call)
    if tensor is None:
        return None
    value = file.scalar(tensor) if not tensor.shape else None
    return value if value is not None else Tagged("tensor", f"{tensor.dtype} {list(tensor.shape)}")


def _callbacks(saved: Saved) -> Iterator[tuple[str, str, Mapping]]:
    """Class, key and state of each callback; very old releases have the class itself as key."""
    callbacks = saved.root.get("callbacks")
    for key, state in callbacks.pairs[:_CALLBACKS] if isinstance(callbacks, Mapping) else ():
        text = key.path if isinstance(key, Global) else key
        if isinstance(text, str) and isinstance(state, Mapping):
            text = text[:_KEY_CHARACTERS]
            yield text.partition("{")[0].rpartition(".")[2], text, state


def _savers(saved: Saved) -> Iterator[Saver]:
    for name, key, state in _callbacks(saved):
        if name == "ModelCheckpoint" or state.get("best_model_path") is not None:
            mode = _MODE.search(key)
            yield Saver(
                monitor=_text(state.get("monitor")),
                mode=mode[1] if mode else None,
                directory=_text(state.get("dirpath")),
                best_path=_text(state.get("best_model_path")) or "",
                best_score=_score(saved, state.get("best_model_score")),
                current_score=_score(saved, state.get("current_score")),
            )


def _text(node: Node) -> str | None:
    return node if isinstance(node, str) else None


def _score(saved: Saved, node: Node) -> Value:
    value = saved.converter.value(node)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def to_reading(saved: Saved, artifact: Artifact, _points: PointSink) -> Reading:
    """The checkpoint; from the last one also what it says of the run."""
    if saved.link is not None:
        return _linked(saved.link, artifact)
    file = saved.file
    own = _checkpoint(saved, artifact)
    flaws = file.flaws if file is not None else None
    complete = file is None or file.complete
    reading = Reading(
        checkpoints=(own,),
        accounting=Accounting(
            artifact.path,
            READER.kind,
            artifact.size,
            read=int(complete),
            corrupt=int(not complete),
            reasons=dict(flaws.counts) if flaws is not None else {},
            scope=artifact.run.scope,
        ),
    )
    if _speaks(artifact):
        reading = _of_the_run(reading, saved, artifact)
    return replace(reading, problems=tuple(_problems(saved, artifact)))


def _linked(target: str, artifact: Artifact) -> Reading:
    message = f"it holds nothing but the name {target.rpartition('/')[2]}, as a copied link does"
    last = _LAST.match(artifact.name) is not None
    entry = artifact.tree.by_path[target]
    found = Checkpoint(
        at=artifact.at(),
        path=target,
        tags=("last",) if last else (),
        present=True,
        files=1,
        bytes=entry.size if entry.type == "file" else None,
    )
    return Reading(
        checkpoints=(found,),
        problems=(artifact.problem("link-as-file", message),),
        accounting=Accounting(
            artifact.path, READER.kind, artifact.size, read=1, scope=artifact.run.scope
        ),
    )


def _checkpoint(saved: Saved, artifact: Artifact) -> Checkpoint:
    name = _home(artifact)[1]
    step, epoch = saved.integer("global_step"), saved.integer("epoch")
    told = step is not None or epoch is not None
    scores = [saver.current_score for saver in saved.savers if saver.current_score is not None]
    return Checkpoint(
        at=artifact.at(),
        origin=Origin.RECORDED if told else Origin.DERIVED,
        path=artifact.path,
        tags=("last",) if _is_last(artifact, name) else (),
        step=step if told else _named(name, "step"),
        epoch=epoch if told else _named(name, "epoch"),
        metric=scores[0] if scores else None,
        present=True,
        files=len(artifact.files),
        bytes=artifact.size,
    )


def _named(name: str, what: str) -> int | None:
    found = _NUMBER[what].search(name)
    return int(found[1]) if found else None


def _home(artifact: Artifact, directory: str | None = None) -> tuple[str, str]:
    """The directory of the checkpoints, and the name below it, sub-directories of it included."""
    wanted = (directory or "checkpoints").rstrip("/").rpartition("/")[2]
    return _split(artifact.path, wanted)


def _split(path: str, wanted: str) -> tuple[str, str]:
    parts = path.split("/")
    for place in range(len(parts) - 2, -1, -1):
        if parts[place] == wanted:
            return "/".join(parts[: place + 1]), "/".join(parts[place + 1 :])
    place = len(parts) - 1
    while place and "=" in parts[place - 1]:
        place -= 1
    return "/".join(parts[:place]), "/".join(parts[place:])


def _is_last(artifact: Artifact, name: str) -> bool:
    """Named so, or the target of a link that is."""
    if _LAST.match(name):
        return True
    return any(
        _LAST.match(entry.name) and _target(entry) == artifact.path
        for entry in artifact.tree.symlinks
    )


def _target(link: Entry) -> str:
    """Path within the run that a relative link leads to, as text."""
    parts = [part for part in link.parent.split("/") if part]
    for part in (link.target or "").split("/"):
        if part == ".." and parts:
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def _speaks(artifact: Artifact) -> bool:
    """Whether this is the last of the checkpoints that lie together, going by their names."""
    beside = _beside(artifact.tree, _home(artifact)[0])
    if not _is_directory(artifact) and artifact.size <= _LINK_BYTES:
        return next(beside, None) is None
    own = _rank(artifact.path)
    return not any(_rank(path) > own for path in beside)


def _beside(tree: Tree, home: str) -> Iterator[str]:
    """Checkpoints that lie together; likely last ones first, as each of them asks for a later."""
    below = tree.directories.get(home, ()) if home else tree.files
    for entry in reversed(below):
        if (
            entry.name.endswith(".ckpt")
            and entry.size > _LINK_BYTES
            and _together(entry.path, home)
        ):
            yield entry.path
    for path in reversed(tree.directories):
        if path.endswith(".ckpt") and _together(path, home):
            yield path


def _together(path: str, home: str) -> bool:
    return _split(path, "checkpoints")[0] == home


def _rank(path: str) -> tuple[int, int, int, int, str]:
    name = _split(path, "checkpoints")[1]
    last, version = _LAST.match(name), _VERSION.search(name)
    return (
        last is not None,
        int(version[1]) if last and version else -1,
        _named(name, "step") or -1,
        int(version[1]) if version else -1,
        path,
    )


def _of_the_run(reading: Reading, saved: Saved, artifact: Artifact) -> Reading:
    best = tuple(_best(saved, artifact))
    folders = [saver.directory for saver in saved.savers if saver.directory]
    outputs: dict[str, Value] = {"checkpoint_dir": folders[0]} if folders else {}
    configs = tuple(_configs(saved, artifact))
    return replace(
        reading,
        checkpoints=(*reading.checkpoints, *best),
        configs=configs,
        dependencies=tuple(_dependencies(saved, artifact)),
        steps=(Step(at=artifact.at(), step_id="1", name="train", outputs=outputs),),
        evidence=tuple(_evidence(saved, artifact)),
        related=tuple(_related(saved, configs)),
        extras=_extras(saved),
    )


def _best(saved: Saved, artifact: Artifact) -> Iterator[Checkpoint]:
    """The best checkpoint that was known when this one was saved."""
    for saver in saved.savers:
        if not saver.best_path or not saver.monitor:
            continue
        path, entry = _within(saver, artifact)
        yield Checkpoint(
            at=artifact.at(),
            path=path,
            tags=("best",),
            metric=saver.best_score,
            monitor=saver.monitor,
            present=entry,
            files=None if not entry else 1,
            bytes=_size(artifact, path),
        )


def _within(saver: Saver, artifact: Artifact) -> tuple[str, bool]:
    """The best checkpoint's path in the run if it is there, else as recorded."""
    home = _home(artifact, saver.directory)[0]
    inner = saver.best_path
    if saver.directory and inner.startswith(saver.directory + "/"):
        inner = inner.removeprefix(saver.directory + "/")
        path = f"{home}/{inner}".lstrip("/")
        if path in artifact.tree.by_path or path in artifact.tree.directories:
            return path, True
    return saver.best_path, False


def _size(artifact: Artifact, path: str) -> int | None:
    entry = artifact.tree.by_path.get(path)
    return entry.size if entry is not None and entry.type == "file" else None


def _configs(saved: Saved, artifact: Artifact) -> Iterator[Config]:
    for key in _CONFIGS:
        values = saved.converter.value(saved.root.get(key))
        if isinstance(values, dict) and values:
            yield Config(
                at=_place(saved, artifact, key),
                id=f"{artifact.path}!/{key}",
                role="resolved",
                format="pickle",
                values=values,
                partial=saved.file is None or not saved.file.complete,
            )


def _place(saved: Saved, artifact: Artifact, key: str) -> Location:
    return artifact.at(f"data.pkl!/{key}", path=saved.member or None)


def _dependencies(saved: Saved, artifact: Artifact) -> Iterator[Dependency]:
    version = _text(saved.root.get(_MARK.decode()))
    if version is not None:
        place = _place(saved, artifact, _MARK.decode())
        yield Dependency(at=place, name="pytorch-lightning", version=version, kind="imported")


def _evidence(saved: Saved, artifact: Artifact) -> Iterator[Evidence]:
    step = saved.integer("global_step")
    if step is not None:
        detail = f"a checkpoint was saved after {step} steps"
        place = _place(saved, artifact, "global_step")
        yield Evidence(EvidenceKind.PROGRESS, detail, place)
    for name, _, state in _callbacks(saved):
        epoch = state.get("stopped_epoch")
        # 0 is written before it stopped, too.
        if name == "EarlyStopping" and isinstance(epoch, int) and epoch > 0:
            detail = f"early stopping ended the training in epoch {epoch}, counted from 0"
            place = _place(saved, artifact, "callbacks")
            yield Evidence(EvidenceKind.END_MARKER, detail, place)


def _related(saved: Saved, configs: Iterable[Config]) -> Iterator[Related]:
    """Another run whose checkpoint this one went on from, where that is recorded."""
    own = {run_of(f"{saver.directory}/") for saver in saved.savers if saver.directory}
    found = [
        run_of(saver.best_path)
        for saver in saved.savers
        if saver.directory and not saver.best_path.startswith(saver.directory + "/")
    ]
    found += [resumed_from(config.values) for config in configs]
    for run in dict.fromkeys(found):
        if run is not None and run not in own:
            yield Related("resumed_from", run)


def _extras(saved: Saved) -> dict[str, Value]:
    extras: dict[str, Value] = {}
    for name, key, state in _callbacks(saved):
        value = saved.converter.value(state)
        if isinstance(value, dict):
            mode = _MODE.search(key)
            extras.setdefault("callbacks", {})[name] = {  # type: ignore[call-overload,index]
                **value,
                **({"mode": mode[1]} if mode else {}),
            }
    progress = _progress(saved)
    if progress is not None:
        extras["epoch_progress"] = progress
    return extras


def _progress(saved: Saved) -> Value:
    node: Node = saved.root
    for key in ("loops", "fit_loop", "epoch_progress"):
        node = node.get(key) if isinstance(node, Mapping) else None
    return saved.converter.value(node)


def _problems(saved: Saved, artifact: Artifact) -> Iterator[Problem]:
    file = saved.file
    if file is None:
        return
    yield from artifact.problems(file.flaws)
    yield from artifact.problems(
        flaw for flaw in saved.converter.flaws if flaw.code != "non-string-key"
    )
    warning = torch_container.warning(file.globals)
    if warning is not None:
        hint = "load it with weights_only=True, or not at all"
        code = "hostile-pickle" if torch_container.hostile(file.globals) else "unsafe-pickle"
        yield artifact.problem(code, warning, hint=hint)


READER = Reader(
    name="lightning_checkpoint",
    kind="lightning.checkpoint",
    summary="PyTorch Lightning checkpoints (*.ckpt), read as data",
    select=select,
    detect=detect,
    parse=parse,
    map=to_reading,
)
