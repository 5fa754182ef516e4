"""Schemas are found by listing them, and say which artifacts they speak of."""

from __future__ import annotations

import pytest

from archiver import registry
from archiver.errors import ArchiverError
from archiver.schemacheck import checker, index
from archiver.schemacheck.index import SchemaFile

NOTE = {"kind": "hf.state", "format": "json", "files": ["trainer_*.json"], "evidence": ["a"]}


def test_every_schema_is_listed_by_name() -> None:
    """Those of what the archiver writes, too."""
    names = index.names()
    assert {"record", "inventory-entry"} <= set(names)
    assert list(names) == sorted(names)
    assert [schema.name for schema in index.schemas()] == list(names)
    assert index.find("record").described is None
    assert index.find("record").title.startswith("runarchive record")


def test_what_a_schema_says_of_itself_is_found_without_the_rest() -> None:
    """Of every schema that says something, and of none that does not."""
    for name in index.names():
        assert index.note_of(name) == index.find(name).schema.get("x-artifact")


def test_a_name_that_is_none_is_told_with_the_nearest() -> None:
    """The error says what to do."""
    with pytest.raises(ArchiverError, match="did you mean record"):
        index.find("recrod")
    with pytest.raises(ArchiverError, match="lists them"):
        index.find("../pyproject")


@pytest.mark.parametrize("name", index.names())
def test_what_ships_is_sound(name: str) -> None:
    """Both engines take it, and it speaks of a kind that a reader has."""
    schema = index.find(name)
    one = checker.of(schema)
    assert next(one.explained({}), None) is None or not one.is_valid({})
    if schema.described is not None:
        assert schema.described.kind in {reader.kind for reader in registry.readers()}
        assert schema in index.of_kind(schema.described.kind)


def test_a_description_is_read() -> None:
    """Kind, files, evidence, versions."""
    note = {**NOTE, "version": {"pointer": "/v", "supported": [1, "2"]}}
    described = SchemaFile.of("hf.state-trainer", {"x-artifact": note}).described
    assert described is not None
    assert described.fits("trainer_state.json")
    assert not described.fits("xtrainer_state.json")
    assert described.tells({"a": None, "b": 1})
    assert not described.tells({"b": 1})
    assert not described.tells(["a"])
    assert described.version is not None
    assert (described.version.pointer, described.version.supported) == ("/v", (1, "2"))


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("hf.state", {"format": "xml"}),
        ("hf.state", {"kind": 7}),
        ("hf.other", {}),
        ("hf.statement", {}),
        ("hf.state", {"version": {"pointer": "/v"}}),
        ("hf.state", {"version": {"pointer": "/v", "supported": []}}),
        ("hf.state", {"version": 1}),
    ],
)
def test_a_description_of_another_shape_is_refused(name: str, changes: dict[str, object]) -> None:
    """It would be found by nobody."""
    with pytest.raises(ValueError, match=name):
        SchemaFile.of(name, {"x-artifact": {**NOTE, **changes}})  # type: ignore[dict-item]


def test_a_kind_without_schemas_has_none() -> None:
    """No schema is taken for that of a kind whose name begins like its own."""
    assert index.of_kind("nobody.knows") == ()
    assert index.of_kind("rec") == ()
    assert index.of_kind("inventory") == ()
