"""Area `environment`: the machine, its software, and how the run was launched on it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from archiver.diff.alike import Terms
from archiver.diff.area import Told
from archiver.diff.facts import difference, joined, places
from archiver.diff.moves import Found
from archiver.diff.names import dotted
from archiver.diff.options import Options, RunData
from archiver.diff.telling import Setting, told
from archiver.diff.versions import weigh
from archiver.diff.walk import Walk
from archiver.model.differences import (
    MISSING,
    Area,
    Difference,
    Direction,
    Side,
    Significance,
)
from archiver.model.fields import ENV_PREFIX
from archiver.model.record import Resolved, RunRecord, Step
from archiver.model.values import Value

_VERSIONS = ("python", "cuda", "cuda_driver", "torch")
_PLACES = ("host", "user")
"""Where and by whom: never a reason for another outcome."""
_PLAIN = ("gpus", "os", "conda_env")
_FIELDS = (*_PLAIN[:1], *_VERSIONS, *_PLAIN[1:], *_PLACES)
"""Fields of the record's summary, in the order in which they matter."""
_LEADING = re.compile(r"\s*v?(\d[\w.!+\-]*)")
_KERNEL = re.compile(r"(?<=linux-)[\w.+~\-]*?(?=-(?:x86_64|aarch64|amd64|with-)|$)", re.IGNORECASE)
_LAUNCH = ("launcher", "nodes", "procs_per_node", "world_size")


def compare(a: RunData, b: RunData, options: Options) -> Told:
    """The recorded fields, the environment variables and the shape of the launch."""
    found = [*_summary(a.record, b.record, options), *_variables(a.record, b.record, options)]
    found += _launches(a.record, b.record, options)
    if not found and not _anything(a.record) and not _anything(b.record):
        return Told(not_compared="neither run records its environment")
    return Told(tuple(found))


def _anything(record: RunRecord) -> bool:
    names = {f"summary.{name}" for name in _FIELDS}
    return any(name in names or name.startswith(ENV_PREFIX) for name in record.fields)


def _summary(a: RunRecord, b: RunRecord, options: Options) -> Iterator[Difference]:
    for rank, name in enumerate(_FIELDS):
        one, other = (record.fields.get(f"summary.{name}") for record in (a, b))
        left, right = _stated(one), _stated(other)
        significance, direction, note = Significance.SIGNIFICANT, Direction.NONE, ""
        if name in _VERSIONS and isinstance(left, str) and isinstance(right, str):
            if left == right:
                continue
            significance, direction, note = _versions(left, right)
        elif not [*Walk().leaves(_sorted(left), _sorted(right))]:
            continue
        if name in _PLACES:
            significance = Significance.VOLATILE
        elif name == "os" and isinstance(left, str) and isinstance(right, str):
            if _KERNEL.sub("", left) == _KERNEL.sub("", right):
                significance, note = Significance.VOLATILE, "another build of the kernel"
        elif options.volatile.covers((name,), left, right):
            significance = Significance.VOLATILE
        yield difference(
            Area.ENVIRONMENT,
            name,
            left,
            right,
            significance=significance,
            direction=direction,
            rank=rank,
            note=note,
            at=places(one, other),
        )


def _stated(resolved: Resolved | None) -> Side:
    return MISSING if resolved is None or resolved.value is None else resolved.value


def _sorted(side: Side) -> Value:
    """A list in a fixed order, as machines are listed in none; what is missing as null."""
    if isinstance(side, list) and all(isinstance(item, str) for item in side):
        return sorted(side, key=str)
    return None if side is MISSING else side  # type: ignore[return-value]


def _versions(a: str, b: str) -> tuple[Significance, Direction, str]:
    """Versions at the beginning of texts such as `3.11.7 (main, May  9 2026) [GCC 12.2.0]`."""
    one, other = _LEADING.match(a), _LEADING.match(b)
    if one is None or other is None:
        return Significance.SIGNIFICANT, Direction.NONE, ""
    if one[1] == other[1]:
        return Significance.EQUIVALENT, Direction.NONE, "the same version"
    return weigh(one[1], other[1])


def _variables(a: RunRecord, b: RunRecord, options: Options) -> Iterator[Difference]:
    setting = Setting(
        Area.ENVIRONMENT, "", Terms(typed=False, tolerance=options.tolerance), options
    )
    left, right = _environment(a), _environment(b)
    for leaf in Walk().leaves(left, right):
        yield told(Found(leaf), setting)


def _environment(record: RunRecord) -> dict[str, Value]:
    return {
        "env": {
            name.removeprefix(ENV_PREFIX): resolved.value
            for name, resolved in record.fields.items()
            if name.startswith(ENV_PREFIX)
        }
    }


def _launches(a: RunRecord, b: RunRecord, options: Options) -> Iterator[Difference]:
    """How many processes worked on each step, and how they shared the work."""
    for step_id, one, other in joined(_steps(a), _steps(b)):
        if one is None or other is None:
            continue
        left, right = _launch(one), _launch(other)
        if bool(left) is not bool(right) and not options.repeats:
            yield difference(
                Area.ENVIRONMENT,
                dotted((step_id,)),
                left or MISSING,
                right or MISSING,
                role="launch",
                rank=0,
                note="the other run does not record how it was launched",
                at=(one.at, other.at),
            )
            continue
        for key, x, y in joined(left, right):
            if x != y:
                yield difference(
                    Area.ENVIRONMENT,
                    dotted((step_id, key)),
                    MISSING if x is None else x,
                    MISSING if y is None else y,
                    role="launch",
                    rank=0,
                    at=(one.at, other.at),
                )


def _steps(record: RunRecord) -> dict[str, Step]:
    return {step.step_id: step for step in record.steps if step.command is not None}


def _launch(step: Step) -> dict[str, Value]:
    command = step.command
    if command is None:
        return {}
    stated: dict[str, Value] = {name: getattr(command, name) for name in _LAUNCH}
    stated |= command.parallel
    return {name: value for name, value in stated.items() if value is not None}
