"""Steps of pipelines under names that other runs know them by.

A step's id is its place in its own pipeline: the third step of one run may be the second of
another. Where a pipeline's steps have configurations of their own, those name them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import replace

from archiver.diff.options import RunData
from archiver.model.record import RunRecord

_NUMBER = re.compile(r"_\d+$")


def labelled(runs: Sequence[RunData]) -> list[RunData]:
    """The runs with the names of their steps in place of the steps' numbers.

    A name is the same step in all of them: `mg2hf_0` keeps its number in the run that has no
    `mg2hf_1` if another has one.
    """
    names = [_names(run.record) for run in runs]
    crowded = {
        stem
        for steps in names
        for stem, often in Counter(map(_stem, steps.values())).items()
        if often > 1
    }
    return [
        _relabelled(run, _labels(steps, crowded)) for run, steps in zip(runs, names, strict=True)
    ]


def _relabelled(run: RunData, labels: dict[str, str]) -> RunData:
    if not labels or run.labels:
        return run
    configs = tuple(
        replace(item, step_id=labels.get(item.step_id or "", item.step_id))
        for item in run.record.configs
    )
    steps = tuple(
        replace(item, step_id=labels.get(item.step_id, item.step_id)) for item in run.record.steps
    )
    # Series stay as they are: their points are found by the very objects.
    return replace(run, record=replace(run.record, configs=configs, steps=steps), labels=labels)


def _names(record: RunRecord) -> dict[str, str]:
    numbered = [step for step in record.steps if step.step_id.isdecimal()]
    if len(numbered) < 2:
        return {}
    return {step.step_id: _name(step.config) or step.name for step in numbered}


def _labels(names: dict[str, str], crowded: Set[str]) -> dict[str, str]:
    # `train_cpt_0` is the only `train_cpt`, of `mg2hf_0` and `mg2hf_1` either is its own.
    told = {
        step_id: name if _stem(name) in crowded else _stem(name) for step_id, name in names.items()
    }
    often = Counter(told.values())
    return {step_id: name for step_id, name in told.items() if name and often[name] == 1}


def _stem(name: str) -> str:
    return _NUMBER.sub("", name)


def _name(config: str | None) -> str:
    """`train_cpt_0` of `configs/steps/train_cpt_0.py`."""
    return (config or "").rpartition("/")[2].partition(".")[0]
