"""The house keeps its floors: who may import whom, who opens files, who catches what.

Each check is a function of one module's syntax tree that yields what it found wrong, and is
itself tried on a bad snippet.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "archiver"

FLOORS: tuple[frozenset[str], ...] = (
    frozenset({"model"}),
    frozenset(
        {
            "artifact", "case", "checksums", "codecs", "dependencies", "encoder", "errors",
            "evidence", "extension", "gitstate", "limits", "point_columns", "problem_hits",
            "producers", "redaction", "resources", "run_paths", "rundir", "schemacheck",
            "settings", "shards", "snapshots", "spool", "stamps", "view", "wording",
            "yaml_readings",
        }
    ),
    frozenset({"outputs", "probe", "readers", "rules"}),
    frozenset(
        {
            "assemble", "attempts", "audit", "bindings", "catalog", "collect", "contracts",
            "derive", "diff", "discover", "lockfiles", "merging", "package", "plan", "policy",
            "redact", "registry", "render", "reproduce", "resolve", "rulebook", "series",
            "shadows", "status", "steps", "summaries",
        }
    ),
    frozenset({"bulk", "workflows"}),
    frozenset({"__main__", "cli"}),
)  # fmt: skip
"""Rooms by floor, lowest first. A new room is entered here; a new module in a room is not."""

DOORS = frozenset(
    {
        "bulk", "catalog", "cli", "gitstate", "package", "policy", "probe", "resources", "rundir",
        "snapshots", "spool", "workflows",
    }
)  # fmt: skip
"""Rooms that may reach for files of the system; of a run's files, `rundir` opens all."""
REACHING = frozenset(
    {
        "ctypes", "fcntl", "glob", "http", "io", "mmap", "os", "pathlib", "shutil", "socket",
        "subprocess", "tempfile", "urllib",
    }
)  # fmt: skip
IN_MEMORY = frozenset({("codecs", "io"), ("redaction", "io"), ("render", "io")})
"""Rooms that use the buffers of such a module and nothing else."""
HEAVY = frozenset(
    {"deepdiff", "git", "jinja2", "jsonschema", "jsonschema_rs", "matplotlib", "pandas", "pyarrow"}
)
LATE = {
    "jsonschema": ("schemacheck.keywords",),
    "numpy": ("package.plots", "package.downsample"),
    "matplotlib": ("package.plots",),
    "jinja2": ("render",),
}
"""Rooms that are imported late as a whole, and what they may therefore have at their top."""
EXECUTING = frozenset({"__import__", "compile", "eval", "exec"})
EXECUTING_MODULES = frozenset(
    {
        "_pickle", "cPickle", "cloudpickle", "code", "dill", "joblib", "marshal", "mlflow",
        "multiprocessing", "pickle", "runpy", "shelve", "subprocess", "tensorboard", "tensorflow",
        "torch", "transformers", "wandb",
    }
)  # fmt: skip
LAST_RESORTS = frozenset({"audit", "collect", "cli.app"})
"""Where everything is caught: per rule, per reader, and at the entry."""


@dataclass(frozen=True)
class Module:
    """One module of the package, parsed."""

    name: str
    """Dotted, below `archiver`; empty for the package itself."""
    tree: ast.Module
    package: bool = False

    @property
    def room(self) -> str:
        """First part of the name."""
        return self.name.partition(".")[0]

    @property
    def floor(self) -> int:
        """Number of its floor; the package itself is below all."""
        return floor(self.room)


def floor(room: str) -> int:
    """Floor of a room, -1 for the package itself."""
    if not room:
        return -1
    return next(number for number, rooms in enumerate(FLOORS) if room in rooms)


def load() -> dict[str, Module]:
    """Every module of the package by name."""
    modules = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = list(path.relative_to(PACKAGE).with_suffix("").parts)
        package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if package else parts)
        modules[name] = Module(name, ast.parse(path.read_text("utf-8")), package)
    return modules


MODULES = load()


def snippet(name: str, source: str) -> Module:
    """A module of the given name that no file holds."""
    return Module(name, ast.parse(source))


@dataclass(frozen=True)
class Import:
    """One import: what, and whether it runs when the module is imported."""

    target: str
    top: bool
    line: int

    @property
    def own(self) -> str | None:
        """The target below `archiver`, None for foreign modules."""
        head, _, rest = self.target.partition(".")
        return rest if head == "archiver" else None


