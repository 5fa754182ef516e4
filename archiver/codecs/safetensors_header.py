"""The header of a safetensors file, checked: names, types, shapes and places of its tensors.

Format (https://huggingface.co/docs/safetensors): a little-endian u64 with the length N of the
header, N bytes of JSON (padded with blanks), then the tensors' bytes. The header maps a name to
`dtype`, `shape` and `data_offsets` (begin and end, from the end of the header); `__metadata__`
maps texts to texts. The reference reader takes headers of up to 100 MB, and files whose tensors
follow each other without a gap up to the end of the file.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass

from archiver.codecs import json_document
from archiver.codecs.flaws import Flaws
from archiver.limits import DEFAULT, Limits
from archiver.model.values import Value

HEADER_BYTES = 100_000_000
"""Longest header that the reference reader takes."""
_BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "U16": 16, "I16": 16, "F16": 16, "BF16": 16, "U32": 32, "I32": 32,
    "F32": 32, "U64": 64, "I64": 64, "F64": 64, "C64": 64, "F8_E4M3": 8, "F8_E5M2": 8,
    "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "F6_E2M3": 6, "F6_E3M2": 6, "F4": 4,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tensor:
    """One entry of the header."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int

    @property
    def size(self) -> int:
        """Number of its elements."""
        return math.prod(self.shape)


@dataclass(frozen=True, slots=True)
class Header:
    """What was read."""

    tensors: tuple[Tensor, ...]
    metadata: dict[str, str]
    complete: bool
    """Whether the header is whole and its tensors are all in the file."""
    flaws: Flaws

    @property
    def parameters(self) -> int:
        """Elements of all tensors."""
        return sum(tensor.size for tensor in self.tensors)

    @property
    def bytes(self) -> int:
        """Bytes of all tensors."""
        return sum(tensor.end - tensor.begin for tensor in self.tensors)

    @property
    def dtypes(self) -> dict[str, int]:
        """Type -> number of tensors, in the order of first appearance."""
        counts: dict[str, int] = {}
        for tensor in self.tensors:
            counts[tensor.dtype] = counts.get(tensor.dtype, 0) + 1
        return counts


def looks_like(head: bytes, size: int) -> bool:
    """Whether the first bytes are a length and the beginning of a JSON object."""
    if len(head) < 9:
        return False
    length = struct.unpack_from("<Q", head)[0]
    return 2 <= length <= HEADER_BYTES and head[8:9] == b"{" and size >= 10


def read(read_at: Callable[[int, int], bytes], size: int, limits: Limits = DEFAULT) -> Header:
    """Read and check the header of a file of `size` bytes; the tensors are not read.

    Flaws: `truncated`, `size-limit`, `bad-header`, `bad-tensor`, `bad-offsets`, `bad-metadata`,
    and those of the JSON codec (`duplicate-key`, ...).
    """
    flaws = Flaws()
    head = read_at(0, 8)
    if len(head) < 8:
        flaws.add("truncated", "no length of a header", "byte 0")
        return Header((), {}, complete=False, flaws=flaws)
    length = struct.unpack("<Q", head)[0]
    if length > min(HEADER_BYTES, limits.document_bytes):
        flaws.add("size-limit", f"a header of {length} bytes is over the limit", "byte 0")
        return Header((), {}, complete=False, flaws=flaws)
    if length > size - 8:
        flaws.add("truncated", f"the header has {length} bytes, the file {size}", "byte 8")
    document = json_document.parse(read_at(8, length), limits)
    flaws.extend(document.flaws)
    if not isinstance(document.value, dict):
        flaws.add("bad-header", "the header is no object", "byte 8")
        return Header((), {}, complete=False, flaws=flaws)
    tensors = [
        tensor
        for name, entry in document.value.items()
        if name != "__metadata__" and (tensor := _tensor(name, entry, flaws)) is not None
    ]
    metadata = _metadata(document.value.get("__metadata__"), flaws)
    fits = _placed(tensors, size - 8 - length, flaws) if document.complete else False
    return Header(tuple(tensors), metadata, complete=document.complete and fits, flaws=flaws)


def _tensor(name: str, entry: Value, flaws: Flaws) -> Tensor | None:
    if not isinstance(entry, dict):
        flaws.add("bad-tensor", "an entry that is no object", name[:200])
        return None
    dtype, shape, offsets = (entry.get(key) for key in ("dtype", "shape", "data_offsets"))
    sizes, places = _counts(shape), _counts(offsets)
    if not isinstance(dtype, str) or sizes is None or places is None or len(places) != 2:
        flaws.add("bad-tensor", "no dtype, shape and two data_offsets", name[:200])
        return None
    tensor = Tensor(name, dtype, sizes, *places)
    bits = _BITS.get(dtype)
    if bits is None:
        flaws.add("bad-tensor", "a dtype that is not known", name[:200])
    elif (tensor.size * bits + 7) // 8 != tensor.end - tensor.begin:
        flaws.add("bad-tensor", "its shape does not fit its bytes", name[:200])
    return tensor


def _counts(value: Value) -> tuple[int, ...] | None:
    """A list of whole numbers from 0; None for anything else."""
    if not isinstance(value, list) or len(value) > 64:
        return None
    counts = tuple(
        item
        for item in value
        if isinstance(item, int) and not isinstance(item, bool) and 0 <= item < 2**63
    )
    return counts if len(counts) == len(value) else None


def _metadata(value: Value, flaws: Flaws) -> dict[str, str]:
    if value is None:
        return {}
    entries = value.items() if isinstance(value, dict) else ()
    texts = {key: item for key, item in entries if isinstance(item, str)}
    if not isinstance(value, dict) or len(texts) != len(value):
        flaws.add("bad-metadata", "__metadata__ maps something else than texts to texts")
    return texts


def _placed(tensors: list[Tensor], room: int, flaws: Flaws) -> bool:
    """Whether the tensors follow each other from the first byte to the last."""
    at = 0
    for tensor in sorted(tensors, key=lambda item: (item.begin, item.end)):
        if tensor.begin != at or tensor.end < tensor.begin:
            message = f"begins at {tensor.begin} where {at} was expected"
            flaws.add("bad-offsets", message, tensor.name[:200])
            return False
        at = tensor.end
    if at > room:
        flaws.add("truncated", f"{room} of {at} bytes of the tensors are there")
    elif at < room:
        flaws.add("bad-offsets", f"{room - at} bytes belong to no tensor")
    return at == room
