"""Steps of pipelines under names that other runs know them by.

A step's id is its place in its own pipeline: the third step of one run may be the second of
another. Where a pipeline's steps have configurations of their own, those name them.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

from archiver.diff.options import RunData
from archiver.model.record import RunRecord

_NUMBER = re.compile(r"_\d+$")


def labelled(run: RunData) -> RunData:
    """The run with the names of its steps in place of their numbers."""
    labels = _labels(run.record)
    if not labels:
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


def _labels(record: RunRecord) -> dict[str, str]:
    numbered = [step for step in record.steps if step.step_id.isdecimal()]
    if len(numbered) < 2:
        return {}
    names = {step.step_id: _name(step.config) or step.name for step in numbered}
    # `train_cpt_0` is the only `train_cpt`, of `mg2hf_0` and `mg2hf_1` either is its own.
    stems = {step_id: _NUMBER.sub("", name) for step_id, name in names.items()}
    alone = Counter(stems.values())
    names = {
        step_id: stems[step_id] if alone[stems[step_id]] == 1 else name
        for step_id, name in names.items()
    }
    often = Counter(names.values())
    return {step_id: name for step_id, name in names.items() if name and often[name] == 1}


def _name(config: str | None) -> str:
    """`train_cpt_0` of `configs/steps/train_cpt_0.py`."""
    return (config or "").rpartition("/")[2].partition(".")[0]
