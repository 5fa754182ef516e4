"""Pickles as data: a stack machine that never looks up a name, let alone calls one.

Protocols 0 to 5 (the instruction set is documented in CPython's `pickletools.py`). Every global is
an inert `Global`, every object that one would make is a `Call` with its arguments, state and
items, every persistent id a `Reference`. What is built is bounded by the instructions that were
read, as the memo shares; what shares is only multiplied in `pickle_values`, which counts.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass

from archiver.codecs.flaws import Flaws
from archiver.codecs.pickle_machine import BadPickleError, Machine, paired
from archiver.codecs.pickle_nodes import Call, Items, Mapping, Node, Reference
from archiver.limits import DEFAULT, Limits
from archiver.model.values import Tagged


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


def parse(data: bytes, start: int = 0, limits: Limits = DEFAULT) -> Pickle:
    """Read the pickle that begins at a byte; nothing in it raises, nothing is looked up.

    Flaws: `empty`, `truncated`, `bad-pickle`, `size-limit`, `digits-limit`, `bad-utf8`.
    """
    machine = Machine(data, start, limits)
    complete = False
    if start >= len(data):
        machine.flaws.add("empty", "no byte of a pickle")
    else:
        try:
            _run(machine)
            complete = True
        except BadPickleError as fault:
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


def _run(machine: Machine) -> None:
    """Read instructions up to the last one."""
    for _ in range(machine.limits.pickle_opcodes):
        machine.begun = machine.at
        code = machine.data[machine.at]
        machine.at += 1
        if code == _STOP:
            machine.begun = machine.at
            machine.result()
            return
        step = _OPCODES.get(code)
        if step is None:
            raise BadPickleError("bad-pickle", f"{code:#04x} is no instruction")
        step(machine)
    raise BadPickleError("size-limit", "more instructions than the limit")


def _int_line(machine: Machine) -> None:
    line = machine.line()
    if line in (b"00", b"01"):
        machine.push(line == b"01")
    else:
        machine.push(_decimal(machine, line))


def _decimal(machine: Machine, line: bytes) -> Node:
    text = line.strip().removesuffix(b"L")
    if len(text) > machine.limits.digits:
        machine.flaws.add("digits-limit", "number with too many digits", f"byte {machine.begun}")
        return Tagged("long-int", f"{len(text)} digits")
    if not text.lstrip(b"+-").isdigit():
        raise BadPickleError("bad-pickle", "a number that is none")
    try:
        return int(text)
    except ValueError:
        raise BadPickleError("bad-pickle", "a number that is none") from None


def _float_line(machine: Machine) -> None:
    try:
        machine.push(float(machine.line()[:100]))
    except ValueError:
        raise BadPickleError("bad-pickle", "a number that is none") from None


def _string_line(machine: Machine) -> None:
    """Protocol 0 writes a Python 2 string as its literal."""
    line = machine.line().strip()
    if len(line) < 2 or line[:1] not in b"\"'" or line[:1] != line[-1:]:
        raise BadPickleError("bad-pickle", "a string without quotes")
    machine.push(_ESCAPE.sub(_unescaped, machine.text(line[1:-1], "latin-1")))


_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|([\\'\"nrt]))")
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t"}


def _unescaped(match: re.Match[str]) -> str:
    if match[1]:
        return chr(int(match[1], 16))
    return _ESCAPED.get(match[2], match[2])


def _unicode_line(machine: Machine) -> None:
    machine.push(machine.text(machine.line(), "raw_unicode_escape"))


def _text_of(form: str) -> Callable[[Machine], None]:
    return lambda machine: machine.push(machine.text(machine.take(machine.number(form))))


def _old_text_of(form: str) -> Callable[[Machine], None]:
    """A Python 2 string: bytes that are mostly text."""
    return lambda machine: machine.push(machine.text(machine.take(machine.number(form)), "latin-1"))


def _bytes_of(form: str) -> Callable[[Machine], None]:
    return lambda machine: machine.push(machine.take(machine.number(form)))


def _long_of(form: str) -> Callable[[Machine], None]:
    return lambda machine: machine.push(machine.whole(machine.take(machine.number(form))))


def _number_of(form: str) -> Callable[[Machine], None]:
    return lambda machine: machine.push(machine.number(form))


def _constant(make: Callable[[], Node]) -> Callable[[Machine], None]:
    return lambda machine: machine.push(make())


def _float(machine: Machine) -> None:
    machine.at += 8
    machine.push(struct.unpack_from(">d", machine.data, machine.at - 8)[0])


def _tuple_of(size: int) -> Callable[[Machine], None]:
    def step(machine: Machine) -> None:
        items = [machine.pop() for _ in range(size)]
        machine.push(tuple(reversed(items)))

    return step


def _recall(machine: Machine, index: int) -> None:
    if index not in machine.memo:
        raise BadPickleError("bad-pickle", f"nothing was remembered as {index}")
    machine.push(machine.memo[index])


def _remember(machine: Machine, index: int) -> None:
    if not machine.stack:
        raise BadPickleError("bad-pickle", "nothing to remember")
    machine.memo[index] = machine.stack[-1]


def _line_index(machine: Machine) -> int:
    index = _decimal(machine, machine.line())
    return index if isinstance(index, int) else -1


def _append(machine: Machine, items: list[Node]) -> None:
    target = machine.pop()
    if isinstance(target, list):
        target.extend(items)
    elif isinstance(target, Items | Call):
        target.items.extend(items)
    else:
        raise BadPickleError("bad-pickle", "items for what holds none")
    machine.push(target)


def _set(machine: Machine, items: list[Node]) -> None:
    pairs = paired(items)
    target = machine.pop()
    if not isinstance(target, Mapping | Call):
        raise BadPickleError("bad-pickle", "keys for what holds none")
    target.pairs.extend(pairs)
    machine.push(target)


def _set_one(machine: Machine) -> None:
    value = machine.pop()
    _set(machine, [machine.pop(), value])


def _pop(machine: Machine) -> None:
    if machine.stack:
        machine.pop()
    else:
        machine.group()


def _forget(machine: Machine) -> None:
    machine.group()


def _twice(machine: Machine) -> None:
    node = machine.pop()
    machine.push(node)
    machine.push(node)


def _global(machine: Machine) -> None:
    module = machine.text(machine.line())
    machine.push(machine.found(module, machine.text(machine.line())))


def _stack_global(machine: Machine) -> None:
    name, module = machine.pop(), machine.pop()
    if not isinstance(name, str) or not isinstance(module, str):
        raise BadPickleError("bad-pickle", "a global whose name is no text")
    machine.push(machine.found(module, name))


def _extension(form: str) -> Callable[[Machine], None]:
    """A global of the registry that only the writer had."""
    return lambda machine: machine.push(
        machine.found("copyreg", f"extension-{machine.number(form)}")
    )


def _reduce(machine: Machine) -> None:
    args = machine.pop()
    machine.push(Call(machine.pop(), args))


def _new(machine: Machine) -> None:
    kwargs, args = machine.pop(), machine.pop()
    machine.push(Call(machine.pop(), args, kwargs))


def _build(machine: Machine) -> None:
    state = machine.pop()
    target = machine.pop()
    if isinstance(target, Call):
        target.state = state
    else:
        # Nothing but an object has a state; keep what is there and what it would be given.
        target = Call(target, (), None, state)
    machine.push(target)


def _instance(machine: Machine) -> None:
    module = machine.text(machine.line())
    made = machine.found(module, machine.text(machine.line()))
    machine.push(Call(made, tuple(machine.group())))


def _object(machine: Machine) -> None:
    items = machine.group()
    if not items:
        raise BadPickleError("bad-pickle", "an object of nothing")
    machine.push(Call(items[0], tuple(items[1:])))


def _protocol(machine: Machine) -> None:
    machine.protocol = machine.number("<B")
    if machine.protocol > 5:
        raise BadPickleError("bad-pickle", f"protocol {machine.protocol} is not known")


def _frame(machine: Machine) -> None:
    machine.number("<Q")  # how much the reader may take at once; nothing depends on it


def _outside(machine: Machine) -> None:
    machine.push(Reference("buffer"))


def _nothing(machine: Machine) -> None:
    """A remark that changes nothing here."""


_STOP = ord(".")
_OPCODES: dict[int, Callable[[Machine], None]] = {
    ord("("): Machine.mark,
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
    ord("d"): lambda machine: machine.push(Mapping(paired(machine.group()))),
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
