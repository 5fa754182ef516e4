"""The steps of an LLMRunner pipeline, in every form that its settings ever had.

| era (2026) | what names the steps |
| --- | --- |
| 1 (01-23) | flags `STEP_<NAME>_ENABLED` in a flat `configs/pipeline.env`, fixed order |
| 2 (01-26) | the same flags, per experiment, `steps/[<N>.]<step>.py` |
| 3 to 5 (01-27 to 02-14) | flags in `pipeline.py`; `INCLUDE` from era 5 |
| 6 (02-14) | `STEPS`, a list of texts; a repeated step's log carries its position |
| 7, 8 (02-19, 02-20) | `STEPS`, a list of dicts; ids `<type>_<k>`, counted among enabled entries |

A step's id is the stem of its log, which is what the console names it by, too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from archiver.model.values import Value
from archiver.producers.llmrunner.settings import switched_on

TYPES = (
    "udatasets", "tokenize", "tokenize_cpt", "tokenize_sft", "train_cpt", "mg2hf", "hf2mg",
    "train_sft", "convert", "eval",
)  # fmt: skip
"""Every type that ever was, in the fixed order of the eras without `STEPS`."""
_NAMES = "|".join(sorted(TYPES, key=len, reverse=True))
_STEM = re.compile(rf"(?:\d{{1,3}}\.)?({_NAMES})(?:_(\d{{1,6}}))?")
_FLAG = re.compile(r"STEP_([A-Z0-9_]{1,40})_ENABLED")
_MOST = 1_000
"""Steps of one pipeline that are looked at."""


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One entry of the pipeline."""

    id: str
    type: str
    number: int
    """Position among all entries, from 1."""
    enabled: bool | None
    """None where the settings do not say, or say what stops the runner."""
    config: str | None = None
    """Its settings file: a path of the run where it is there, else as the entry names it."""


@dataclass(frozen=True)
class Plan:
    """The entries in order, and what was odd."""

    steps: tuple[PlannedStep, ...]
    era: str
    """`1`, `2`, `3-4`, `5`, `6` or `7-8`, as far as the settings tell."""
    faults: tuple[tuple[str, str], ...] = ()
    """Code and message of each oddity."""


def step_type(stem: str) -> str | None:
    """Type of a step from the stem of its settings file or log; None for a stranger."""
    found = _STEM.fullmatch(stem)
    return found[1] if found else None


def name_and_stage(kind: str) -> tuple[str, str]:
    """`train`, `cpt` for `train_cpt`; types without a stage have `other`."""
    head, _, tail = kind.rpartition("_")
    return (head, tail) if tail in ("cpt", "sft") and head else (kind, "other")


@dataclass
class _Planner:
    values: Mapping[str, Value]
    files: Mapping[str, str]
    """Stem of a settings file in the directory of steps -> its path."""
    flat: bool
    env: bool
    included: bool
    faults: list[tuple[str, str]] = field(default_factory=list)


def plan(
    values: Mapping[str, Value],
    files: Mapping[str, str],
    *,
    flat: bool,
    env: bool,
    included: bool,
) -> Plan:
    """The pipeline's entries from its (merged) settings and the names of its steps' files.

    `flat`: the settings lie in `configs/` itself; `env`: they are a `.env` file; `included`:
    they include others.
    """
    planner = _Planner(values, files, flat, env, included)
    entries = values.get("STEPS")
    if isinstance(entries, list) and entries:
        if len(entries) > _MOST:
            planner.faults.append(("too-many-steps", f"only the first {_MOST} steps are looked at"))
        steps, era = _listed(planner, entries[:_MOST])
    else:
        steps, era = _flagged(planner)
    return Plan(_distinct(steps), era, tuple(planner.faults))


