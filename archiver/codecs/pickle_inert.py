"""Pickles as data: a stack machine that never looks up a name, let alone calls one.

Protocols 0 to 5 (the instruction set is documented in CPython's `pickletools.py`). Every global is
an inert `Global`, every object that one would make is a `Call` with its arguments, state and
items, every persistent id a `Reference`. What is built is bounded by the instructions that were
read, as the memo shares; what shares is only multiplied in `to_value`, which counts.
"""

from __future__ import annotations

import base64
import re
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, cast

from archiver.codecs.flaws import Flaws
from archiver.codecs.yaml_nodes import Inner, key_text, tagged
from archiver.limits import DEFAULT, Limits
from archiver.model.values import Tagged, Value

Node: TypeAlias = (
    "bool | int | float | str | bytes | Tagged | list[Node] | tuple[Node, ...] | Mapping | Items"
    " | Global | Call | Reference | None"
)


@dataclass(slots=True, eq=False)
class Mapping:
    """A dictionary: its pairs in the order in which they were set, keys of any kind."""

    pairs: list[tuple[Node, Node]] = field(default_factory=list)
    _known: dict[str, Node] = field(default_factory=dict, repr=False)
    _indexed: int = 0
    """Pairs that `_known` was made of; what is shared may be asked in many places."""

    def get(self, key: str) -> Node:
        """The value last set for a text key; None where there is none."""
        if self._indexed != len(self.pairs):
            self._known = {name: value for name, value in self.pairs if isinstance(name, str)}
            self._indexed = len(self.pairs)
        return self._known.get(key)


@dataclass(slots=True, eq=False)
class Items:
    """A set or frozenset."""

    items: list[Node]


@dataclass(frozen=True, slots=True)
class Global:
    """A name that unpickling would import."""

    module: str
    name: str

    @property
    def path(self) -> str:
        """`module.name`, in Python 3's names."""
        return f"{_PYTHON_2.get(self.module, self.module)}.{self.name}"


@dataclass(slots=True, eq=False)
class Call:
    """An object that unpickling would make: what of, and what it would be given."""

    function: Node
    args: Node
    kwargs: Node = None
    state: Node = None
    items: list[Node] = field(default_factory=list)
    """What would be appended to it."""
    pairs: list[tuple[Node, Node]] = field(default_factory=list)
    """What would be set in it."""

    @property
    def path(self) -> str:
        """Name of what would be called; empty where that is no global."""
        return self.function.path if isinstance(self.function, Global) else ""


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """Something outside of the pickle, such as the storage of a tensor."""

    id: Node


@dataclass(frozen=True, slots=True)
class Pickle:
    """What was read."""

    value: Node
    complete: bool
    """Whether the machine came to its end; else the value is what had been put together."""
    protocol: int
    end: int
    """Byte behind the last one that was read."""
    globals: tuple[str, ...]
    """Every name that would be imported, in order of first appearance."""
    flaws: Flaws


_NAME_CHARACTERS = 1_000
_MOST_GLOBALS = 10_000
"""The memo makes names of any length cheap to repeat; real pickles have a few dozen short ones."""
_PYTHON_2 = {"__builtin__": "builtins", "copy_reg": "copyreg", "__builtins__": "builtins"}


class _BadPickleError(Exception):
    """The bytes are no pickle, or a limit is reached; code and message."""


def parse(data: bytes, start: int = 0, limits: Limits = DEFAULT) -> Pickle:
    """Read the pickle that begins at a byte; nothing in it raises, nothing is looked up.

    Flaws: `empty`, `truncated`, `bad-pickle`, `size-limit`, `digits-limit`, `bad-utf8`.
    """
    machine = _Machine(data, start, limits)
    complete = False
    if start >= len(data):
        machine.flaws.add("empty", "no byte of a pickle")
    else:
        try:
            machine.run()
            complete = True
        except _BadPickleError as fault:
            code, message = fault.args
            machine.flaws.add(code, message, f"byte {machine.begun}")
        except (struct.error, IndexError):
            machine.flaws.add("truncated", "it ends within an instruction", f"byte {machine.begun}")
    return Pickle(
        machine.result(),
        complete,
        machine.protocol,
        machine.at,
        tuple(machine.globals),
        machine.flaws,
    )


