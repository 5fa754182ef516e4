"""The schemas of the artifacts are sound, described, and complete."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from jsonschema import Draft202012Validator

from archiver import contracts
from tests.schemas.conftest import CASES, READERS, SCHEMAS, Schema

EACH = pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.name)
FORMATS = frozenset({"json", "ndjson", "yaml", "toml"})
EXEMPT = {
    "ai_studio.temp": "what was being written, cut as a rule; it is no artifact of its own",
    "coordexp.per_class": "CSV",
    "coordexp.telemetry": "samples of the training, each trainer's own; no provenance",
    "coordexp.train_log": "text",
    "generic.config": "a configuration of no known producer, whose keys nobody can state",
    "generic.log": "text",
    "generic.rows": "rows of no known producer, whose keys nobody can state",
    "generic.table": "CSV",
    "git.repository": "a directory, read with git's own formats",
    "hf.checkpoint": "a directory, told by names alone",
    "lightning.checkpoint": "a pickle in a zip container",
    "lightning.metrics_csv": "CSV",
    "llmrunner.console": "text",
    "llmrunner.data": "training data, the user's own",
    "llmrunner.eval_report": "scores in the form of whatever suite made them",
    "llmrunner.pipeline": "Python and env files, read without running them",
    "llmrunner.step_log": "text",
    "megatron.log": "text",
    "megatron.progress": "text",
    "packages.installed": "text",
    "run_experiment.log": "text",
    "run_experiment.report": "Markdown",
    "run_experiment.slurm_script": "a shell script",
    "slurm.gpu_metrics": "CSV",
    "slurm.stdout": "text",
    "tensorboard.events": "binary",
    "torchtune.checkpoint": "a directory, told by names alone",
    "torchtune.log": "text",
    "wandb.log": "binary",
    "wandb.output": "text",
    "wandb.requirements": "text",
    "weights.safetensors": "binary, but for a header that its own reader checks",
    "weights.torch": "a pickle in a zip container",
}
"""Kinds without a schema -> why they need none."""
ONE_SCHEMA = ("items", "contains", "additionalProperties", "propertyNames", "if", "then", "else")
SCHEMAS_BY_NAME = ("properties", "patternProperties", "$defs", "dependentSchemas")
LISTS_OF_SCHEMAS = ("allOf", "anyOf", "oneOf", "prefixItems")


def parts(schema: Any, place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema within a schema, with its place; not what stands in `not`."""
    if not isinstance(schema, dict):
        return
    yield place, schema
    for key in ONE_SCHEMA:
        yield from parts(schema.get(key), f"{place}/{key}")
    for key in SCHEMAS_BY_NAME:
        for name, item in schema.get(key, {}).items():
            yield from parts(item, f"{place}/{key}/{name}")
    for key in LISTS_OF_SCHEMAS:
        for index, item in enumerate(schema.get(key, ())):
            yield from parts(item, f"{place}/{key}/{index}")


def conditional(place: str) -> bool:
    """Whether a place of a schema is in a condition, whose parts ask for nothing."""
    return "if" in place.split("/")


