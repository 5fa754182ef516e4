"""What a checkpoint of Lightning holds: its pickle as data, and what its callbacks knew.

A file of `torch.save`; a callback's key is its class with the arguments of its state, and only
there stands whether ModelCheckpoint looks for the smallest or the largest score. Sharded
strategies save a directory of that name; what Lightning adds stands in its `meta.pt` (FSDP) or
`mp_rank_00_model_states.pt` (DeepSpeed). Where links were not copied as such, `last.ckpt` is a file
that holds its target's name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from archiver.artifact import Artifact
from archiver.codecs import torch_container
from archiver.codecs.pickle_nodes import Call, Global, Mapping, Node
from archiver.codecs.pickle_values import Converter
from archiver.codecs.torch_container import TorchFile
from archiver.model.values import Tagged, Value
from archiver.rundir import Entry

_SIDE_FILES = ("meta.pt", "mp_rank_00_model_states.pt")
_MODE = re.compile(r"'mode': '(min|max)'")
LINK_BYTES = 4096
"""A file that is no larger may be a link that was not copied as one."""
_CALLBACKS = 1_000
_KEY_CHARACTERS = 64 * 1024


class Callback(NamedTuple):
    """A callback of the trainer."""

    name: str
    """Its class."""
    mode: str | None
    """Whether it looks for the smallest or the largest (`min`, `max`), if its key tells."""
    state: Mapping


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

    def text(self, key: str) -> str | None:
        """A text of the top level."""
        return _text(self.root.get(key))

    def callbacks(self) -> Iterator[Callback]:
        """The callbacks with their states."""
        found = self.root.get("callbacks")
        for key, state in found.pairs[:_CALLBACKS] if isinstance(found, Mapping) else ():
            # Very old releases have the class itself as key.
            text = key.path if isinstance(key, Global) else key
            if isinstance(text, str) and isinstance(state, Mapping):
                text = text[:_KEY_CHARACTERS]
                mode = _MODE.search(text)
                name = text.partition("{")[0].rpartition(".")[2]
                yield Callback(name, mode[1] if mode else None, state)


def is_directory(artifact: Artifact) -> bool:
    """Whether it is the directory of a sharded checkpoint."""
    return artifact.path != artifact.entry.path


def side_file(artifact: Artifact) -> Entry | None:
    """Of a sharded checkpoint: the file with what Lightning itself saved."""
    return next((entry for entry in artifact.files if entry.name in _SIDE_FILES), None)


def link_target(artifact: Artifact, head: bytes) -> str | None:
    """The name that the file consists of, if that is another checkpoint of the run."""
    if artifact.size > LINK_BYTES:
        return None
    try:
        text = head.decode().strip()
    except UnicodeDecodeError:
        return None
    path = f"{artifact.directory}/{text}".lstrip("/")
    return path if text.endswith(".ckpt") and path in artifact.tree.by_path else None


def read_saved(artifact: Artifact) -> Saved:
    """The pickle as data, and what the callbacks knew."""
    side = side_file(artifact) if is_directory(artifact) else None
    if is_directory(artifact) and side is None:
        return Saved()
    entry = side or artifact.entry
    link = None if side else link_target(artifact, artifact.head())
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


def _savers(saved: Saved) -> Iterator[Saver]:
    for name, mode, state in saved.callbacks():
        if name == "ModelCheckpoint" or state.get("best_model_path") is not None:
            yield Saver(
                monitor=_text(state.get("monitor")),
                mode=mode,
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