class _Machine:
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

    def run(self) -> None:
        """Read instructions up to the last one."""
        for _ in range(self.limits.pickle_opcodes):
            self.begun = self.at
            code = self.data[self.at]
            self.at += 1
            if code == _STOP:
                self.begun = self.at
                self.result()
                return
            step = _OPCODES.get(code)
            if step is None:
                raise _BadPickleError("bad-pickle", f"{code:#04x} is no instruction")
            step(self)
        raise _BadPickleError("size-limit", "more instructions than the limit")

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
            raise _BadPickleError("bad-pickle", "an instruction finds nothing to work on")
        return self.stack.pop()

    def mark(self) -> None:
        """Begin a group."""
        self.below.append(self.stack)
        self.stack = []

    def group(self) -> list[Node]:
        """Everything since the last mark, which goes too."""
        if not self.below:
            raise _BadPickleError("bad-pickle", "a group without a beginning")
        items, self.stack = self.stack, self.below.pop()
        return items

    def take(self, size: int) -> bytes:
        """So many bytes."""
        if size < 0 or size > len(self.data) - self.at:
            raise _BadPickleError("truncated", "it ends within a text or a number")
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
            raise _BadPickleError("truncated", "it ends within a line")
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
            raise _BadPickleError("bad-pickle", "a global whose name is too long")
        item = Global(module, name)
        self.globals[item.path] = None
        if len(self.globals) > _MOST_GLOBALS:
            raise _BadPickleError("size-limit", "more globals than the limit")
        return item

    def whole(self, data: bytes) -> Node:
        """A long integer of little-endian bytes, unless it has too many digits."""
        if len(data) * 2.41 > self.limits.digits:
            self.flaws.add("digits-limit", "number with too many digits", f"byte {self.begun}")
            return Tagged("long-int", f"{len(data)} bytes")
        return int.from_bytes(data, "little", signed=True)