@EACH
def test_schema_is_valid(schema: Schema) -> None:
    """It is of the 2020-12 dialect, says so, and both engines take it."""
    assert schema.body["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    Draft202012Validator.check_schema(schema.body)
    jsonschema_rs.meta.validate(schema.body)
    assert isinstance(schema.fast.is_valid({}), bool)


@EACH
def test_schema_stands_alone(schema: Schema) -> None:
    """It has no identifier, and every reference leads to a definition of its own."""
    references = {part["$ref"] for _, part in parts(schema.body) if "$ref" in part}
    definitions = {f"#/$defs/{name}" for name in schema.body.get("$defs", {})}
    assert references == definitions
    assert "$id" not in schema.body


@EACH
def test_schema_is_described(schema: Schema) -> None:
    """It says what it is about, and so does every property in it, but for those of conditions."""
    missing = [
        f"{place}/{key}/{name}"
        for place, part in parts(schema.body)
        if not conditional(place)
        for key in ("properties", "patternProperties")
        for name, item in part.get(key, {}).items()
        if item is not False and not item.get("description", "").strip()
    ]
    assert missing == []
    assert schema.body["title"].strip()
    assert schema.body["description"].strip()


@EACH
def test_examples_are_valid(schema: Schema) -> None:
    """Each example satisfies the part of the schema that gives it."""
    definitions = {"$defs": schema.body.get("$defs", {})}
    wrong = [
        (place, example)
        for place, part in parts(schema.body)
        for example in part.get("examples", ())
        if not Draft202012Validator({**definitions, **part}).is_valid(example)
    ]
    assert wrong == []


@EACH
def test_schema_names_its_artifacts(schema: Schema) -> None:
    """Kind, format, file names and evidence are there, and the kind is that of a reader."""
    about = schema.about
    assert {"kind", "format", "files", "evidence"} <= about.keys()
    assert about.keys() <= {"kind", "format", "files", "evidence", "version"}
    assert about["kind"] in READERS
    assert about["format"] in FORMATS
    assert about["files"]
    assert all(isinstance(name, str) and name for name in [*about["files"], *about["evidence"]])
    assert len(set(about["evidence"])) == len(about["evidence"])


@EACH
def test_version_is_a_property(schema: Schema) -> None:
    """A version is a number or text of the document that the schema itself does not pin."""
    version = schema.about.get("version")
    if version is None:
        return
    assert version.keys() == {"pointer", "supported"}
    assert all(isinstance(known, int | str) for known in version["supported"])
    name = version["pointer"].rpartition("/")[2]
    stated = [
        part["properties"][name]
        for _, part in parts(schema.body)
        if name in part.get("properties", {})
    ]
    assert stated, version["pointer"]
    assert all(not {"const", "enum", "maximum"} & item.keys() for item in stated)


@EACH
def test_schema_is_named_after_its_kind(schema: Schema) -> None:
    """`<kind>.v1.json`, or `<kind>-<document>.v1.json` where a kind has several."""
    kind = schema.about["kind"]
    assert re.fullmatch(re.escape(kind) + r"(?:-[a-z0-9_-]+)?", schema.name)


@EACH
def test_file_names_are_real(schema: Schema) -> None:
    """Some input of its reader's cases bears one of the names."""
    home = CASES / schema.reader.name
    found = (path for path in home.glob("*/input/**/*") if path.is_file())
    assert any(schema.names(path.as_posix()) for path in found)


@EACH
def test_eras_are_those_of_a_contract(schema: Schema) -> None:
    """A branch for an era names one that a contract with this kind has."""
    kind = schema.about["kind"]
    known = {
        era.name
        for contract in contracts.every()
        for era in contract.eras
        if kind in {*era.evidence, *era.required, *era.optional}
    }
    assert {part["x-era"] for _, part in parts(schema.body) if "x-era" in part} <= known


@EACH
def test_branches_are_named(schema: Schema) -> None:
    """Each branch of a choice between objects is an era or has a title, so that it can be told."""
    branches = [
        branch
        for place, part in parts(schema.body)
        if not conditional(place)
        for key in ("oneOf", "anyOf")
        for branch in part.get(key, ())
    ]
    plain = [branch for branch in branches if branch.keys() - {"type", "description", "$ref"}]
    assert [branch for branch in plain if not branch.keys() & {"x-era", "title"}] == []


def test_every_document_has_a_schema() -> None:
    """Each kind that is read has a schema or a reason to have none."""
    described = {schema.about["kind"] for schema in SCHEMAS}
    assert READERS.keys() - described - EXEMPT.keys() == set()


def test_exemptions_are_needed() -> None:
    """No kind that has a schema is exempt, and each exempt kind is that of a reader."""
    assert EXEMPT.keys() & {schema.about["kind"] for schema in SCHEMAS} == set()
    assert EXEMPT.keys() - READERS.keys() == set()


def test_schemas_of_one_kind_are_told_apart() -> None:
    """No two schemas of a kind have the same file name and the same evidence."""
    claims = Counter(
        (schema.about["kind"], name, tuple(sorted(schema.about["evidence"])))
        for schema in SCHEMAS
        for name in schema.about["files"]
    )
    assert [claim for claim, count in claims.items() if count > 1] == []
