"""PyTorch Lightning checkpoints, `*.ckpt`: read as data, never unpickled, tensors left alone.

A file of `torch.save` with the keys `epoch` (from 0, running when it was saved; the number of
finished epochs where it was saved at the end), `global_step` (optimizer steps done),
`pytorch-lightning_version`, `state_dict`, `loops`, `callbacks`, `hyper_parameters`; sharded
strategies save a directory of that name. `last.ckpt` is written with the best checkpoints, so the
last epoch that was trained is not told by it.

Many checkpoints of one run say the same; what concerns the run is taken from the last one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from archiver.codecs import torch_container
from archiver.codecs.pickle_nodes import Mapping, Node
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
from archiver.model.values import Value
from archiver.producers.lightning_keys import resumed_from, run_of
from archiver.producers.lightning_names import LAST, home_of, is_last, is_newest, number_in
from archiver.producers.lightning_saved import (
    Saved,
    Saver,
    is_directory,
    link_target,
    read_saved,
    side_file,
)
from archiver.rundir import Tree

_MARK = b"pytorch-lightning_version"
_SHARDS = (".distcp", "_optim_states.pt", "_model_states.pt")
_NAMED = re.compile(r"(?:epoch=\d|.*[-_/]step=\d|last(?:-v\d+)?\.ckpt)")
_CONFIGS = ("hyper_parameters", "datamodule_hyper_parameters")


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
    if is_directory(artifact):
        return _detect_directory(artifact)
    head = artifact.head()
    if _MARK in head or link_target(artifact, head) is not None:
        return Match.YES
    # Nothing of it was written, or nothing but the beginning.
    blank = not head.strip(b"\0")
    return Match.DAMAGED if blank and _NAMED.match(artifact.name) else Match.NO


def _detect_directory(artifact: Artifact) -> Match:
    """The same key in the file beside the shards; shards alone where Lightning puts them."""
    side = side_file(artifact)
    if side is not None:
        told = _MARK in artifact.open(side).read_at(0, artifact.limits.head_bytes)
        return Match.YES if told else Match.NO
    shards = any(entry.name.endswith(_SHARDS) for entry in artifact.files)
    return Match.YES if shards and _NAMED.match(artifact.name) else Match.NO


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
    if is_newest(artifact):
        reading = _of_the_run(reading, saved, artifact)
    return replace(reading, problems=tuple(_problems(saved, artifact)))


def _linked(target: str, artifact: Artifact) -> Reading:
    message = f"it holds nothing but the name {target.rpartition('/')[2]}, as a copied link does"
    last = LAST.match(artifact.name) is not None
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
    name = home_of(artifact)[1]
    step, epoch = saved.integer("global_step"), saved.integer("epoch")
    told = step is not None or epoch is not None
    scores = [saver.current_score for saver in saved.savers if saver.current_score is not None]
    return Checkpoint(
        at=artifact.at(),
        origin=Origin.RECORDED if told else Origin.DERIVED,
        path=artifact.path,
        tags=("last",) if is_last(artifact, name) else (),
        step=step if told else number_in(name, "step"),
        epoch=epoch if told else number_in(name, "epoch"),
        metric=scores[0] if scores else None,
        present=True,
        files=len(artifact.files),
        bytes=artifact.size,
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
    home = home_of(artifact, saver.directory)[0]
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
    version = saved.text(_MARK.decode())
    if version is not None:
        place = _place(saved, artifact, _MARK.decode())
        yield Dependency(at=place, name="pytorch-lightning", version=version, kind="imported")


def _evidence(saved: Saved, artifact: Artifact) -> Iterator[Evidence]:
    step = saved.integer("global_step")
    if step is not None:
        detail = f"a checkpoint was saved after {step} steps"
        place = _place(saved, artifact, "global_step")
        yield Evidence(EvidenceKind.PROGRESS, detail, place)
    for name, _, state in saved.callbacks():
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
    for name, mode, state in saved.callbacks():
        value = saved.converter.value(state)
        if isinstance(value, dict):
            extras.setdefault("callbacks", {})[name] = {  # type: ignore[call-overload,index]
                **value,
                **({"mode": mode} if mode else {}),
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
    parse=read_saved,
    map=to_reading,
)