def _fill(machine: _Machine, items: list[Node]) -> None:
    """Put a group into what lies below it, as the instruction that is missing would have."""
    target = machine.stack[-1] if machine.stack else None
    if isinstance(target, list):
        target.extend(items)
    elif isinstance(target, Mapping):
        target.pairs += _paired(items[: len(items) // 2 * 2])
    elif not machine.stack and items:
        machine.push(items[0] if len(items) == 1 else tuple(items))


def _paired(items: Sequence[Node]) -> list[tuple[Node, Node]]:
    if len(items) % 2:
        raise _BadPickleError("bad-pickle", "a key without a value")
    return list(zip(items[::2], items[1::2], strict=True))


def _int_line(machine: _Machine) -> None:
    line = machine.line()
    if line in (b"00", b"01"):
        machine.push(line == b"01")
    else:
        machine.push(_decimal(machine, line))


def _decimal(machine: _Machine, line: bytes) -> Node:
    text = line.strip().removesuffix(b"L")
    if len(text) > machine.limits.digits:
        machine.flaws.add("digits-limit", "number with too many digits", f"byte {machine.begun}")
        return Tagged("long-int", f"{len(text)} digits")
    if not text.lstrip(b"+-").isdigit():
        raise _BadPickleError("bad-pickle", "a number that is none")
    try:
        return int(text)
    except ValueError:
        raise _BadPickleError("bad-pickle", "a number that is none") from None


def _float_line(machine: _Machine) -> None:
    try:
        machine.push(float(machine.line()[:100]))
    except ValueError:
        raise _BadPickleError("bad-pickle", "a number that is none") from None


def _string_line(machine: _Machine) -> None:
    """Protocol 0 writes a Python 2 string as its literal."""
    line = machine.line().strip()
    if len(line) < 2 or line[:1] not in b"\"'" or line[:1] != line[-1:]:
        raise _BadPickleError("bad-pickle", "a string without quotes")
    machine.push(_ESCAPE.sub(_unescaped, machine.text(line[1:-1], "latin-1")))


_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|([\\'\"nrt]))")
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t"}


def _unescaped(match: re.Match[str]) -> str:
    if match[1]:
        return chr(int(match[1], 16))
    return _ESCAPED.get(match[2], match[2])


def _unicode_line(machine: _Machine) -> None:
    machine.push(machine.text(machine.line(), "raw_unicode_escape"))


def _text_of(form: str) -> Callable[[_Machine], None]:
    return lambda machine: machine.push(machine.text(machine.take(machine.number(form))))


def _old_text_of(form: str) -> Callable[[_Machine], None]:
    """A Python 2 string: bytes that are mostly text."""
    return lambda machine: machine.push(machine.text(machine.take(machine.number(form)), "latin-1"))


def _bytes_of(form: str) -> Callable[[_Machine], None]:
    return lambda machine: machine.push(machine.take(machine.number(form)))


def _long_of(form: str) -> Callable[[_Machine], None]:
    return lambda machine: machine.push(machine.whole(machine.take(machine.number(form))))


def _number_of(form: str) -> Callable[[_Machine], None]:
    return lambda machine: machine.push(machine.number(form))


def _constant(make: Callable[[], Node]) -> Callable[[_Machine], None]:
    return lambda machine: machine.push(make())


def _float(machine: _Machine) -> None:
    machine.at += 8
    machine.push(struct.unpack_from(">d", machine.data, machine.at - 8)[0])


def _tuple_of(size: int) -> Callable[[_Machine], None]:
    def step(machine: _Machine) -> None:
        items = [machine.pop() for _ in range(size)]
        machine.push(tuple(reversed(items)))

    return step


def _recall(machine: _Machine, index: int) -> None:
    if index not in machine.memo:
        raise _BadPickleError("bad-pickle", f"nothing was remembered as {index}")
    machine.push(machine.memo[index])


def _remember(machine: _Machine, index: int) -> None:
    if not machine.stack:
        raise _BadPickleError("bad-pickle", "nothing to remember")
    machine.memo[index] = machine.stack[-1]


def _line_index(machine: _Machine) -> int:
    index = _decimal(machine, machine.line())
    return index if isinstance(index, int) else -1


def _append(machine: _Machine, items: list[Node]) -> None:
    target = machine.pop()
    if isinstance(target, list):
        target.extend(items)
    elif isinstance(target, Items | Call):
        target.items.extend(items)
    else:
        raise _BadPickleError("bad-pickle", "items for what holds none")
    machine.push(target)


def _set(machine: _Machine, items: list[Node]) -> None:
    pairs = _paired(items)
    target = machine.pop()
    if not isinstance(target, Mapping | Call):
        raise _BadPickleError("bad-pickle", "keys for what holds none")
    target.pairs.extend(pairs)
    machine.push(target)


def _set_one(machine: _Machine) -> None:
    value = machine.pop()
    _set(machine, [machine.pop(), value])


def _pop(machine: _Machine) -> None:
    if machine.stack:
        machine.pop()
    else:
        machine.group()


def _forget(machine: _Machine) -> None:
    machine.group()


def _twice(machine: _Machine) -> None:
    node = machine.pop()
    machine.push(node)
    machine.push(node)


def _global(machine: _Machine) -> None:
    module = machine.text(machine.line())
    machine.push(machine.found(module, machine.text(machine.line())))


def _stack_global(machine: _Machine) -> None:
    name, module = machine.pop(), machine.pop()
    if not isinstance(name, str) or not isinstance(module, str):
        raise _BadPickleError("bad-pickle", "a global whose name is no text")
    machine.push(machine.found(module, name))


def _extension(form: str) -> Callable[[_Machine], None]:
    """A global of the registry that only the writer had."""
    return lambda machine: machine.push(
        machine.found("copyreg", f"extension-{machine.number(form)}")
    )


def _reduce(machine: _Machine) -> None:
    args = machine.pop()
    machine.push(Call(machine.pop(), args))


def _new(machine: _Machine) -> None:
    kwargs, args = machine.pop(), machine.pop()
    machine.push(Call(machine.pop(), args, kwargs))


def _build(machine: _Machine) -> None:
    state = machine.pop()
    target = machine.pop()
    if isinstance(target, Call):
        target.state = state
    else:
        # Nothing but an object has a state; keep what is there and what it would be given.
        target = Call(target, (), None, state)
    machine.push(target)


def _instance(machine: _Machine) -> None:
    module = machine.text(machine.line())
    made = machine.found(module, machine.text(machine.line()))
    machine.push(Call(made, tuple(machine.group())))


def _object(machine: _Machine) -> None:
    items = machine.group()
    if not items:
        raise _BadPickleError("bad-pickle", "an object of nothing")
    machine.push(Call(items[0], tuple(items[1:])))


def _protocol(machine: _Machine) -> None:
    machine.protocol = machine.number("<B")
    if machine.protocol > 5:
        raise _BadPickleError("bad-pickle", f"protocol {machine.protocol} is not known")


def _frame(machine: _Machine) -> None:
    machine.number("<Q")  # how much the reader may take at once; nothing depends on it


def _outside(machine: _Machine) -> None:
    machine.push(Reference("buffer"))


def _nothing(machine: _Machine) -> None:
    """A remark that changes nothing here."""


_STOP = ord(".")
_OPCODES: dict[int, Callable[[_Machine], None]] = {
    ord("("): _Machine.mark,
    ord("0"): _pop,
    ord("1"): _forget,
    ord("2"): _twice,
    ord("F"): _float_line,
    ord("I"): _int_line,
    ord("J"): _number_of("<i"),
    ord("K"): _number_of("<B"),
    ord("L"): lambda machine: machine.push(_decimal(machine, machine.line())),
    ord("M"): _number_of("<H"),
    ord("N"): _constant(lambda: None),
    ord("P"): lambda machine: machine.push(Reference(machine.text(machine.line()))),
    ord("Q"): lambda machine: machine.push(Reference(machine.pop())),
    ord("R"): _reduce,
    ord("S"): _string_line,
    ord("T"): _old_text_of("<i"),
    ord("U"): _old_text_of("<B"),
    ord("V"): _unicode_line,
    ord("X"): _text_of("<I"),
    ord("a"): lambda machine: _append(machine, [machine.pop()]),
    ord("b"): _build,
    ord("c"): _global,
    ord("d"): lambda machine: machine.push(Mapping(_paired(machine.group()))),
    ord("}"): _constant(Mapping),
    ord("e"): lambda machine: _append(machine, machine.group()),
    ord("g"): lambda machine: _recall(machine, _line_index(machine)),
    ord("h"): lambda machine: _recall(machine, machine.number("<B")),
    ord("i"): _instance,
    ord("j"): lambda machine: _recall(machine, machine.number("<I")),
    ord("l"): lambda machine: machine.push(machine.group()),
    ord("]"): _constant(list),
    ord("o"): _object,
    ord("p"): lambda machine: _remember(machine, _line_index(machine)),
    ord("q"): lambda machine: _remember(machine, machine.number("<B")),
    ord("r"): lambda machine: _remember(machine, machine.number("<I")),
    ord("s"): _set_one,
    ord("t"): lambda machine: machine.push(tuple(machine.group())),
    ord(")"): _constant(tuple),
    ord("u"): lambda machine: _set(machine, machine.group()),
    ord("G"): _float,
    ord("B"): _bytes_of("<I"),
    ord("C"): _bytes_of("<B"),
    0x80: _protocol,
    0x81: _reduce,
    0x82: _extension("<B"),
    0x83: _extension("<H"),
    0x84: _extension("<i"),
    0x85: _tuple_of(1),
    0x86: _tuple_of(2),
    0x87: _tuple_of(3),
    0x88: _constant(lambda: True),
    0x89: _constant(lambda: False),
    0x8A: _long_of("<B"),
    0x8B: _long_of("<i"),
    0x8C: _text_of("<B"),
    0x8D: _text_of("<Q"),
    0x8E: _bytes_of("<Q"),
    0x8F: _constant(lambda: Items([])),
    0x90: lambda machine: _append(machine, machine.group()),
    0x91: lambda machine: machine.push(Items(machine.group())),
    0x92: _new,
    0x93: _stack_global,
    0x94: lambda machine: _remember(machine, len(machine.memo)),
    0x95: _frame,
    0x96: _bytes_of("<Q"),
    0x97: _outside,
    0x98: _nothing,
}


@dataclass
class Converter:
    """Turns nodes into plain values; what is shared is written out each time, and counted.

    Objects are `Tagged` as a YAML dump of them would be: `python/name` for globals,
    `python/object/apply:<name>` with the arguments, `python/object:<name>` with the state.
    Flaws: `nesting-limit`, `size-limit`, `non-string-key`.
    """

    limits: Limits = DEFAULT
    special: Callable[[Call], Value] | None = None
    """Asked first for each object; None where it has no answer."""
    flaws: Flaws = field(default_factory=Flaws)
    _nodes: int = 0
    _characters: int = 0

    def value(self, node: Node) -> Value:
        """The plain value."""
        return cast("Value", self._value(node, 0, inside=False))

    def _value(self, node: Node, depth: int, *, inside: bool) -> Value | Inner:
        """The plain value; `inside` of an object that becomes text as a whole."""
        self._nodes += 1
        if self._nodes > self.limits.pickle_nodes:
            self.flaws.add("size-limit", "more values than the limit")
            return _OVER
        if depth > self.limits.nesting:
            self.flaws.add("nesting-limit", "nested too deeply")
            return Tagged("unresolved", "nested too deeply")
        if isinstance(node, list | tuple):
            return self._list(node, depth, inside=inside)
        if isinstance(node, Mapping):
            return self._mapping(node.pairs, depth, inside=inside)
        if isinstance(node, Items):
            return self._object("apply:builtins.set", [node.items], depth, inside=inside)
        if isinstance(node, Call):
            return self._call(node, depth, inside=inside)
        return _leaf(node) if self._affords(_extent(node)) else _OVER

    def _affords(self, characters: int) -> bool:
        """Whether so much text may still be written out."""
        self._characters += characters
        if self._characters <= self.limits.pickle_characters:
            return True
        self.flaws.add("size-limit", "more text than the limit, once what is shared is repeated")
        return False

    def _list(self, items: Sequence[Node], depth: int, *, inside: bool) -> Value:
        found = []
        for item in items:
            if self._nodes > self.limits.pickle_nodes:
                break
            found.append(self._value(item, depth + 1, inside=inside))
        return cast("Value", found)

    def _mapping(self, pairs: list[tuple[Node, Node]], depth: int, *, inside: bool) -> Value:
        found: dict[str, Value | Inner] = {}
        for key, item in pairs:
            if self._nodes > self.limits.pickle_nodes:
                break
            if not isinstance(key, str):
                self.flaws.add("non-string-key", "a key that is no text made one")
            name = key_text(self._value(key, depth + 1, inside=inside))
            found[name] = self._value(item, depth + 1, inside=inside)
        return cast("Value", found)

    def _call(self, call: Call, depth: int, *, inside: bool) -> Value | Inner:
        answer = self.special(call) if self.special is not None else None
        if answer is not None:
            return answer
        name, args = call.path, call.args if isinstance(call.args, tuple) else (call.args,)
        if name == "collections.OrderedDict":
            return self._mapping(call.pairs, depth, inside=inside)
        if name == "copyreg._reconstructor" and args and isinstance(args[0], Global):
            return self._object(args[0].path, call.state, depth, inside=inside)
        if call.state is not None:
            return self._object(name, call.state, depth, inside=inside)
        if call.pairs:
            return self._object(name, Mapping(call.pairs), depth, inside=inside)
        return self._object(f"apply:{name}", [*args, *call.items], depth, inside=inside)

    def _object(self, name: str, node: Node, depth: int, *, inside: bool) -> Value | Inner:
        if not self._affords(len(name)):
            return _OVER
        tag = "python/object" + ("/" if name.startswith("apply:") else ":") + name
        value = self._value(node, depth + 1, inside=True)
        return Inner(tag, value) if inside else tagged(tag, value)


_OVER = Tagged("unresolved", "over the limit of values")


def _extent(node: Node) -> int:
    """Characters that a leaf takes."""
    if isinstance(node, Global):
        return len(node.module) + len(node.name)
    return len(node) if isinstance(node, str | bytes) else 1


def _leaf(node: Node) -> Value:
    if isinstance(node, Global):
        return Tagged("python/name", node.path)
    if isinstance(node, Reference):
        known = isinstance(node.id, str | int)
        return Tagged("python/persistent-id", str(node.id)[:200] if known else "")
    if isinstance(node, bytes):
        return Tagged("bytes", base64.b64encode(node).decode())
    return cast("Value", node)
