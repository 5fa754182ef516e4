"""A Python module of assignments as plain data: parsed, never compiled, imported or run.

`NAME = literal` gives the value, as do annotated, chained and tuple targets, signed numbers and
adjacent strings. Whatever Python would have to execute (a call, a name, an f-string, anything
inside of `if` or `for`) gives `Tagged("python/expression", source text)` for each name that it
binds, and the flaw `dynamic`. Functions, classes and modules are not values and are left out.
"""

from __future__ import annotations

import ast
import base64
import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from archiver.codecs import text as texts
from archiver.codecs.flaws import Flaws
from archiver.codecs.pointers import pointer
from archiver.limits import DEFAULT, Limits
from archiver.model.values import Tagged, Value

EXPRESSION = "python/expression"
"""Type of a value that only running the module would have given."""
_SOURCE_KEPT = 4_096
_TOKENS = re.compile(
    r"#[^\n]*+"
    r"|'''(?:[^'\\]|\\.|'(?!''))*+'''|\"\"\"(?:[^\"\\]|\\.|\"(?!\"\"))*+\"\"\""
    r"|'(?:[^'\\\n]|\\.)*+'|\"(?:[^\"\\\n]|\\.)*+\""
    r"|['\"(\[{]|[)\]}]",
    re.DOTALL,
)
_COOKIE = re.compile(r"[ \t\f]*#[^\n]*?coding[:=][ \t]*([-\w.]+)")
_UTF8 = frozenset({"utf-8", "utf8", "utf_8"})
_STATEMENT = re.compile(r"[A-Za-z_]\w*\s*[:=]")
_LONE = re.compile("[\ud800-\udfff]")
_SALVAGE_ATTEMPTS = 3
_TARGETS = 20
"""Names that one value may be assigned to at once."""
_LABEL = 200


@dataclass(frozen=True, slots=True)
class PythonModule:
    """The names that a module binds at its top, in order of their last assignment."""

    values: dict[str, Value]
    lines: dict[str, int]
    """Name -> line of its last assignment, from 1."""
    complete: bool
    """Whether all of the module was understood as Python; names may be dynamic all the same."""
    flaws: Flaws
    types: dict[str, str] = field(default_factory=dict)
    """JSON pointer -> `tuple` or `set`, which read like lists here."""


def parse(data: bytes, limits: Limits = DEFAULT) -> PythonModule:
    """Read the assignments of a module; nothing in it raises or runs.

    Of a module with a syntax error, what stands before the faulty statement is given.

    Flaws: `dynamic`, `syntax`, `size-limit`, `nesting-limit`, `digits-limit`, `duplicate-name`,
    `duplicate-key`, `non-string-key`, `lone-surrogate`, `nul-bytes`, `coding-cookie`, `bom`,
    `bad-encoding`, `bad-utf8`.
    """
    flaws = Flaws()
    if len(data) > limits.python_bytes:
        flaws.add("size-limit", f"{len(data)} bytes are more than a module may have")
        return PythonModule({}, {}, complete=False, flaws=flaws)
    source = _source(data, flaws)
    if _too_deep(source, limits):
        flaws.add("nesting-limit", f"brackets are nested more than {limits.nesting} levels")
        return PythonModule({}, {}, complete=False, flaws=flaws)
    tree = _tree(source, flaws)
    complete = tree is not None
    if tree is None:
        source, tree = _salvaged(source, flaws)
    module = _Module(source, limits, flaws)
    for statement in tree.body:
        module.take(statement)
    return PythonModule(module.values, module.lines, complete, flaws, module.types)


def _source(data: bytes, flaws: Flaws) -> str:
    source = texts.decode(data, flaws)
    if "\0" in source:
        flaws.add("nul-bytes", "NUL characters, which Python refuses, were left out", "byte 0")
        source = source.replace("\0", "")
    for line in source.split("\n", 2)[:2]:
        cookie = _COOKIE.match(line[:200])
        if cookie is not None and cookie[1].lower() not in _UTF8:
            flaws.add("coding-cookie", f"it says {cookie[1]}; it was read as utf-8", "L1")
    return source.replace("\r\n", "\n").replace("\r", "\n")


def _too_deep(source: str, limits: Limits) -> bool:
    depth = 0
    for token in _TOKENS.finditer(source):
        if token[0] in ("'", '"'):
            return False  # a text that never ends; the parser will say so
        if token[0] in "([{":
            depth += 1
            if depth > limits.nesting:
                return True
        elif token[0] in ")]}":
            depth -= 1
    return False


