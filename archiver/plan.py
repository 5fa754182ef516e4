"""Which step of the run a thing belongs to.

Readers name steps by their producer's ids, or not at all. An artifact that describes a pipeline
gives its steps numbers and says which files are whose; here both become the ids of the record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from archiver.attempts import Attempts, join
from archiver.model.claims import AttemptTrail, Evidence, StepPlan
from archiver.model.plain import dataclass
from archiver.model.record import Artifact, Config, Step

TRAINING = "1"
"""What readers of trainers call the only step that they know."""
_UNNAMED = frozenset({None, "", TRAINING})

Owned = TypeVar("Owned", Config, Artifact)


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps that a pipeline planned; without one, the run's own training and evaluations."""

    numbers: Mapping[str, str]
    """Producer's id -> the record's."""
    places: tuple[tuple[str, str], ...]
    """Path and the record's id of the step whose own it is, longest path first."""
    training: str | None
    """The record's id of the training step; None where a pipeline has none or several."""
    disabled: frozenset[str] = frozenset()
    """The record's ids of steps that were switched off."""

    def step(self, name: str | None, path: str) -> str | None:
        """The record's id of the step that a name, or else a path, stands for."""
        if name is not None and name in self.numbers:
            return self.numbers[name]
        if name is not None and name not in _UNNAMED:
            # What a pipeline's step wrote is its own, whatever a reader calls it.
            return (self._place(path) if self.numbers else None) or name
        return self._place(path) or self.training

    def owner(self, name: str | None, path: str) -> str | None:
        """The same, but None for what a run without a pipeline need not say."""
        if not self.numbers and name in _UNNAMED:
            return None if name != TRAINING else TRAINING
        return self.step(name, path)

    def owned(self, items: Iterable[Owned]) -> list[Owned]:
        """Entries with the record's ids of their steps; those of the whole pipeline have none."""
        found = []
        for item in items:
            step_id = self.owner(item.step_id, item.at.path)
            if self.numbers and item.step_id in _UNNAMED:
                step_id = self._place(item.at.path)
            found.append(replace(item, step_id=step_id))
        return found

    def steps(self, partial: Iterable[Step]) -> list[Step]:
        """Partial descriptions with the record's ids, but for the strays."""
        named = ((item, self.step(item.step_id, item.at.path)) for item in partial)
        return [replace(item, step_id=number) for item, number in named if number is not None]

    def strays(self, partial: Iterable[Step]) -> list[Step]:
        """Descriptions of a training of which nobody can say which of several it was."""
        return [item for item in partial if self.step(item.step_id, item.at.path) is None]

    def evidence(self, signs: Iterable[Evidence]) -> dict[str | None, list[Evidence]]:
        """Signs by step; under None those that speak of the whole pipeline."""
        found: dict[str | None, list[Evidence]] = {}
        for sign in signs:
            named = sign.step_id or None
            whole = named is None and self.numbers and self._place(sign.at.path) is None
            step = None if whole else self.step(named, sign.at.path)
            found.setdefault(step, []).append(sign)
        return found

    def attempts(self, trails: Iterable[AttemptTrail]) -> dict[str | None, Attempts]:
        """The attempts of each step that anybody told apart."""
        groups: dict[str | None, list[AttemptTrail]] = {}
        for trail in trails:
            path = trail.marks[0].at.path if trail.marks else ""
            groups.setdefault(self.step(trail.step_id or None, path), []).append(trail)
        return {step: join(group) for step, group in groups.items()}

    def _place(self, path: str) -> str | None:
        return next(
            (
                owner
                for place, owner in self.places
                if path == place or path.startswith(place + "/")
            ),
            None,
        )


def plan(plans: Sequence[StepPlan], partial: Iterable[Step]) -> Plan:
    """The plan of a run from every artifact that describes one."""
    numbers = {item.step_id: str(item.number) for item in plans if item.number is not None}
    places = {
        place: numbers.get(item.step_id, item.step_id) for item in plans for place in item.places
    }
    longest = sorted(places.items(), key=lambda entry: (-len(entry[0]), entry[0]))
    off = {numbers.get(item.step_id, item.step_id) for item in plans if not item.enabled}
    if not numbers:
        return Plan({}, tuple(longest), TRAINING, frozenset(off))
    trained = {
        numbers[item.step_id]
        for item in partial
        if item.name == "train" and item.step_id in numbers and numbers[item.step_id] not in off
    }
    training = next(iter(trained)) if len(trained) == 1 else None
    return Plan(numbers, tuple(longest), training, frozenset(off))
