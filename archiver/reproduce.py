"""Can a run be done again from what is recorded, and what is missing for that."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from archiver.extension import Case, Rule
from archiver.model.findings import Reproducibility


def judge(
    case: Case, rules: Sequence[Rule], ran: Collection[str], fired: Collection[str]
) -> Reproducibility | None:
    """From the rules that vouch for something that a person needs to start the run again.

    None where nothing was trained, or not all of them ran: a part of the answer would pass for
    the whole. What the policy keeps quiet is missing all the same.
    """
    vouching = [(rule.id, rule.vouches) for rule in rules if rule.vouches is not None]
    if not case.training or not vouching or any(rule not in ran for rule, _ in vouching):
        return None
    asked = [(vouch, rule in fired) for rule, vouch in vouching]
    asked.sort(key=lambda item: not item[0].essential)
    missing = [vouch for vouch, gone in asked if gone]
    essential = any(vouch.essential for vouch in missing)
    answer = "no" if essential else "partly" if missing else "yes"
    return Reproducibility(
        answer,
        tuple(vouch.what for vouch, gone in asked if not gone and vouch.told),
        tuple(vouch.what for vouch in missing),
    )