def _tree(source: str, flaws: Flaws) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            # Doubtful escapes such as `"\d"` are no concern of ours.
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except SyntaxError as error:
        flaws.add("syntax", error.msg, f"L{_line(error, source)}")
    except (ValueError, RecursionError, MemoryError) as error:
        flaws.add("syntax", f"no Python that can be parsed ({type(error).__name__})", "L1")
    return None


def _line(error: SyntaxError, source: str) -> int:
    return min(max(error.lineno or 1, 1), source.count("\n") + 1)


def _salvaged(source: str, flaws: Flaws) -> tuple[str, ast.Module]:
    """What stands before the statement with the first syntax error."""
    place = next((flaw.place for flaw in flaws if flaw.code == "syntax"), "L1")
    lines = source.split("\n")
    quiet = Flaws()
    end = int(place[1:])
    for _ in range(_SALVAGE_ATTEMPTS):
        end = next((n for n in range(end - 1, -1, -1) if _STATEMENT.match(lines[n])), 0)
        kept = "\n".join(lines[:end])
        tree = _tree(kept, quiet)
        if tree is not None:
            return kept, tree
    return "", ast.Module([], [])


class _Module:
    """Collects what each top-level statement binds."""

    def __init__(self, source: str, limits: Limits, flaws: Flaws) -> None:
        self.values: dict[str, Value] = {}
        self.lines: dict[str, int] = {}
        self.types: dict[str, str] = {}
        self._rows = source.encode("utf-8", "replace").split(b"\n")
        self._limits, self._flaws = limits, flaws

    def take(self, statement: ast.stmt) -> None:
        match statement:
            case ast.Assign(targets=targets) if len(targets) > _TARGETS:
                self._dynamic(statement, _bound(statement))
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    self._assign(target, value)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self._assign(target, value)
            case ast.AnnAssign() | ast.Pass() | ast.Expr(value=ast.Constant()):
                pass
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                self._drop(statement, [name])
            case ast.ClassDef(name=name):
                self._drop(statement, [name])
            case ast.Import(names=names):
                heads = [item.asname or item.name.partition(".")[0] for item in names]
                self._drop(statement, heads)
            case _:
                self._dynamic(statement, _bound(statement))

    def _assign(self, target: ast.expr, value: ast.expr) -> None:
        match target:
            case ast.Name(id=name):
                self._bind(name, value)
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                values = value.elts if isinstance(value, ast.Tuple | ast.List) else []
                plain = [*targets, *values]
                if len(values) == len(targets) and not any(
                    isinstance(item, ast.Starred) for item in plain
                ):
                    for one, part in zip(targets, values, strict=True):
                        self._assign(one, part)
                else:
                    self._dynamic(value, _bound(target))
            case _:
                self._dynamic(target, _bound(target))

    def _bind(self, name: str, node: ast.expr) -> None:
        for hidden in _bound(node):
            self._set(hidden, node.lineno, Tagged(EXPRESSION, self._text(node)))
        literal = _Literal(self._limits, self._flaws, node.lineno)
        try:
            value = literal.value(node, (name,))
        except _DynamicError:
            message = f"{name} is an expression, which is not evaluated"
            self._flaws.add("dynamic", message, f"L{node.lineno}")
            value = Tagged(EXPRESSION, self._text(node))
        except _DeepError:
            message = f"{name} is nested more than {self._limits.nesting} levels"
            self._flaws.add("nesting-limit", message, f"L{node.lineno}")
            value = Tagged(EXPRESSION, self._text(node))
        else:
            self.types.update(literal.types)
        self._set(name, node.lineno, value)

    def _set(self, name: str, line: int, value: Value) -> None:
        if name in self.values:
            message = f"{name} is assigned more than once; the last time counts"
            self._flaws.add("duplicate-name", message, f"L{line}")
            del self.values[name]
        self.values[name], self.lines[name] = value, line

    def _dynamic(self, node: ast.stmt | ast.expr, names: Iterable[str]) -> None:
        bound = list(dict.fromkeys(names))
        what = ", ".join(bound[:5]) or "a statement"
        message = f"{what}: only running the module would tell"
        self._flaws.add("dynamic", message, f"L{node.lineno}")
        # What binds many names would stand there once for each.
        text = self._text(node) if len(bound) <= _TARGETS else _cut(self._text(node))
        for name in bound:
            self._set(name, node.lineno, Tagged(EXPRESSION, text))

    def _drop(self, statement: ast.stmt, names: Iterable[str]) -> None:
        message = "an import, function or class, which is not executed"
        self._flaws.add("dynamic", message, f"L{statement.lineno}")
        for name in names:
            self.values.pop(name, None)
            self.lines.pop(name, None)

    def _text(self, node: ast.stmt | ast.expr) -> str:
        """Source text of a node, cut where it is long."""
        first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
        rows: list[bytes] = []
        for number in range(first, last + 1):
            row = self._rows[number]
            end = node.end_col_offset if number == last else len(row)
            rows.append(row[node.col_offset if number == first else 0 : end])
            if sum(map(len, rows)) > _SOURCE_KEPT or len(rows) > 100:
                break
        text = b"\n".join(rows)
        cut = text[:_SOURCE_KEPT].decode("utf-8", "ignore")
        return cut if len(text) <= _SOURCE_KEPT and number == last else cut + " …"


