"""What a pickle's instructions work on: the bytes, the stack with its marks, the memo."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from archiver.codecs.flaws import Flaws
from archiver.codecs.pickle_nodes import Global, Mapping, Node
from archiver.limits import Limits
from archiver.model.values import Tagged

_NAME_CHARACTERS = 1_000
_MOST_GLOBALS = 10_000
"""The memo makes names of any length cheap to repeat; real pickles have a few dozen short ones."""


class BadPickleError(Exception):
    """The bytes are no pickle, or a limit is reached; code and message."""


class Machine:
    """The stack, the memo and the place in the bytes."""

    def __init__(self, data: bytes, start: int, limits: Limits) -> None:
        self.data, self.at, self.begun = data, start, start
        self.limits = limits
        self.protocol = 0
        self.stack: list[Node] = []
        self.below: list[list[Node]] = []
        """Stacks below the marks that are open."""
        self.memo: dict[int, Node] = {}
        self.globals: dict[str, None] = {}
        self.flaws = Flaws()

    def result(self) -> Node:
        """What lies on the stack, groups that were not finished put where they belong."""
        while self.below:
            _fill(self, self.group())
        return self.stack[0] if self.stack else None

    def push(self, node: Node) -> None:
        """Put on the stack."""
        self.stack.append(node)

    def pop(self) -> Node:
        """Take from the stack."""
        if not self.stack:
            raise BadPickleError("bad-pickle", "an instruction finds nothing to work on")
        return self.stack.pop()

    def mark(self) -> None:
        """Begin a group."""
        self.below.append(self.stack)
        self.stack = []

    def group(self) -> list[Node]:
        """Everything since the last mark, which goes too."""
        if not self.below:
            raise BadPickleError("bad-pickle", "a group without a beginning")
        items, self.stack = self.stack, self.below.pop()
        return items

    def take(self, size: int) -> bytes:
        """So many bytes."""
        if size < 0 or size > len(self.data) - self.at:
            raise BadPickleError("truncated", "it ends within a text or a number")
        self.at += size
        return self.data[self.at - size : self.at]

    def number(self, form: str) -> int:
        """An integer in a binary form."""
        size = struct.calcsize(form)
        self.at += size
        return int(struct.unpack_from(form, self.data, self.at - size)[0])

    def line(self) -> bytes:
        """Up to the end of the line."""
        end = self.data.find(b"\n", self.at)
        if end < 0:
            raise BadPickleError("truncated", "it ends within a line")
        line = self.data[self.at : end]
        self.at = end + 1
        return line

    def text(self, data: bytes, encoding: str = "utf-8") -> str:
        """Text of bytes; half characters that Python let through become U+FFFD."""
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            self.flaws.add("bad-utf8", f"bytes that are no {encoding}", f"byte {self.begun}")
            return data.decode("utf-8", "replace")
        if encoding == "raw_unicode_escape":
            return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return text

    def found(self, module: str, name: str) -> Global:
        """A global, entered in the list."""
        if len(module) > _NAME_CHARACTERS or len(name) > _NAME_CHARACTERS:
            raise BadPickleError("bad-pickle", "a global whose name is too long")
        item = Global(module, name)
        self.globals[item.path] = None
        if len(self.globals) > _MOST_GLOBALS:
            raise BadPickleError("size-limit", "more globals than the limit")
        return item

    def whole(self, data: bytes) -> Node:
        """A long integer of little-endian bytes, unless it has too many digits."""
        if len(data) * 2.41 > self.limits.digits:
            self.flaws.add("digits-limit", "number with too many digits", f"byte {self.begun}")
            return Tagged("long-int", f"{len(data)} bytes")
        return int.from_bytes(data, "little", signed=True)


def _fill(machine: Machine, items: list[Node]) -> None:
    """Put a group into what lies below it, as the instruction that is missing would have."""
    target = machine.stack[-1] if machine.stack else None
    if isinstance(target, list):
        target.extend(items)
    elif isinstance(target, Mapping):
        target.pairs += paired(items[: len(items) // 2 * 2])
    elif not machine.stack and items:
        machine.push(items[0] if len(items) == 1 else tuple(items))


def paired(items: Sequence[Node]) -> list[tuple[Node, Node]]:
    """Keys with their values.

    Raises:
        BadPickleError: a key has none.
    """
    if len(items) % 2:
        raise BadPickleError("bad-pickle", "a key without a value")
    return list(zip(items[::2], items[1::2], strict=True))