def _listed(planner: _Planner, entries: list[Value]) -> tuple[list[PlannedStep], str]:
    texts = [entry for entry in entries if isinstance(entry, str)]
    bare = [text for text in texts if text in TYPES]
    numbered = any(f"{text}_0" in planner.files for text in bare)
    if len(texts) == len(entries) and bare and not numbered:
        return _by_position(planner, texts), "6"
    steps: list[PlannedStep] = []
    counts: Counter[str] = Counter()
    for number, entry in enumerate(entries, 1):
        step = _entry(planner, entry, number, counts)
        if step is not None:
            steps.append(step)
    return steps, "7-8"


def _by_position(planner: _Planner, entries: list[str]) -> list[PlannedStep]:
    """Era 6: files are numbered by occurrence, logs by position."""
    steps: list[PlannedStep] = []
    seen: Counter[str] = Counter()
    for position, kind in enumerate(entries):
        nth = seen[kind]
        seen[kind] += 1
        stems = [kind] if nth == 0 else [f"{kind}_{nth}", f"{kind}_{nth + 1}"]
        config = next((planner.files[stem] for stem in stems if stem in planner.files), None)
        name = kind if position == 0 else f"{kind}_{position}"
        steps.append(PlannedStep(name, kind, position + 1, enabled=True, config=config))
    return steps


def _entry(
    planner: _Planner, entry: Value, number: int, counts: Counter[str]
) -> PlannedStep | None:
    stated: Value = None
    config: Value = None
    enabled: bool | None = True
    if isinstance(entry, str):
        known = step_type(entry)
        kind, stated = (known, entry) if known and known != entry else (entry, None)
    elif isinstance(entry, dict):
        kind = next((str(entry[key]) for key in ("type", "step") if entry.get(key)), "")
        stated, config = entry.get("id"), entry.get("config")
        enabled = switched_on(entry["enabled"]) if "enabled" in entry else True
        if enabled is None:
            message = f"entry {number} of STEPS has an `enabled` that stops the runner"
            planner.faults.append(("invalid-enabled", message))
    else:
        kind = ""
    if not kind:
        planner.faults.append(("invalid-step", f"entry {number} of STEPS names no step"))
        return None
    due = f"{kind}_{counts[kind]}"
    counts[kind] += enabled is not False
    name = stated if isinstance(stated, str) and stated else due
    if enabled and name != due:
        message = f"entry {number} of STEPS is called {name}; the runner wants {due}"
        planner.faults.append(("step-id", message))
    named = config if isinstance(config, str) and config else None
    stem = named.rpartition("/")[2].rpartition(".")[0] if named else name
    return PlannedStep(name, kind, number, enabled, planner.files.get(stem, named))


def _flagged(planner: _Planner) -> tuple[list[PlannedStep], str]:
    flags: dict[str, bool | None] = {}
    for name, value in planner.values.items():
        found = _FLAG.fullmatch(name)
        if found is not None:
            flags[found[1].lower()] = switched_on(value)
    files = {kind: path for stem, path in planner.files.items() if (kind := step_type(stem))}
    known = [kind for kind in TYPES if kind in flags or kind in files]
    others = [kind for kind in flags if kind not in TYPES]
    steps = [
        PlannedStep(kind, kind, number, flags.get(kind), files.get(kind))
        for number, kind in enumerate([*known, *others], 1)
    ]
    if planner.env:
        return steps, "1" if planner.flat else "2"
    return steps, "5" if planner.included else "3-4"


def _distinct(steps: list[PlannedStep]) -> tuple[PlannedStep, ...]:
    """Ids that are told apart: a disabled entry uses up no number and may share one."""
    taken = {step.id for step in steps if step.enabled is not False}
    configs = {step.config for step in steps if step.enabled is not False}
    met: set[str] = set()
    found: list[PlannedStep] = []
    for step in steps:
        if step.id in met or (step.enabled is False and step.id in taken):
            shared = step.config in configs and step.enabled is False
            name, config = f"{step.id}@{step.number}", None if shared else step.config
            found.append(replace(step, id=name, config=config))
        else:
            found.append(step)
        met.add(found[-1].id)
    return tuple(found)