@cache
def imports(module: Module) -> tuple[Import, ...]:
    """Every import of a module, lazy ones included, those for type checkers not."""
    return tuple(_imports(module.tree, top=True))


def _imports(node: ast.AST, *, top: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
            continue
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield Import(alias.name, top, child.lineno)
        elif isinstance(child, ast.ImportFrom):
            yield from _from(child, top=top)
        inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        yield from _imports(child, top=top and not inside)


def _from(node: ast.ImportFrom, *, top: bool) -> Iterator[Import]:
    base = "." * node.level + (node.module or "")
    for alias in node.names:
        full = f"{base}.{alias.name}"
        known = full.removeprefix("archiver.") in MODULES and base.partition(".")[0] == "archiver"
        yield Import(full if known else base, top, node.lineno)


def climbing(module: Module) -> Iterator[str]:
    """Imports of a higher floor, and relative imports (they hide where they lead)."""
    for item in imports(module):
        if item.target.startswith("."):
            yield f"{module.name}:{item.line} imports {item.target}: write the whole name"
        elif item.own and floor(item.own.partition(".")[0]) > module.floor:
            yield f"{module.name}:{item.line} imports {item.own}, which is above it"


def siblings(module: Module) -> Iterator[str]:
    """Readers, rules and outputs that import one another or another room of their floor."""
    for item in imports(module):
        if module.floor == 2 and item.own and floor(item.own.partition(".")[0]) == 2:
            yield f"{module.name}:{item.line} imports its sibling {item.own}"


def reaching(module: Module) -> Iterator[str]:
    """Rooms that are no door and reach for the file system all the same."""
    if module.room in DOORS or not module.name:
        return
    for item in imports(module):
        harmless = (module.room, item.target) in IN_MEMORY or item.target == "urllib.parse"
        if item.target.partition(".")[0] in REACHING and not harmless:
            yield f"{module.name}:{item.line} imports {item.target}"
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and _called(node) in {"open", "io.open", "os.open"}:
            yield f"{module.name}:{node.lineno} opens a file"


def unclean(module: Module) -> Iterator[str]:
    """Anything but pure values in the model: other packages, clock, environment, chance."""
    if module.room != "model":
        return
    banned = REACHING | {"time", "sys", "random", "secrets", "uuid", "platform", "locale"}
    for item in imports(module):
        head = item.target.partition(".")[0]
        foreign = head != "archiver" and head not in sys.stdlib_module_names
        if foreign or head in banned:
            yield f"{module.name}:{item.line} imports {item.target}"
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and node.attr in {"now", "utcnow", "today"}:
            yield f"{module.name}:{node.lineno} looks at the clock"


def heavy(module: Module) -> Iterator[str]:
    """Heavy libraries that are loaded by importing a module."""
    for item in imports(module):
        head = item.target.partition(".")[0]
        late = module.name.startswith(LATE.get(head, "-"))
        if item.top and head in HEAVY | {"numpy"} and not late:
            yield f"{module.name}:{item.line} imports {item.target} at its top"


def executing(module: Module) -> Iterator[str]:
    """Ways to run what a file says, and libraries that have one."""
    for item in imports(module):
        head = item.target.partition(".")[0]
        harmless = item.target.startswith(("importlib.resources", "importlib.metadata"))
        loads = head == "importlib" and not harmless and module.name != "registry"
        if head in EXECUTING_MODULES or loads:
            yield f"{module.name}:{item.line} imports {item.target}"
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call):
            name = _called(node)
            loads = name.startswith("yaml.") and "load" in name
            shell = name in {"os.system", "os.popen"} or name.startswith(("os.exec", "os.spawn"))
            fixed = all(isinstance(argument, ast.Constant) for argument in node.args)
            if (name in EXECUTING and not fixed) or loads or shell:
                yield f"{module.name}:{node.lineno} calls {name}"


def catching(module: Module) -> Iterator[str]:
    """Handlers that catch everything, outside the few places where that is right."""
    if module.name in LAST_RESORTS:
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ExceptHandler):
            caught = {"bare"} if node.type is None else _names(node.type)
            if caught & {"bare", "Exception", "BaseException"}:
                yield f"{module.name}:{node.lineno} catches everything"


def _names(node: ast.expr) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def _called(node: ast.Call) -> str:
    match node.func:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=ast.Name(id=owner), attr=name):
            return f"{owner}.{name}"
    return ""


