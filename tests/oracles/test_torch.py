"""Checkpoints and weights against torch's and safetensors' own readers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from archiver.codecs import safetensors_header, torch_container
from archiver.codecs.pickle_nodes import Call
from archiver.codecs.pickle_values import Converter
from archiver.codecs.torch_container import TorchFile
from archiver.model.values import Value

READERS = Path(__file__).resolve().parents[2] / "fixtures" / "readers"
PLAIN = sorted(
    path
    for case in ("nan", "stale")
    for path in (READERS / "lightning_checkpoint" / case).rglob("*.ckpt")
)
"""Checkpoints that torch loads without a class of a user's."""


def ours(path: Path) -> Value:
    """The whole tree; tensors without dimensions as numbers, others as their shape."""
    data = path.read_bytes()
    file = torch_container.read(lambda offset, size: data[offset : offset + size], len(data))
    assert file.pickle is not None
    converter = Converter(special=lambda call: _tensor(call, file))
    return converter.value(file.pickle.value)


def _tensor(call: Call, file: TorchFile) -> Value:
    tensor = torch_container.tensor(call)
    if tensor is None:
        return None
    return list(tensor.shape) if tensor.shape else file.scalar(tensor)


def theirs(value: Any) -> Any:
    """What torch made, in the same form."""
    if hasattr(value, "shape"):
        return list(value.shape) if value.dim() else value.item()
    if isinstance(value, dict):
        return {k if isinstance(k, str) else str(k): theirs(v) for k, v in value.items()}
    return [theirs(item) for item in value] if isinstance(value, list | tuple) else value


@pytest.mark.oracle("torch")
@pytest.mark.parametrize("path", PLAIN, ids=lambda path: f"{path.parts[-4]}-{path.name}")
def test_every_value_of_a_checkpoint(path: Path) -> None:
    """The tree is the one that torch loads: keys, numbers, shapes, scores."""
    import torch

    assert ours(path) == theirs(torch.load(path, weights_only=True))


@pytest.mark.oracle("torch")
@pytest.mark.parametrize("name", ["model.pt", "legacy.pth"])
def test_tensors_of_a_state(name: str) -> None:
    """Both containers."""
    import torch

    path = READERS / "torch_file" / "clean" / "input" / name
    assert ours(path) == theirs(torch.load(path, weights_only=True))


@pytest.mark.oracle("safetensors")
def test_a_safetensors_header() -> None:
    """Names, types, shapes and metadata."""
    import safetensors

    path = READERS / "safetensors_weights" / "clean" / "input" / "model.safetensors"
    data = path.read_bytes()
    found = safetensors_header.read(lambda offset, size: data[offset : offset + size], len(data))
    with safetensors.safe_open(path, "np") as file:
        assert found.metadata == file.metadata()
        for tensor in found.tensors:
            part = file.get_slice(tensor.name)
            assert (tensor.dtype, list(tensor.shape)) == (part.get_dtype(), part.get_shape())
        assert {tensor.name for tensor in found.tensors} == set(file.keys())
