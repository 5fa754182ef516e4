"""Containers of torch.save: told apart, scalars read from their storages, names judged."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.codecs import torch_container
from archiver.codecs.torch_container import Kind

FILES = (
    Path(__file__).resolve().parents[2] / "fixtures" / "readers" / "torch_file" / "clean" / "input"
)


def read(data):
    """A file held in memory."""
    return torch_container.read(lambda offset, size: data[offset : offset + size], len(data))


def scalar_file(storage, raw, order=b"little"):
    """A ZIP with one tensor of one element."""
    body = (
        b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\n"
        + storage
        + b"\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x02tQK\x01))\x89}tR."
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("a/data.pkl", body)
        file.writestr("a/byteorder", order)
        file.writestr("a/data/0", raw)
    found = read(out.getvalue())
    return found.scalar(torch_container.tensor(found.pickle.value))


@pytest.mark.parametrize(
    ("storage", "form", "value"),
    [
        (b"FloatStorage", "f", 0.25),
        (b"DoubleStorage", "d", 0.1),
        (b"HalfStorage", "e", -1.5),
        (b"LongStorage", "q", -7),
        (b"IntStorage", "i", 7),
        (b"BoolStorage", "?", True),
    ],
)
@pytest.mark.parametrize(("order", "mark"), [(b"little", "<"), (b"big", ">")])
def test_scalars_of_every_type(storage, form, value, order, mark):
    """The element at the tensor's offset, in the byte order of the file."""
    raw = struct.pack(f"{mark}2{form}", 0, value)
    assert scalar_file(storage, raw, order) == value


def test_scalars_of_bfloat16():
    """The upper half of a float32."""
    assert scalar_file(b"BFloat16Storage", b"\0\0" + struct.pack("<f", 1.5)[2:]) == 1.5


def test_scalars_that_are_not_there():
    """A storage that is too short, and a type that is not known."""
    assert scalar_file(b"FloatStorage", b"\0\0\0") is None
    assert scalar_file(b"OddStorage", bytes(8)) is None


@pytest.mark.parametrize(
    ("name", "kind"),
    [("model.pt", Kind.ZIP), ("legacy.pth", Kind.LEGACY), ("script.pt", Kind.TORCHSCRIPT)],
)
def test_containers(name, kind):
    """Each that torch writes."""
    found = read((FILES / name).read_bytes())
    assert (found.kind, found.complete) == (kind, True)


def test_tensors_of_a_state():
    """Names, types and shapes without their bytes."""
    found = torch_container.tensors(read((FILES / "model.pt").read_bytes()).pickle.value)
    shapes = {name: (item.dtype, item.shape) for name, item in found.items()}
    assert shapes == {"w": ("torch.FloatStorage", (2, 3)), "b": ("torch.HalfStorage", (3,))}


def test_other_zips():
    """A ZIP without the pickle is none of torch's."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("x.txt", "y")
    found = read(out.getvalue())
    assert (found.kind, found.flaws.counts) == (Kind.OTHER_ZIP, {"no-pickle": 1})


@given(st.binary(max_size=80), st.sampled_from(["model.pt", "legacy.pth"]), st.integers(0, 600))
def test_any_bytes_give_an_answer(junk, name, at):
    """Nothing raises."""
    data = (FILES / name).read_bytes()
    read(data[:at] + junk + data[at + len(junk) :])
    read(data[:at])
    read(junk)


def test_names_that_are_normal():
    """Tensors, plain containers, Lightning's own callbacks; nothing else."""
    normal = (
        "collections.OrderedDict", "torch._utils._rebuild_tensor_v2", "torch.FloatStorage",
        "torch.bfloat16", "torch.Size", "torch.device",
        "pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint",
        "lightning.pytorch.callbacks.early_stopping.EarlyStopping",
    )  # fmt: skip
    odd = (
        "builtins.frozenset", "pathlib.PosixPath", "__main__.Norm", "torch.load",
        "torch.storage._load_from_bytes", "torch.nn.modules.activation.ReLU",
        "torch.evil.FakeStorage", "os.system",
    )  # fmt: skip
    assert torch_container.unusual((*normal, *odd)) == odd
    assert torch_container.hostile(odd) == (
        "torch.load", "torch.storage._load_from_bytes", "os.system"
    )  # fmt: skip
    assert torch_container.warning(normal) is None