Check = Callable[[Module], Iterator[str]]

CHECKS: tuple[tuple[Check, str, str], ...] = (
    (climbing, "codecs.bad", "from archiver.collect import Policy"),
    (climbing, "readers.bad", "def late():\n    from archiver import workflows"),
    (climbing, "readers.bad", "from .hf_results import READER"),
    (climbing, "model.bad", "import archiver.rundir"),
    (siblings, "readers.bad", "from archiver.readers.hf_results import READER"),
    (siblings, "rules.bad", "from archiver.readers import hf_results"),
    (reaching, "readers.bad", "import os"),
    (reaching, "rules.bad", "from pathlib import Path"),
    (reaching, "outputs.bad", "def late():\n    import io"),
    (reaching, "readers.bad", "def parse(artifact):\n    return open(artifact.path)"),
    (reaching, "collect", "import tempfile"),
    (reaching, "codecs.bad", "from subprocess import run"),
    (unclean, "model.bad", "import time"),
    (unclean, "model.bad", "import numpy"),
    (unclean, "model.bad", "from os import environ"),
    (unclean, "model.bad", "from datetime import datetime\nstamp = datetime.now()"),
    (heavy, "package.bad", "import pandas as pd"),
    (heavy, "series", "import numpy as np"),
    (heavy, "series", "try:\n    from jinja2 import nodes\nexcept ImportError:\n    pass"),
    (heavy, "package.downsample", "import matplotlib as mpl"),
    (executing, "codecs.bad", "value = eval(text)"),
    (executing, "codecs.bad", "import pickle"),
    (executing, "codecs.bad", "import yaml\nvalue = yaml.safe_load(text)"),
    (executing, "readers.bad", "from importlib import import_module"),
    (executing, "package.bad", "import os\nos.system('ls')"),
    (catching, "series", "try:\n    pass\nexcept Exception:\n    pass"),
    (catching, "series", "try:\n    pass\nexcept (ValueError, BaseException):\n    pass"),
    (catching, "series", "try:\n    pass\nexcept:\n    pass"),
)


@pytest.mark.parametrize("check", dict.fromkeys(check for check, _, _ in CHECKS))
def test_the_house_passes(check: Check) -> None:
    """No module does what the check forbids."""
    assert [fault for module in MODULES.values() for fault in check(module)] == []


@pytest.mark.parametrize(("check", "name", "source"), CHECKS)
def test_the_check_sees_a_bad_module(check: Check, name: str, source: str) -> None:
    """The check finds the fault that it is there for."""
    assert len(list(check(snippet(name, source)))) == 1


def test_the_checks_let_good_modules_pass() -> None:
    """What the house does on purpose is no fault."""
    good = (
        ("readers.good", "from archiver.extension import Reader\nfrom archiver.view import View"),
        ("series", "def late():\n    import numpy as np"),
        ("series", "if TYPE_CHECKING:\n    import numpy as np"),
        ("package.plots.axes", "import numpy as np"),
        ("readers.good", "def parse(artifact):\n    return artifact.open()"),
        ("collect", "try:\n    pass\nexcept Exception:\n    pass"),
        ("codecs.good", "import io"),
    )
    checks = dict.fromkeys(check for check, _, _ in CHECKS)
    assert [list(check(snippet(*one))) for one in good for check in checks] == [[]] * (
        len(good) * len(checks)
    )


def test_every_module_has_a_floor() -> None:
    """Each room of the package stands on exactly one floor."""
    rooms = {module.room for module in MODULES.values() if module.room}
    homeless = {room for room in rooms if sum(room in level for level in FLOORS) != 1}
    assert homeless == set()


def cycle(modules: dict[str, Module]) -> list[str]:
    """Modules that import each other in a circle; empty where none do."""
    graph = {
        name: {item.own for item in imports(module) if item.own in modules and item.own != name}
        for name, module in modules.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_imports_never_go_in_a_circle() -> None:
    """No modules import each other, not even late."""
    assert cycle(MODULES) == []


def test_the_circle_is_seen() -> None:
    """Two modules that import each other are found."""
    pair = {
        "series": snippet("series", "import archiver.steps"),
        "steps": snippet("steps", "def late():\n    import archiver.series"),
    }
    assert set(cycle(pair)) == {"series", "steps"}
