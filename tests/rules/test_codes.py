"""Every code of a problem belongs to one rule, and every rule's codes are codes that are emitted.

The codes are read off the sources: whatever stands as the code of a `Problem`, a flaw or a fault,
directly, by a constant, or through functions that hand it on. A code that cannot be followed to
where it is written fails the test.
"""

from __future__ import annotations

import ast
import functools
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from archiver import registry
from archiver.codecs.flaws import INFORMATIONAL

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "archiver"

SINKS = {"Problem": 0, "problem": 0, "Flaw": 0, "BadPickleError": 0}
"""Calls whose argument of that number is a code."""

Met = set[tuple[ast.expr, int | None]]
"""Expressions that were followed already: functions may hand a code to one another."""


@dataclass(frozen=True)
class Site:
    """A call, with the functions around it."""

    path: Path
    call: ast.Call
    around: tuple[ast.FunctionDef, ...]

    def __str__(self) -> str:
        return f"{self.path.name}:{self.call.lineno}: {ast.unparse(self.call)[:80]}"


@dataclass
class Codes:
    """The codes that the sources of the package can emit."""

    sources: dict[Path, ast.Module]
    found: dict[str, set[str]] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    """Places whose code could not be followed."""
    _passing: dict[tuple[Path, str], tuple[int, str]] = field(default_factory=dict)
    """Functions that hand a parameter on as a code: its place and name."""

    def gather(self) -> Codes:
        """Follow every code; functions that hand codes on make their callers places, too."""
        sites = [site for path, tree in self.sources.items() for site in _sites(path, tree)]
        known = -1
        while known < len(self._passing):
            known = len(self._passing)
            self.found.clear()
            self.lost.clear()
            for site in sites:
                for expression in self._stated(site):
                    for code in self._values(expression, site, None, set()):
                        self.found.setdefault(code, set()).add(str(site))
        return self

    def _stated(self, site: Site) -> Iterator[ast.expr]:
        """The expression that stands for the code in a call, if the call takes one."""
        call = site.call
        name = _name(call.func)
        named = {word.arg: word.value for word in call.keywords if word.arg}
        owner = _owner(call.func) if name in ("add", "append") else ""
        passing = next(
            (
                place
                for (path, function), place in self._passing.items()
                if function == name and (path == site.path or not name.startswith("_"))
            ),
            None,
        )
        if name in SINKS:
            passing = (SINKS[name], "code")
        elif name == "add":
            texts = len(call.args) > 1 and owner.endswith(("flaws", "kept"))
            passing = (0, "code") if texts else None
        elif name == "append" and owner.endswith("faults"):
            yield from (arg.elts[0] for arg in call.args if isinstance(arg, ast.Tuple))
            return
        elif name == "replace" and "code" in named:
            passing = (99, "code")
        if passing is not None:
            index, word = passing
            if word in named:
                yield named[word]
            elif len(call.args) > index:
                yield call.args[index]

    def _values(self, item: ast.expr, site: Site, index: int | None, met: Met) -> Iterator[str]:
        """The texts that an expression may be; of a tuple, of its element of that number."""
        if (item, index) in met:
            return
        met.add((item, index))
        match item:
            case ast.Tuple(elts=parts) if index is not None:
                yield from self._values(parts[index], site, None, met)
            case ast.Constant(value=value):
                yield from [value] if isinstance(value, str) and value else []
            case ast.IfExp(body=one, orelse=other):
                yield from self._values(one, site, index, met)
                yield from self._values(other, site, index, met)
            case ast.Attribute(attr="code" | "args"):
                return  # of a flaw, a problem or a fault that a place of its own made
            case ast.Call(func=function):
                yield from self._returned(_name(function), site, index, met)
            case ast.Name(id=name):
                yield from self._named(name, site, met)
            case _:
                self.lost.append(str(site))

    def _returned(self, name: str, site: Site, index: int | None, met: Met) -> Iterator[str]:
        for path, function in self._functions.get(name, ()):
            if path != site.path and name.startswith("_"):
                continue
            inside = Site(path, site.call, (function,))
            for part in ast.walk(function):
                told = isinstance(part, ast.Return | ast.Yield) and part.value
                if told:
                    yield from self._values(told, inside, index, met)

    @functools.cached_property
    def _functions(self) -> dict[str, list[tuple[Path, ast.FunctionDef]]]:
        """The functions of each name, with the modules that they stand in."""
        found: dict[str, list[tuple[Path, ast.FunctionDef]]] = {}
        for path, tree in self.sources.items():
            for node in ast.walk(tree):
                if isinstance(node, ast.FunctionDef):
                    found.setdefault(node.name, []).append((path, node))
        return found

    def _named(self, name: str, site: Site, met: Met) -> Iterator[str]:
        """What a name may stand for where the call is made."""
        if site.around:
            function = site.around[-1]
            parameters = [argument.arg for argument in function.args.args]
            if name in parameters:
                index = parameters.index(name) - (parameters[0] == "self")
                self._passing[(site.path, function.name)] = (index, name)
                return
            bound = list(_bound(function, name))
            for value, place in bound:
                if not _forwards(value):
                    yield from self._values(value, site, place, met)
            if bound:
                return
        for node in self.sources[site.path].body:
            if isinstance(node, ast.Assign) and name in map(_name, node.targets):
                yield from self._values(node.value, site, None, met)
                return
            if isinstance(node, ast.ImportFrom) and name in (item.name for item in node.names):
                for path in self._modules(node.module or ""):
                    yield from self._named(name, Site(path, site.call, ()), met)
                    return
        self.lost.append(str(site))

    def _modules(self, name: str) -> list[Path]:
        """The source of a module of the package."""
        ends = (f"{name.replace('.', '/')}.py", f"{name.replace('.', '/')}/__init__.py")
        return [path for path in self.sources if path.as_posix().endswith(ends)]


