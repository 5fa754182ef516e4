"""No artifact says with which seed the run trained.

What it finds
    Training whose configurations and commands state no seed. Seeds of the data alone (which
    samples, in which order) do not count; they are named where they are known.

Why it matters
    Initial weights, dropout and the order of batches depend on it. Without it the run cannot be
    repeated, and it is unknown whether two runs differ by more than chance.

Example
    note    [RA103 no-seed]
            no configuration or command states a seed; only the data's is known (17)

What to do
    Set the seed in the configuration, even where the trainer has a default: defaults change
    between versions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from archiver.codecs.pointers import walk
from archiver.extension import Case, Hit, Rule, Severity, Vouch
from archiver.model.record import Config, Step
from archiver.settings import number
from archiver.wording import shown

_OPTION = re.compile(
    r"(?:^|[\s'\"])(?:--?|\+\+?)?(?:\w+\.)*(?:(?:pl_)?global_|random_)?seed['\"]?[ =,]+['\"]?\d",
    re.IGNORECASE,
)
_KEY = re.compile(
    r"(?:^|[./])(?:(?:global|manual|model|random|torch|train|training)_)?seed(?:_everything|s)?\Z"
)
_IN_SEEDS = frozenset({"numpy", "python", "torch"})
_LONGEST_COMMAND = 20_000
"""Characters of a text that are searched for an option."""


def check(case: Case) -> Iterator[Hit]:
    """At most one hit, of the run."""
    if not case.training or any(map(_seeded, case.record.configs)):
        return
    if any(map(_started_with_seed, case.record.steps)):
        return
    seeds = [item.seed for item in case.record.datasets if item.seed is not None]
    only = f"; only the data's is known ({shown(seeds[0])})" if seeds else ""
    yield Hit(f"no configuration or command states a seed{only}")


def _seeded(config: Config) -> bool:
    for path, value in walk(config.values):
        if not path or value is None:
            continue
        key = str(path[-1]).lower().replace("-", "_")
        inside = str(path[-2]).lower() if len(path) > 1 else ""
        if _KEY.search(key) or (key in _IN_SEEDS and inside == "seeds"):
            if number(value) is not None or value is True:
                return True
        elif isinstance(value, str) and _has_option(value):
            return True
    return False


def _started_with_seed(step: Step) -> bool:
    commands = [step.command, *(attempt.command for attempt in step.attempts)]
    texts = (f"{' '.join(command.argv)} {command.shell or ''}" for command in commands if command)
    return any(map(_has_option, texts))


def _has_option(text: str) -> bool:
    start = text[:_LONGEST_COMMAND]
    return "seed" in start.lower() and _OPTION.search(start) is not None


RULE = Rule(
    id="RA103",
    name="no-seed",
    summary="No artifact says with which seed the run trained",
    severity=Severity.NOTE,
    check=check,
    vouches=Vouch("the seed", essential=False),
)
