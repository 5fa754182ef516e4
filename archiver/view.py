"""A JSON object whose values have no guaranteed type, read with typed questions.

A missing key and a null answer None; a value of another type answers None and is reported.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from archiver.artifact import Artifact, pointer
from archiver.model.claims import Location, Problem
from archiver.model.values import Value


@dataclass(frozen=True, slots=True)
class View:
    """One object of an artifact, with its JSON pointer."""

    artifact: Artifact
    value: dict[str, Value]
    pointer: str = ""
    problems: list[Problem] = field(default_factory=list)
    """Shared by every view of the artifact."""

    @classmethod
    def of(cls, artifact: Artifact, value: Value) -> View:
        """The artifact's top-level object; an empty one where it is none."""
        return cls(artifact, value if isinstance(value, dict) else {})

    def at(self, *parts: str | int) -> Location:
        """The location of a member."""
        return self.artifact.at(self.pointer + pointer(*parts))

    def has(self, key: str) -> bool:
        """Whether the key is there, null included."""
        return key in self.value

    def text(self, key: str) -> str | None:
        """A string."""
        value = self.value.get(key)
        if isinstance(value, str):
            return value
        self._other(key, value, "a string")
        return None

    def filled(self, key: str) -> str | None:
        """A string that is not empty."""
        return self.text(key) or None

    def flag(self, key: str) -> bool | None:
        """A boolean."""
        value = self.value.get(key)
        if isinstance(value, bool):
            return value
        self._other(key, value, "true or false")
        return None

    def integer(self, key: str) -> int | None:
        """An integer (a whole float counts)."""
        value = self.value.get(key)
        if isinstance(value, float) and value.is_integer():
            return int(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        self._other(key, value, "an integer")
        return None

    def number(self, key: str) -> float | None:
        """A number."""
        value = self.value.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        self._other(key, value, "a number")
        return None

    def object(self, key: str) -> View:
        """An object; an empty view where it is missing."""
        value = self.value.get(key)
        if not isinstance(value, dict):
            self._other(key, value, "an object")
            value = {}
        return View(self.artifact, value, self.pointer + pointer(key), self.problems)

    def items(self, key: str) -> list[Value]:
        """A list; an empty one where it is missing."""
        value = self.value.get(key)
        if isinstance(value, list):
            return value
        self._other(key, value, "a list")
        return []

    def texts(self, key: str) -> tuple[str, ...]:
        """The strings of a list."""
        return tuple(item for item in self.items(key) if isinstance(item, str))

    def _other(self, key: str, value: Value, wanted: str) -> None:
        if value is not None:
            found = type(value).__name__
            message = f"{key} is {found} where {wanted} was expected"
            self.problems.append(Problem("unexpected-type", message, self.at(key)))
