"""Small records to compare."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from archiver.diff.comparing import compare
from archiver.diff.options import Options, RunData
from archiver.model.claims import Location, Origin
from archiver.model.differences import Area, Compared, Comparison, Difference
from archiver.model.record import (
    Config,
    Coverage,
    Resolved,
    RunIdentity,
    RunRecord,
)
from archiver.model.values import Value

Told = Callable[..., list[Difference]]


def config(values: dict[str, Value], **changes: Any) -> Config:
    """One configuration; JSON with types unless the changes say otherwise."""
    given: dict[str, Any] = {
        "id": "config.json",
        "role": "resolved",
        "format": "json",
        "at": Location("config.json"),
        "reader": "some_reader",
    }
    return Config(values=values, **(given | changes))


def record(
    *, producers: tuple[str, ...] = (), fields: dict[str, Value] | None = None, **parts: Any
) -> RunRecord:
    """A record of the given parts."""
    name = parts.pop("run_id", "run")
    return RunRecord(
        run=RunIdentity(name, "exp", producers, {}, name, ""),
        coverage=Coverage(0, 0, 0, 0, 0, 0, {}),
        fields={
            key: Resolved(value, Origin.RECORDED, Location("facts.json", f"/{key}"), "some_reader")
            for key, value in (fields or {}).items()
        },
        **parts,
    )


def data(given: RunRecord, **parts: Any) -> RunData:
    """A record with its files and points, ready to be compared."""
    run = given.run
    return RunData(
        compared=Compared(run.run_id, run.run_id, run.experiment, run.producers, ""),
        record=given,
        **parts,
    )


@pytest.fixture(name="config")
def _config() -> Callable[..., Config]:
    return config


@pytest.fixture(name="record")
def _record() -> Callable[..., RunRecord]:
    return record


@pytest.fixture(name="data")
def _data() -> Callable[..., RunData]:
    return data


@pytest.fixture
def compared() -> Callable[..., Comparison]:
    """Compare two records, with options by name."""

    def call(a: RunRecord, b: RunRecord, **options: Any) -> Comparison:
        return compare(data(a), data(b), Options(**options))

    return call


@pytest.fixture
def told() -> Told:
    """The differences of two configurations, given as their values."""

    def call(a: dict[str, Value], b: dict[str, Value], **changes: Any) -> list[Difference]:
        sides = [data(record(configs=(config(values, **changes),))) for values in (a, b)]
        options = Options(areas=frozenset({Area.CONFIG}))
        return list(compare(*sides, options).differences)

    return call
