"""Files of `torch.save`: which container they are, and their pickle as data.

Since PyTorch 1.6 a ZIP with one top directory: `data.pkl`, `data/<key>` with the bytes of one
storage each, `byteorder`, `version`. TorchScript archives look alike and have `constants.pkl` and
`code/`. Before, several pickles one after the other: a magic number, the protocol number 1001,
facts of the system, the object, the keys of the storages; then their bytes. Before that, a TAR.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from archiver.codecs import pickle_inert
from archiver.codecs.flaws import Flaws
from archiver.codecs.pickle_inert import Pickle
from archiver.codecs.pickle_nodes import Call, Global, Mapping, Node, Reference
from archiver.codecs.zip_container import ZipContainer
from archiver.limits import DEFAULT, Limits

ReadAt = Callable[[int, int], bytes]

MAGIC = b"\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"
"""LONG1 of the legacy format's magic number, behind the two bytes of the protocol."""
_TOLD_NAMES = 10
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_ITEMS = {
    "torch.FloatStorage": ("f", 4),
    "torch.DoubleStorage": ("d", 8),
    "torch.HalfStorage": ("e", 2),
    "torch.BFloat16Storage": ("", 2),
    "torch.LongStorage": ("q", 8),
    "torch.IntStorage": ("i", 4),
    "torch.ShortStorage": ("h", 2),
    "torch.CharStorage": ("b", 1),
    "torch.ByteStorage": ("B", 1),
    "torch.BoolStorage": ("?", 1),
}
_REBUILD = ("torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor")
_PARAMETER = "torch._utils._rebuild_parameter"

NORMAL = frozenset(
    {
        "_codecs.encode",
        "builtins.bytearray",
        "builtins.complex",
        "builtins.set",
        "collections.Counter",
        "collections.OrderedDict",
        "torch.Size",
        "torch.Tensor",
        "torch._tensor._rebuild_from_type_v2",
        "torch.device",
        "torch.nn.parameter.Parameter",
        "torch.serialization._get_layout",
        "torch.storage.TypedStorage",
        "torch.storage.UntypedStorage",
    }
)
"""What torch itself takes for harmless (`weights_only`), and no more."""
_NORMAL_STARTS = ("torch._utils._rebuild_",)
_NORMAL_PACKAGES = (
    "pytorch_lightning.callbacks.",
    "lightning.pytorch.callbacks.",
    "pytorch_lightning.utilities.parsing.AttributeDict",
    "lightning.pytorch.utilities.parsing.AttributeDict",
    "lightning_fabric.utilities.data.AttributeDict",
    "lightning.fabric.utilities.data.AttributeDict",
)
_DTYPES = frozenset(
    "torch." + name
    for name in (
        "bfloat16", "bool", "complex128", "complex64", "float16", "float32", "float64",
        "float8_e4m3fn", "float8_e5m2", "int16", "int32", "int64", "int8", "qint8", "quint8",
        "uint16", "uint32", "uint64", "uint8",
    )
)  # fmt: skip
_HOSTILE_MODULES = frozenset(
    {
        "asyncio", "code", "commands", "ctypes", "http", "importlib", "multiprocessing", "nt", "os",
        "pdb", "pickle", "_pickle", "pip", "posix", "pty", "requests", "runpy", "shutil", "signal",
        "socket", "subprocess", "sys", "timeit", "urllib", "webbrowser",
    }
)  # fmt: skip
_HOSTILE = frozenset(
    {
        "builtins.__import__", "builtins.apply", "builtins.breakpoint", "builtins.compile",
        "builtins.delattr", "builtins.eval", "builtins.exec", "builtins.execfile",
        "builtins.getattr", "builtins.globals", "builtins.input", "builtins.open",
        "builtins.setattr", "operator.attrgetter", "operator.methodcaller",
        "torch.hub.load", "torch.load", "torch.storage._load_from_bytes",
    }
)  # fmt: skip


