"""Files of `torch.save` that no producer's reader knows: container, tensors, what loading runs.

Read as data: `*.pt`, `*.pth`, `*.bin`, `*.ckpt`, by their first bytes.
"""

from __future__ import annotations

from archiver.codecs import torch_container
from archiver.codecs.pickle_nodes import Mapping
from archiver.codecs.torch_container import Kind, TorchFile
from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.claims import Problem
from archiver.model.record import Accounting
from archiver.model.values import Value

_STATES = ("", "state_dict", "model_state_dict", "model", "module")
"""Where a file keeps its tensors: at the top, or under one of these."""


def detect(artifact: Artifact) -> Match:
    """One of torch's containers."""
    head = artifact.head()
    found = torch_container.kind(head)
    if found is Kind.ZIP:
        # The pickle is the first member that torch writes.
        return Match.YES if b"/data.pkl" in head[:4096] or b"/byteorder" in head else Match.NO
    if found is Kind.TAR:
        return (
            Match.YES
            if head[:100].rstrip(b"\0") in (b"sys_info", b"pickle", b"storages")
            else (Match.NO)
        )
    return Match.NO if found is Kind.UNKNOWN else Match.YES


def parse(artifact: Artifact) -> TorchFile:
    """The structure, as data."""
    return torch_container.read(artifact.open().read_at, artifact.size, artifact.limits)


def to_reading(file: TorchFile, artifact: Artifact, _points: PointSink) -> Reading:
    """Facts of the file, and what loading it would import."""
    complete = file.complete or file.kind is Kind.TAR
    return Reading(
        problems=(*artifact.problems(file.flaws), *_unsafe(file, artifact)),
        accounting=Accounting(
            artifact.path,
            READER.kind,
            artifact.size,
            read=int(complete),
            corrupt=int(not complete),
            reasons=dict(file.flaws.counts),
            scope=artifact.run.scope,
        ),
        extras=_extras(file),
    )


def _extras(file: TorchFile) -> dict[str, Value]:
    extras: dict[str, Value] = {"container": file.kind.value}
    if file.globals:
        extras["globals"] = list(file.globals[:100])
    root = file.pickle.value if file.pickle is not None else None
    for name in _STATES:
        node = root.get(name) if name and isinstance(root, Mapping) else root
        found = torch_container.tensors(node)
        if found:
            dtypes: dict[str, Value] = {}
            for tensor in found.values():
                dtype = tensor.dtype.removeprefix("torch.").removesuffix("Storage")
                dtypes[dtype] = int(str(dtypes.get(dtype, 0))) + 1
            extras["tensors"] = len(found)
            extras["parameters"] = sum(tensor.size for tensor in found.values())
            extras["storages"] = dtypes
            break
    return extras


def _unsafe(file: TorchFile, artifact: Artifact) -> tuple[Problem, ...]:
    warning = torch_container.warning(file.globals)
    # Every Trainer pickles its arguments under this name; what they import stands in the extras.
    if artifact.name == "training_args.bin" and not torch_container.hostile(file.globals):
        return ()
    if warning is None or file.kind is Kind.TORCHSCRIPT:
        return ()
    hint = "load it with weights_only=True, or not at all"
    code = "hostile-pickle" if torch_container.hostile(file.globals) else "unsafe-pickle"
    return (artifact.problem(code, warning, hint=hint),)


READER = Reader(
    name="torch_file",
    kind="weights.torch",
    summary="Files of torch.save (*.pt, *.pth, *.bin, *.ckpt), read as data",
    select=files("*.pt", "*.pth", "*.bin", "*.ckpt"),
    detect=detect,
    parse=parse,
    map=to_reading,
    fallback=True,
)
