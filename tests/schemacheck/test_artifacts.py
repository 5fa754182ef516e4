"""Artifacts are held to the schemas of their kind, and problems get lines and columns."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from archiver.artifact import Artifact
from archiver.limits import Limits
from archiver.model.claims import Problem
from archiver.rundir import RunDir
from archiver.schemacheck.artifacts import Watch, check
from archiver.schemacheck.index import SchemaFile

DOCUMENT: dict[str, Any] = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string"},
        "lr": {"type": "number"},
        "epochs": {"type": "array", "items": {"properties": {"loss": {"type": "number"}}}},
    },
}
Told = list[tuple[str, str, str, int | None, int | None, str]]


def schema(format_: str, name: str = "x.y", **note: Any) -> SchemaFile:
    """The schema above for files of a format."""
    described = {"kind": "x.y", "format": format_, **note}
    return SchemaFile.of(name, {**DOCUMENT, "x-artifact": described})


def told(problems: tuple[Problem, ...]) -> Told:
    """Everything that the problems say, but for those that the stream breaks off."""
    return [
        (p.code, p.at.place, p.message, p.line, p.column, p.hint)
        for p in problems
        if p.code != "truncated"
    ]


@pytest.fixture
def artifact(tmp_path: Path) -> Iterator[Callable[..., Artifact]]:
    """Makes an artifact of files."""
    opened: list[Artifact] = []
    runs: list[RunDir] = []

    def make(files: dict[str, str | bytes], limits: Limits | None = None) -> Artifact:
        for path, content in files.items():
            target = tmp_path / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.encode() if isinstance(content, str) else content)
        run = RunDir(tmp_path, "run", limits or Limits())
        runs.append(run)
        tree = run.walk()
        path = next(iter(files)) if len(files) == 1 else ""
        made = Artifact(run, tree, tree.files, path, limits or Limits())
        opened.append(made)
        return made

    yield make
    for one in opened:
        one.close()
    for run in runs:
        run.close()


def test_a_json_document_is_checked_with_lines_and_columns(
    artifact: Callable[..., Artifact],
) -> None:
    """A member stands where its key does, a missing one where its object begins."""
    made = artifact(
        {"a.json": '{\n  "lr": "12",\n  "epochs": [\n    {"loss": 1},\n    {"loss": "x"}]}'}
    )
    assert told(check(made, schema("json"))) == [
        ("schema-violation", "", 'the key "name" is missing', 1, 1, ""),
        ("schema-violation", "/lr", 'expected number, found string "12"', 2, 3,
         "it is in quotes; write 12"),
        ("schema-violation", "/epochs/1/loss", 'expected number, found string "x"', 5, 6, ""),
    ]  # fmt: skip
    assert {p.at.path for p in check(made, schema("json"))} == {"a.json"}


def test_a_yaml_document_is_checked_with_its_readings(artifact: Callable[..., Artifact]) -> None:
    """The hint spells the number that was meant."""
    made = artifact({"a.yaml": "name: x\nepochs:\n  - loss: 1\nlr: 5e-4\n"})
    assert told(check(made, schema("yaml"))) == [
        ("schema-violation", "/lr", 'expected number, found string "5e-4"', 4, 1,
         "5e-4 is a string in YAML 1.1; write 5.0e-4"),
    ]  # fmt: skip


def test_a_toml_document_is_checked(artifact: Callable[..., Artifact]) -> None:
    """Like any other."""
    made = artifact({"a.toml": 'name = "x"\n\n[[epochs]]\nloss = "1"\n'})
    assert told(check(made, schema("toml"))) == [
        ("schema-violation", "/epochs/0/loss", 'expected number, found string "1"', 4, 1,
         "it is in quotes; write 1"),
    ]  # fmt: skip


def test_rows_are_told_by_line_and_pointer(artifact: Callable[..., Artifact]) -> None:
    """Distinct faults with their numbers; the good rows of a torn stream are judged."""
    rows = [
        '{"name": "x"}',
        '{"lr": "1", "name": "y"}',
        "",
        '{"name": "z", "lr": "2"}',
        "{}",
        '{"n',
    ]
    made = artifact({"a.jsonl": "\n".join(rows)})
    assert told(check(made, schema("ndjson"))) == [
        ("schema-violation", "L2!/lr",
         'expected number, found string "1" (2 rows, first at line 2)', 2, 2,
         "it is in quotes; write 1"),
        ("schema-violation", "L5", 'the key "name" is missing', None, None, ""),
    ]  # fmt: skip


def test_rows_far_into_a_stream_are_found(artifact: Callable[..., Artifact]) -> None:
    """Beyond the first chunk, and where a row spans two chunks."""
    pad = json.dumps({"name": "x" * 1000})
    long = '{"name": "' + "y" * 2_000_000 + '", "lr": "no"}'
    made = artifact({"a.jsonl": "\n".join([pad] * 3000 + [long, pad, '{"name": 5}'])})
    assert [(p.at.place, p.line, p.column) for p in check(made, schema("ndjson"))] == [
        ("L3001!/lr", 3001, 2_000_014),
        ("L3003!/name", 3003, 2),
    ]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ('{"lr": "12", "epochs": [', ["truncated"]),
        ("", ["empty"]),
        # What was read of these is whole, and would pass for checked.
        ('{"lr": "12"} {}', ["trailing-data", "schema-violation"]),
        ("[" * 500, ["nesting-limit", "schema-violation"]),
        ("nothing", ["syntax"]),
    ],
)
def test_documents_that_break_off_are_not_judged(
    text: str, codes: list[str], artifact: Callable[..., Artifact]
) -> None:
    """That they do is told, where no reader tells it."""
    made = artifact({"a.json": text})
    assert [problem.code for problem in check(made, schema("json"))] == codes
    watch = Watch(made, (schema("json"),))
    watch.look(made.entry, made.open())
    assert watch.finish(()) == ()


def test_an_unsupported_version_has_a_code_of_its_own(artifact: Callable[..., Artifact]) -> None:
    """And keeps quiet what else is wrong."""
    versioned = schema("json", version={"pointer": "/v", "supported": [1]})
    assert told(check(artifact({"a.json": '{"v": 2}'}), versioned)) == [
        ("unsupported-version", "/v", "is version 2; version 1 is supported", 1, 2,
         "use a runarchive that knows this version"),
    ]  # fmt: skip


def test_faults_that_repeat_are_told_once(artifact: Callable[..., Artifact]) -> None:
    """With their number; what is over the limits is counted."""
    text = json.dumps({"name": "x", "epochs": [{"loss": str(n)} for n in range(50)]})
    (problem,) = check(artifact({"a.json": text}), schema("json"))
    assert problem.at.place == "/epochs/0/loss"
    assert problem.message.endswith('found string "0" (and at 49 more places like it)')
    few = Limits(schema_violations=1)
    made = artifact({"a.json": '{"lr": "x", "epochs": 5}'}, few)
    assert [(p.at.place, p.message) for p in check(made, schema("json"))] == [
        ("", 'the key "name" is missing'),
        ("", "… and 2 more"),
    ]


def test_files_of_a_directory_are_told_by_their_names(artifact: Callable[..., Artifact]) -> None:
    """Each file that the schema speaks of, whether or not it is the first."""
    made = artifact({"a/one.json": '{"name": 1}', "a/two.json": '{"name": 2}', "a/other.json": "5"})
    problems = check(made, schema("json", files=["one.json", "t*.json"]))
    assert [(p.at.path, p.at.place, p.line) for p in problems] == [
        ("a/one.json", "/name", 1),
        ("a/two.json", "/name", 1),
    ]


def test_other_files_of_a_kind_are_left_alone(artifact: Callable[..., Artifact]) -> None:
    """A kind may have files of another format; who asks for a schema by name means the file."""
    made = artifact({"latest.txt": "30"})
    named = schema("json", files=["*.json"])
    watch = Watch(made, (named,))
    assert not watch.wants(made.entry)
    watch.look(made.entry, made.open())
    assert watch.finish(()) == ()
    assert [p.message for p in check(made, named)] == ["expected object, found integer 30"]


def test_evidence_decides_between_documents_of_one_name(artifact: Callable[..., Artifact]) -> None:
    """The schema with most evidence is meant; without any, nobody judges."""
    one = schema("json", "x.y-one", evidence=["a"])
    two = schema("json", "x.y-two", evidence=["a", "b"])
    both = SchemaFile(two.name, {"required": ["c"]}, two.described)
    found = {}
    for text in ('{"a": 1}', '{"a": 1, "b": 1}', "{}"):
        watch = Watch(made := artifact({"a.json": text}), (one, both))
        watch.look(made.entry, made.open())
        found[text] = [problem.message for problem in watch.finish(())]
    assert found == {
        '{"a": 1}': ['the key "name" is missing'],
        '{"a": 1, "b": 1}': ['the key "c" is missing'],
        "{}": [],
    }


def test_problems_of_readers_get_their_places_too(artifact: Callable[..., Artifact]) -> None:
    """Pointers in documents and rows, lines with columns; a file that was let go of is known."""
    made = artifact({"a.json": '{"x": {\n "a": 1, "a": 2}}', "b.jsonl": "{}\n" * 3, "c.txt": "x"})
    watch = Watch(made, ())
    for entry in made.files:
        made.open(entry)
    for entry in made.files[:2]:
        watch.let_go(entry, made.open(entry))
        made.release(entry)
    problems = watch.finish(
        (
            Problem("duplicate-key", "", made.at("/x/a", "a.json")),
            Problem("missing", "", made.at("/x/lost/deep", "a.json")),
            Problem("syntax", "", made.at("L3:14", "a.json")),
            Problem("odd", "", made.at("L2!/a", "b.jsonl")),
            Problem("odd", "", made.at("/a", "c.txt")),
            Problem("odd", "", made.at("/a", "gone.json")),
            Problem("odd", "", made.at("L2", "b.jsonl")),
            Problem("known", "", made.at("/x", "a.json"), line=7),
        )
    )
    assert [(p.line, p.column) for p in problems] == [
        (2, 10), (1, 2), (3, 14), (2, 1), (None, None), (None, None), (None, None), (7, None),
    ]  # fmt: skip


def test_what_reader_and_schema_both_say_is_said_once(artifact: Callable[..., Artifact]) -> None:
    """Of a wrong type the schema says more, of a version the reader came first."""
    versioned = schema("json", version={"pointer": "/v", "supported": [1]})
    for text, code, kept in (
        ('{"name": 5}', "unexpected-type", ["schema-violation"]),
        ('{"name": "x"}', "unexpected-type", ["unexpected-type"]),
        ('{"name": 5}', "yaml-readings-differ", ["schema-violation"]),
        ('{"name": "x", "v": 2}', "unsupported-version", ["unsupported-version"]),
    ):
        made = artifact({"a.json": text})
        watch = Watch(made, (versioned,))
        watch.look(made.entry, made.open())
        watch.look(made.entry, made.open())
        problems = watch.finish((Problem(code, "the reader's", made.at("/name")),))
        assert [problem.code for problem in problems] == kept