def _cut(text: str) -> str:
    return text if len(text) <= _LABEL else text[:_LABEL] + " …"


def _bound(node: ast.AST) -> Iterator[str]:
    """Names that a statement or an expression binds, or takes away, in the module itself."""
    waiting = [node]
    while waiting:
        item = waiting.pop()
        if isinstance(item, ast.Name) and not isinstance(item.ctx, ast.Load):
            yield item.id
        elif isinstance(item, ast.alias) and item.name != "*":
            yield item.asname or item.name.partition(".")[0]
        if not isinstance(item, _SCOPES):
            waiting.extend(reversed(list(ast.iter_child_nodes(item))))


_SCOPES = (
    ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.ListComp, ast.SetComp,
    ast.DictComp, ast.GeneratorExp,
)  # fmt: skip
"""What binds names of its own."""


class _DynamicError(Exception):
    """Not a literal."""


class _DeepError(Exception):
    """A literal that is nested too deeply."""


class _Literal:
    """Turns one literal into plain data."""

    def __init__(self, limits: Limits, flaws: Flaws, line: int) -> None:
        self.types: dict[str, str] = {}
        self._limits, self._flaws, self._line = limits, flaws, line

    def value(self, node: ast.expr, path: tuple[str | int, ...]) -> Value:
        if len(path) > self._limits.nesting:
            raise _DeepError
        match node:
            case ast.Constant(value=constant):
                return self._constant(constant)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=ast.Constant(value=n)):
                if isinstance(n, bool) or not isinstance(n, int | float):
                    raise _DynamicError
                return self._constant(-n if isinstance(sign, ast.USub) else n)
            case ast.List(elts=items):
                return [self.value(item, (*path, n)) for n, item in enumerate(items)]
            case ast.Tuple(elts=items) | ast.Set(elts=items):
                self.types[pointer(path)] = "tuple" if isinstance(node, ast.Tuple) else "set"
                return [self.value(item, (*path, n)) for n, item in enumerate(items)]
            case ast.Dict(keys=keys, values=values):
                return self._dict(keys, values, path)
        raise _DynamicError

    def _dict(
        self, keys: list[ast.expr | None], values: list[ast.expr], path: tuple[str | int, ...]
    ) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for key_node, value_node in zip(keys, values, strict=True):
            if key_node is None:
                raise _DynamicError
            key = self.value(key_node, path)
            if not isinstance(key, str):
                self._flaws.add("non-string-key", "a key that is no string", f"L{key_node.lineno}")
                key = ast.unparse(key_node)
            if key in found:
                self._flaws.add("duplicate-key", "the last one counts", f"L{key_node.lineno}")
            found[key] = self.value(value_node, (*path, key))
        return found

    def _constant(self, constant: object) -> Value:
        match constant:
            case None | bool() | float():
                return constant
            case int():
                # 10 digits take at least 33 bits.
                if constant.bit_length() > self._limits.digits * 33 // 10:
                    message = "an integer of more digits than may be read"
                    self._flaws.add("digits-limit", message, f"L{self._line}")
                    return Tagged("int", hex(constant))
                return constant
            case str():
                return self._string(constant)
            case bytes():
                return Tagged("bytes", base64.b64encode(constant).decode())
        raise _DynamicError

    def _string(self, text: str) -> str:
        mended = text if text.isascii() else _LONE.sub("\ufffd", text)
        if mended != text:
            message = "escape of half a character; it was replaced"
            self._flaws.add("lone-surrogate", message, f"L{self._line}")
        return mended