class Kind(StrEnum):
    """Containers."""

    ZIP = "zip"
    TORCHSCRIPT = "torchscript"
    LEGACY = "legacy"
    TAR = "tar"
    PICKLE = "pickle"
    OTHER_ZIP = "other-zip"
    """A ZIP that torch.save did not write."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Tensor:
    """What a pickle says of one tensor."""

    dtype: str
    """Name of its storage's type."""
    shape: tuple[int, ...]
    key: str
    """Its storage."""
    offset: int
    """Elements of the storage before its first one."""

    @property
    def size(self) -> int:
        """Number of its elements."""
        return math.prod(self.shape)


@dataclass
class TorchFile:
    """One file, as far as it could be read."""

    kind: Kind
    pickle: Pickle | None
    """The object's own pickle; of a TorchScript archive none."""
    globals: tuple[str, ...]
    """Every name that loading it would import, over all of its pickles."""
    flaws: Flaws
    big_endian: bool = False
    _zip: ZipContainer | None = None
    _folder: str = ""
    _scalars: dict[tuple[str, int], float | int | None] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether nothing of its structure is missing."""
        whole = self.pickle is not None and self.pickle.complete
        return whole and (self._zip is None or self._zip.complete)

    def scalar(self, tensor: Tensor) -> float | int | None:
        """The value of a tensor of one element, read from its storage; None where it cannot be."""
        form, size = _ITEMS.get(tensor.dtype, ("", 0))
        name = f"{self._folder}data/{tensor.key}"
        if tensor.size != 1 or not size or self._zip is None or name not in self._zip.members:
            return None
        place = (tensor.key, tensor.offset)
        if place not in self._scalars:
            data = self._zip.range(name, tensor.offset * size, size)
            self._scalars[place] = _item(data, form, size, big=self.big_endian)
        return self._scalars[place]


def _item(data: bytes, form: str, size: int, *, big: bool) -> float | int | None:
    if len(data) != size:
        return None
    if not form:  # bfloat16 is the upper half of a float32
        data = data + b"\0\0" if big else b"\0\0" + data
        form = "f"
    value: float | int = struct.unpack((">" if big else "<") + form, data)[0]
    return value


def kind(head: bytes) -> Kind:
    """The container that the first bytes are of; a ZIP may still be TorchScript."""
    if head.startswith(_ZIP):
        return Kind.ZIP
    if head[2:].startswith(MAGIC) and head[:1] == b"\x80":
        return Kind.LEGACY
    if head[257:262] == b"ustar":
        return Kind.TAR
    # Protocol 2 and later begin with their number; nobody saves models with an older one.
    if head[:1] == b"\x80" and head[1:2] and head[1] <= 5:
        return Kind.PICKLE
    return Kind.UNKNOWN


def read(read_at: ReadAt, size: int, limits: Limits = DEFAULT) -> TorchFile:
    """Read a file's structure, not its tensors.

    Flaws: those of `ZipContainer` and of `pickle_inert.parse`, `no-pickle`, `empty`.

    Raises:
        Whatever `read_at` raises.
    """
    head = read_at(0, 512)
    found = kind(head)
    if found is Kind.ZIP:
        return _read_zip(read_at, size, limits)
    flaws = Flaws()
    if found is Kind.UNKNOWN:
        blank = not head.strip(b"\0")
        message = "the file is empty" if blank else "none of torch's containers"
        flaws.add("empty" if blank else "no-pickle", message)
    if found not in (Kind.LEGACY, Kind.PICKLE):
        return TorchFile(found, None, (), flaws)
    data = read_at(0, min(size, limits.pickle_bytes))
    parts = _pickles(data, 5 if found is Kind.LEGACY else 1, limits)
    for part in parts:
        flaws.extend(part.flaws)
    # Magic number, protocol and facts of the system come before the object.
    own = parts[3] if found is Kind.LEGACY and len(parts) > 3 else None
    own = parts[0] if found is Kind.PICKLE else own
    return TorchFile(found, own, _names(parts), flaws)


def _pickles(data: bytes, most: int, limits: Limits) -> list[Pickle]:
    parts: list[Pickle] = []
    start = 0
    for _ in range(most):
        part = pickle_inert.parse(data, start, limits)
        parts.append(part)
        if not part.complete:
            break
        start = part.end
    return parts


def _names(parts: Iterable[Pickle]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for part in parts for name in part.globals))


def _read_zip(read_at: ReadAt, size: int, limits: Limits) -> TorchFile:
    container = ZipContainer.open(read_at, size, limits)
    flaws = container.flaws
    names = container.members
    main = next((name for name in names if _is_main(name)), None)
    if main is None:
        flaws.add("no-pickle", "no member data.pkl in it")
        return TorchFile(Kind.OTHER_ZIP, None, (), flaws, _zip=container)
    folder = main.removesuffix("data.pkl")
    script = f"{folder}constants.pkl" in names
    pickles = [_member(container, main, limits)]
    if script:
        pickles.append(_member(container, f"{folder}constants.pkl", limits))
    for part in pickles:
        flaws.extend(part.flaws)
    order = f"{folder}byteorder"
    big = order in names and container.read(order, 16).data == b"big"
    found = Kind.TORCHSCRIPT if script else Kind.ZIP
    return TorchFile(found, pickles[0], _names(pickles), flaws, big, container, folder)


def _is_main(name: str) -> bool:
    return name.rpartition("/")[2] == "data.pkl" and name.count("/") <= 1


def _member(container: ZipContainer, name: str, limits: Limits) -> Pickle:
    return pickle_inert.parse(container.read(name, limits.pickle_bytes).data, 0, limits)


def tensor(node: Node) -> Tensor | None:
    """The tensor (or parameter) that a call would make; None for anything else."""
    if not isinstance(node, Call) or not isinstance(node.args, tuple) or not node.args:
        return None
    if node.path == _PARAMETER:
        return tensor(node.args[0])
    if node.path not in _REBUILD or len(node.args) < 3:
        return None
    storage, offset, shape = node.args[:3]
    where = storage.id if isinstance(storage, Reference) else None
    if not isinstance(where, tuple) or len(where) < 4 or not isinstance(where[1], Global):
        return None
    if not isinstance(offset, int) or not isinstance(shape, tuple) or offset < 0:
        return None
    sizes = tuple(item for item in shape if isinstance(item, int) and 0 <= item < 2**63)
    if len(sizes) != len(shape) or not isinstance(where[2], str):
        return None
    return Tensor(where[1].path, sizes[:64], where[2], offset)


def tensors(node: Node) -> dict[str, Tensor]:
    """The tensors of a mapping of names, such as a state dictionary."""
    pairs = node.pairs if isinstance(node, Mapping | Call) else []
    found = ((name, tensor(item)) for name, item in pairs)
    return {name: item for name, item in found if isinstance(name, str) and item is not None}


def unusual(names: Iterable[str]) -> tuple[str, ...]:
    """The names beyond tensors and plain containers: loading the file would run their code."""
    return tuple(name for name in names if not _normal(name))


def _normal(name: str) -> bool:
    if name in NORMAL or name in _DTYPES or name.startswith(_NORMAL_STARTS):
        return True
    if name.startswith("torch.") and name.endswith("Storage") and name.count(".") == 1:
        return True
    return name.startswith(_NORMAL_PACKAGES) and name.rpartition(".")[2].isidentifier()


def hostile(names: Iterable[str]) -> tuple[str, ...]:
    """Of these, the ones that no model needs and attacks are made of."""
    return tuple(
        name for name in names if name in _HOSTILE or name.partition(".")[0] in _HOSTILE_MODULES
    )


def warning(names: Iterable[str]) -> str | None:
    """What loading a file that imports these names would do; None where that is harmless."""
    strangers = unusual(names)
    if not strangers:
        return None
    attack = hostile(strangers)
    told = ", ".join(name[:200] for name in (attack or strangers)[:_TOLD_NAMES])
    more = len(attack or strangers) - _TOLD_NAMES
    tail = f" and {more} more" if more > 0 else ""
    return f"loading it would {'run' if attack else 'import the code of'} {told}{tail}"
