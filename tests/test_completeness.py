"""Nothing of a reader, a rule, an output or a contract was forgotten, in either direction."""

from __future__ import annotations

import ast
import importlib
import re
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

from archiver import contracts, registry, rulebook

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "archiver"
FIXTURES = ROOT / "fixtures"
TESTS = ROOT / "tests"
ROOMS = {"readers": "READER", "rules": "RULE", "outputs": "ENCODER"}


def modules(room: str) -> list[str]:
    """Names of the modules of a room."""
    return sorted(path.stem for path in (PACKAGE / room).glob("[!_]*.py"))


def load(room: str, name: str) -> ModuleType:
    """One module of a room."""
    return importlib.import_module(f"archiver.{room}.{name}")


def folders(path: Path) -> list[str]:
    """Names of the directories in a directory."""
    return sorted(item.name for item in path.iterdir() if item.is_dir()) if path.is_dir() else []


READERS = modules("readers")
CASES = [
    f"{reader}/{case}"
    for reader in folders(FIXTURES / "readers")
    for case in folders(FIXTURES / "readers" / reader)
]


@pytest.mark.parametrize(
    ("room", "name"), [(room, name) for room in ROOMS for name in modules(room)]
)
def test_descriptor_is_named_after_its_module(room: str, name: str) -> None:
    """Each module of a room holds one descriptor, which carries the module's name."""
    descriptor = getattr(load(room, name), ROOMS[room])
    assert descriptor.name.replace("-", "_") == name
    tree = ast.parse((PACKAGE / room / f"{name}.py").read_text("utf-8"))
    assigned = [target.id for node in tree.body for target in _names(node)]
    assert assigned.count(ROOMS[room]) == 1


def _names(node: ast.stmt) -> list[ast.Name]:
    targets = node.targets if isinstance(node, ast.Assign) else []
    return [target for target in targets if isinstance(target, ast.Name)]


def test_registry_finds_every_module() -> None:
    """The registry lists the modules of the rooms, no more and no fewer."""
    found = {
        "readers": [item.name for item in registry.readers()],
        "rules": [item.name.replace("-", "_") for item in registry.rules()],
        "outputs": [item.name for item in registry.outputs()],
    }
    assert found == {room: modules(room) for room in ROOMS}


@pytest.mark.parametrize("name", READERS)
def test_reader_is_documented(name: str) -> None:
    """Each reader says in its module's docstring what it reads, and in a line for the lists."""
    module = load("readers", name)
    assert (module.__doc__ or "").strip()
    assert module.READER.summary.strip()
    assert "\n" not in module.READER.summary


def test_kinds_are_unique() -> None:
    """No two readers stand for one kind of artifact."""
    counts = Counter(reader.kind for reader in registry.readers())
    assert [kind for kind, count in counts.items() if count > 1] == []


def test_contracts_name_kinds_that_are_read() -> None:
    """Each kind of a contract is the kind of a reader."""
    kinds = {reader.kind for reader in registry.readers()}
    assert _kinds_of_contracts() - kinds == set()


def test_kinds_that_are_read_stand_in_a_contract() -> None:
    """Each reader's kind is one that some producer's contract speaks of."""
    kinds = {reader.kind for reader in registry.readers()}
    assert kinds - _kinds_of_contracts() == set()


def _kinds_of_contracts() -> set[str]:
    named: set[str] = set()
    for contract in contracts.every():
        named |= {*contract.provenance, *(marker.kind for marker in contract.markers)}
        for era in contract.eras:
            named |= {*era.evidence, *era.required, *era.optional}
    return named


def test_contracts_are_named_after_their_files() -> None:
    """A contract's name is that of its file, and each file is a contract."""
    files = sorted(path.stem for path in (PACKAGE / "contracts").glob("*.toml"))
    assert [contract.name for contract in contracts.every()] == files


@pytest.mark.parametrize("name", READERS)
def test_reader_has_a_fixture(name: str) -> None:
    """Each reader has at least one case in `fixtures/readers/<name>/`."""
    assert folders(FIXTURES / "readers" / name) != []


@pytest.mark.parametrize("name", READERS)
def test_reader_has_a_test(name: str) -> None:
    """Each reader has a test module of its own."""
    assert (TESTS / "readers" / f"test_{name}.py").is_file()


