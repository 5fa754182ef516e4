"""A JSON object whose values have no guaranteed type, read with typed questions.

A missing key and a null answer None; a value of another type answers None and is reported.
"""

from __future__ import annotations

import re
from dataclasses import field

from archiver.artifact import Artifact, pointer
from archiver.model.claims import Location, Problem
from archiver.model.plain import dataclass
from archiver.model.values import Value

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")


def emptiness(artifact: Artifact) -> tuple[Problem, ...]:
    """The problem of a stream that holds nothing; a codec of rows has no flaw for that."""
    if artifact.head().strip(b"\0 \r\n\t"):
        return ()
    return (artifact.problem("empty", "the file is empty"),)


@dataclass(frozen=True, slots=True)
class View:
    """One object of an artifact, with its JSON pointer."""

    artifact: Artifact
    value: dict[str, Value]
    pointer: str = ""
    problems: dict[Problem, None] = field(default_factory=dict)
    """Shared by every view of the artifact; one that is met again is told once."""

    @classmethod
    def of(cls, artifact: Artifact, value: Value, version: int | None = None) -> View:
        """The artifact's top-level object; an empty one where it is none.

        `version` is the newest `schema_version` that is known; a newer one is a problem, and
        what is understood of it is read all the same.
        """
        view = cls(artifact, value if isinstance(value, dict) else {})
        if version is not None:
            stated = view.integer("schema_version")
            if stated is not None and stated > version:
                message = f"schema_version is newer than {version}, the newest known"
                at = view.at("schema_version")
                hint = "what is understood of it was read"
                view.problems[Problem("unsupported-version", message, at, hint)] = None
        return view

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

    def last_line(self, key: str) -> str | None:
        """The last line of a string that is not blank: warnings may stand before it."""
        lines = (self.text(key) or "").strip().splitlines()
        return lines[-1].strip() if lines else None

    def commit(self, key: str) -> str | None:
        """A commit id, warnings before it left out; None for anything else."""
        last = self.last_line(key)
        return last if last is not None and _COMMIT.match(last) else None

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
        if isinstance(value, float):
            return value
        # A JSON integer may be longer than a double can hold.
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**300:
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
        items = self.items(key)
        other = next((item for item in items if not isinstance(item, str)), "")
        if not isinstance(other, str):
            self._tell(key, other, "nothing but strings")
        return tuple(item for item in items if isinstance(item, str))

    def _other(self, key: str, value: Value, wanted: str) -> None:
        if value is not None:
            self._tell(key, value, wanted)

    def _tell(self, key: str, value: Value, wanted: str) -> None:
        found = type(value).__name__
        message = f"{key} is {found} where {wanted} was expected"
        self.problems[Problem("unexpected-type", message, self.at(key))] = None
