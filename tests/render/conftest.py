"""Records built by hand, by type: every field of every class gets a value of its own."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from typing import Any

import pytest

from archiver.model import claims, record
from archiver.model.claims import Location, Origin
from archiver.model.fields import FIELDS
from archiver.model.record import Coverage, RunIdentity, RunRecord

_CLASSES = {**vars(claims), **vars(record)}


class Filler:
    """Makes instances of the record's classes with texts and numbers from two functions."""

    def __init__(self, text: Callable[[str], str], number: Callable[[], int]) -> None:
        self.text = text
        self.number = number

    def __call__(self, cls: type, **given: Any) -> Any:
        """An instance with every field filled that is not given."""
        values = {
            spec.name: self._value(str(spec.type), spec.name)
            for spec in dataclasses.fields(cls)
            if spec.name not in given
        }
        return cls(**values, **given)

    def _value(self, hint: str, name: str) -> Any:
        plain = hint.removesuffix(" | None")
        if plain in ("str", "Value"):
            return self.text(name)
        if plain == "int":
            return self.number()
        if plain == "float":
            return float(self.number())
        if plain == "bool":
            return True
        if plain == "Origin":
            return Origin.RECORDED
        if plain.startswith("tuple["):
            inner = plain[len("tuple[") : -len(", ...]")]
            return (self._value(inner, name), self._value(inner, name))
        if plain.startswith("dict[str, "):
            inner = plain[len("dict[str, ") : -1]
            return {self.text(name): self._value(inner, name)}
        return self(_CLASSES[plain])


def coverage(word: str = "not recorded") -> Coverage:
    """Coverage that answers every field with one word."""
    return Coverage(0, 0, 0, 0, len(FIELDS), 0, {item.name: word for item in FIELDS})


def full(fill: Filler) -> RunRecord:
    """A record with an entry in every list and a claim for every field."""
    homes = [item.name for item in FIELDS if item.home.value == "fields"]
    made = fill(
        RunRecord,
        coverage=coverage("recorded"),
        schema_version=1,
        fields={
            name: fill(record.Resolved)
            for name in (*homes, f"repro.env.{fill.text('env')}", "more.field")
            if name != "repro.env"
        },
    )
    first, second = made.series
    eras = {name: fill.text("era") for name in made.run.producers}
    return dataclasses.replace(
        made,
        run=dataclasses.replace(made.run, eras=eras),
        series=(
            dataclasses.replace(first, type="number", shadow_of=None),
            dataclasses.replace(second, type="number"),
            dataclasses.replace(fill(record.Series), type="text"),
        ),
    )


@pytest.fixture
def marked() -> RunRecord:
    """A record whose texts are `mark1z`, `mark2z`, ... and whose numbers are all different."""
    texts = itertools.count(1)
    numbers = itertools.count(100_001)
    return full(Filler(lambda _: f"mark{next(texts)}z", lambda: next(numbers)))


@pytest.fixture
def hostile() -> Callable[[str], RunRecord]:
    """Records that hold one text wherever a text can stand, each time with another number."""

    def make(text: str) -> RunRecord:
        counter = itertools.count(1)
        return full(Filler(lambda _: f"{text}{next(counter)}", lambda: 7))

    return make


@pytest.fixture
def empty() -> RunRecord:
    """A run of which nothing is known."""
    identity = RunIdentity("r1", "exp", (), {}, "dir", "0" * 64)
    return RunRecord(run=identity, coverage=coverage())


@pytest.fixture
def at() -> Location:
    """A place in a file."""
    return Location("meta.json", "/a/b")
