"""References that one artifact leaves open and another one of the same producer settles.

A producer's settings may speak of directories that only it knew (`${ROOT_DIR}/data`); what it
printed when it ran may say where they were. Only texts that are marked as unresolved, and
commands, are filled; what is authored stays as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from archiver.model.claims import Binding, Location
from archiver.model.plain import dataclass
from archiver.model.reading import Reading
from archiver.model.record import Command, Config, Evaluation, Source, Step
from archiver.model.values import Tagged, Value

UNRESOLVED = "unresolved"
_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]{0,200})\}")
_OPEN = ("${", "$(", "`")
"""What only a shell settles, or nobody."""
_LONGEST = 64 * 1024
"""Characters of one filled text."""
_LARGEST = 16 * 1024 * 1024
"""Characters of all filled texts together."""
_PARTS = ("inputs", "outputs", "params")


def applied(readings: Sequence[Reading]) -> list[Reading]:
    """The readings with what the others of their producer say filled in."""
    known: dict[str, dict[str, Binding]] = {}
    for reading in readings:
        for binding in reading.bindings:
            known.setdefault(_producer(reading), {}).setdefault(binding.name, binding)
    for reading in readings:
        for binding in reading.bindings:
            names = known[_producer(reading)]
            # Where two disagree nobody knows which of them the settings were read with.
            if binding.name in names and names[binding.name].value != binding.value:
                del names[binding.name]
    return [_filled(item, known.get(_producer(item), {})) for item in readings]


def _producer(reading: Reading) -> str:
    return reading.accounting.kind.partition(".")[0] if reading.accounting is not None else ""


def _filled(reading: Reading, known: Mapping[str, Binding]) -> Reading:
    if not known or not (reading.configs or reading.steps):
        return reading
    filling = _Filling(known)
    return replace(
        reading,
        configs=tuple(filling.config(item) for item in reading.configs),
        steps=tuple(filling.step(item) for item in reading.steps),
    )


@dataclass
class _Filling:
    """References being filled, bounded per text and over all of one reading."""

    known: Mapping[str, Binding]
    size: int = 0

    def config(self, item: Config) -> Config:
        """A configuration with its open texts filled."""
        return replace(item, values={key: self._value(one) for key, one in item.values.items()})

    def step(self, item: Step) -> Step:
        """A step with its open texts and its command filled; their sources name where from."""
        values: dict[str, dict[str, Value]] = {
            name: {key: self._value(one) for key, one in getattr(item, name).items()}
            for name in _PARTS
        }
        sources = dict(item.sources)
        for name in _PARTS:
            if name in sources:
                sources[name] = self._source(sources[name], getattr(item, name), values[name])
        return replace(
            item,
            **values,  # type: ignore[arg-type]
            sources=sources,
            command=self._command(item.command),
            eval=self._evaluation(item.eval),
        )

    def _source(self, source: Source, before: dict[str, Value], after: dict[str, Value]) -> Source:
        if before == after:
            return source
        places = self._places(one for one in before.values() if isinstance(one, Tagged))
        return replace(source, from_=tuple(dict.fromkeys((*source.from_, source.at, *places))))

    def _places(self, open_ones: Iterable[Tagged]) -> list[Location]:
        names = {name for one in open_ones for name in _REFERENCE.findall(one.value)}
        return [binding.at for name, binding in self.known.items() if name in names]

    def _command(self, command: Command | None) -> Command | None:
        if command is None:
            return None
        return replace(
            command,
            shell=self._text(command.shell) if command.shell else command.shell,
            cwd=self._text(command.cwd) if command.cwd else command.cwd,
        )

    def _evaluation(self, evaluation: Evaluation | None) -> Evaluation | None:
        if evaluation is None or not evaluation.script.path:
            return evaluation
        path = self._text(evaluation.script.path)
        return replace(evaluation, script=replace(evaluation.script, path=path))

    def _value(self, value: Value) -> Value:
        if isinstance(value, Tagged) and value.type == UNRESOLVED:
            text = self._text(value.value)
            settled = text != value.value and not any(mark in text for mark in _OPEN)
            return text if settled else Tagged(UNRESOLVED, text)
        if isinstance(value, list):
            return [self._value(item) for item in value]
        if isinstance(value, dict):
            return {key: self._value(item) for key, item in value.items()}
        return value

    def _text(self, text: str) -> str:
        """The text with the references that are known; as it was where it grows too long."""
        size = len(text)
        pieces: list[str] = []
        end = 0
        for match in _REFERENCE.finditer(text):
            binding = self.known.get(match[1])
            if binding is None:
                continue
            size += len(binding.value) - len(match[0])
            if size > _LONGEST or self.size + size > _LARGEST:
                return text
            pieces += [text[end : match.start()], binding.value]
            end = match.end()
        self.size += size if pieces else 0
        return "".join([*pieces, text[end:]]) if pieces else text