def test_no_fixture_is_an_orphan() -> None:
    """Each folder of fixtures belongs to a reader."""
    assert set(folders(FIXTURES / "readers")) - set(READERS) == set()


def test_no_reader_test_is_an_orphan() -> None:
    """Each test module of the readers belongs to a reader."""
    tested = {path.stem.removeprefix("test_") for path in (TESTS / "readers").glob("test_*.py")}
    assert tested - set(READERS) == set()


@pytest.mark.parametrize("case", CASES)
def test_case_is_complete(case: str) -> None:
    """Each case has its input, what is expected of it, and where it came from."""
    home = FIXTURES / "readers" / case
    assert any((home / "input").rglob("*"))
    assert (home / "expected.json").is_file()
    assert (home / "ORIGIN.md").is_file() or (home.parent / "ORIGIN.md").is_file()


@pytest.mark.parametrize("run", folders(FIXTURES / "runs"))
def test_run_fixture_is_complete(run: str) -> None:
    """Each whole run has its input, what is expected of it, and where it came from."""
    home = FIXTURES / "runs" / run
    assert any((home / "input").rglob("*"))
    assert (home / "expected.json").is_file()
    assert (home / "ORIGIN.md").is_file()


RULES = modules("rules")


@pytest.mark.parametrize("name", RULES)
def test_rule_has_its_page(name: str) -> None:
    """Each rule's docstring has a title and the four headings, none of them empty."""
    page = rulebook.help_of(load("rules", name).RULE)
    text = rulebook.page(load("rules", name).RULE)
    assert text.splitlines()[0].endswith(".")
    assert [line for line in text.splitlines() if line in rulebook.HEADINGS] == list(
        rulebook.HEADINGS
    )
    assert all((page.finds, page.matters, page.example, page.remedy, page.summary))


@pytest.mark.parametrize("name", RULES)
def test_rule_has_fixtures_and_a_test(name: str) -> None:
    """Each rule has a test, and runs that it fires on and is quiet on, with their origin."""
    home = FIXTURES / "rules" / name
    assert (TESTS / "rules" / f"test_{name}.py").is_file()
    assert (home / "ORIGIN.md").is_file()
    if "no runs" in (home / "ORIGIN.md").read_text("utf-8").splitlines()[0].lower():
        return
    cases = folders(home)
    assert any(case.startswith("fires-") for case in cases)
    assert any(case.startswith("quiet-") for case in cases)
    assert all((home / case / "expected.json").is_file() for case in cases if case[0] == "f")


@pytest.mark.parametrize("name", RULES)
def test_rule_is_tried_on_a_damaged_run(name: str) -> None:
    """Each rule has a mutation test: what a fault adds to a run's findings, over all rules."""
    tree = ast.parse((TESTS / "rules" / f"test_{name}.py").read_text("utf-8"))
    tests = [item for item in tree.body if isinstance(item, ast.FunctionDef)]
    given = [{one.arg for one in item.args.args} for item in tests if item.name[:5] == "test_"]
    assert any("new_findings" in names for names in given)


def test_no_fixture_of_a_rule_is_an_orphan() -> None:
    """Each folder of fixtures belongs to a rule."""
    assert set(folders(FIXTURES / "rules")) - set(RULES) == set()


def test_ids_of_rules_are_unique() -> None:
    """No two rules share an id, and each is `RA` with three digits."""
    ids = Counter(rule.id for rule in registry.rules())
    assert [item for item, count in ids.items() if count > 1] == []
    assert all(re.fullmatch(r"RA\d{3}", item) for item in ids)


@pytest.mark.parametrize("name", modules("outputs"))
def test_output_has_goldens_and_a_test(name: str) -> None:
    """Each output has a test and a golden of its own."""
    home = TESTS / "outputs"
    assert (home / f"test_{name}.py").is_file()
    assert [*(home / "golden").glob(f"{name}.*"), *(home / "golden").glob(f"{name}-*.*")] != []


def test_outputs_are_those_of_the_command_line() -> None:
    """The help of `--format` names each output, no more and no fewer."""
    from archiver.cli.validate import FORMATS

    assert sorted(FORMATS) == modules("outputs")