def _sites(path: Path, tree: ast.Module) -> Iterator[Site]:
    stack: list[tuple[ast.AST, tuple[ast.FunctionDef, ...]]] = [(tree, ())]
    while stack:
        node, around = stack.pop()
        if isinstance(node, ast.Call):
            yield Site(path, node, around)
        inner = (*around, node) if isinstance(node, ast.FunctionDef) else around
        stack += [(child, inner) for child in ast.iter_child_nodes(node)]


def _bound(function: ast.FunctionDef, name: str) -> Iterator[tuple[ast.expr, int | None]]:
    """What is bound to a name in a function, and which element of it."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                yield from _from(target, node.value, name)
        elif isinstance(node, ast.For | ast.comprehension):
            for value in _items(node.iter, function):
                yield from _from(node.target, value, name)


def _from(target: ast.expr, value: ast.expr, name: str) -> Iterator[tuple[ast.expr, int | None]]:
    if isinstance(target, ast.Name) and target.id == name:
        yield value, None
    elif isinstance(target, ast.Tuple):
        names = [_name(part) for part in target.elts]
        if name in names:
            yield value, names.index(name)


def _items(iterated: ast.expr, function: ast.FunctionDef) -> list[ast.expr]:
    """The items of a literal that a loop goes over, else what gives them."""
    if isinstance(iterated, ast.Name):
        given = [value for value, place in _bound_once(function, iterated.id) if place is None]
        iterated = given[0] if given else iterated
    return list(iterated.elts) if isinstance(iterated, ast.Tuple | ast.List) else [iterated]


def _bound_once(function: ast.FunctionDef, name: str) -> Iterator[tuple[ast.expr, int | None]]:
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                yield from _from(target, node.value, name)


def _forwards(value: ast.expr) -> bool:
    """Whether codes are taken from what holds flaws or faults already."""
    return isinstance(value, ast.Attribute) or (
        isinstance(value, ast.Call) and _name(value.func) == "items"
    )


def _owner(function: ast.expr) -> str:
    """What stands before the dot of a method, as it is written."""
    return ast.unparse(function.value) if isinstance(function, ast.Attribute) else ""


def _name(function: ast.expr) -> str:
    match function:
        case ast.Name(id=name):
            return name
        case ast.Attribute(attr=name):
            return name
    return ""


def read(*paths: Path) -> Codes:
    """The codes of some modules."""
    return Codes({path: ast.parse(path.read_text("utf-8")) for path in paths}).gather()


@pytest.fixture(scope="module")
def codes() -> Codes:
    """The codes of the package; what rules and outputs hold emits nothing."""
    rooms = ("rules", "outputs")
    paths = sorted(PACKAGE.rglob("*.py"))
    return read(*(path for path in paths if path.parent.name not in rooms))


def owners() -> Counter[str]:
    """How many rules each code has."""
    return Counter(code for rule in registry.rules() for code in rule.codes)


def test_codes_can_be_followed(codes: Codes) -> None:
    """Each code of a problem can be read off the sources."""
    assert codes.lost == []
    assert len(codes.found) > 130


def test_no_code_is_without_a_rule(codes: Codes) -> None:
    """Each code that is emitted is reported by a rule, or never is a problem."""
    assert set(codes.found) - set(owners()) - INFORMATIONAL == set()


def test_no_code_has_two_rules() -> None:
    """Each code belongs to one rule."""
    assert [code for code, count in owners().items() if count > 1] == []


def test_no_rule_waits_for_a_code_that_nobody_emits(codes: Codes) -> None:
    """Each code of a rule is one that is emitted; what codecs cope with is no rule's."""
    assert set(owners()) - set(codes.found) == set()
    assert set(owners()) & INFORMATIONAL == set()


def test_codes_of_fixtures_are_known(codes: Codes) -> None:
    """What the readers' fixtures expect as problems is among the codes that were found."""
    expected: set[str] = set()
    for path in (ROOT / "fixtures" / "readers").glob("*/*/expected.json"):
        stack = [json.loads(path.read_text("utf-8"))]
        while stack:
            item = stack.pop()
            if isinstance(item, dict):
                told = item.get("problems", ())
                expected |= {code for code in told if isinstance(code, str)}
                stack += item.values()
            elif isinstance(item, list):
                stack += item
    assert len(expected) > 40
    assert expected - set(codes.found) == set()


def test_a_code_is_followed_through_functions(tmp_path: Path) -> None:
    """Constants, choices, loops and functions that hand a code on are followed; sums are not."""
    source = tmp_path / "source.py"
    source.write_text(
        'CODE = "a"\n'
        "def tell(self, code, text):\n    self.flaws.add(code, text)\n"
        'def use(x, self):\n    self.tell("b" if x else "c", "")\n    Problem(CODE, "", None)\n'
        '    for code, text in (("d", 1), ("e", 2)):\n        self.tell(code, text)\n'
        '    artifact.problem("f" + x, "")\n',
        "utf-8",
    )
    found = read(source)
    assert set(found.found) == {"a", "b", "c", "d", "e"}
    assert found.lost == ["source.py:9: artifact.problem('f' + x, '')"]
