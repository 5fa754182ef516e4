"""Two configurations of the run state a setting differently.

What it finds
    Learning rate, batch sizes, gradient accumulation, epochs, steps, seeds, weight decay,
    precision and model, where what was authored, resolved, launched and used differ. They are
    compared by meaning (`1e-5` and "0.00001" are the same), like with like (the batch of one
    device is never held against that of all), and within a step. Where several files make up one
    configuration, it is enough that one of them agrees; epochs are not compared where a number
    of steps ends the training.

Why it matters
    Who repeats the run from the file that looks like its configuration gets another run. An
    option on the command line is the harmless cause; a file that is left over from another run,
    or was edited afterwards, is the other one.

Example
    warning finetune.yaml:12:13 [RA202 conflicting-settings]
            finetune.yaml says otherwise than artifacts/slurm-8812307.out, which the run resolved:
            batch size 4 against 2

What to do
    Believe the configuration nearest to the running program. Where an option on the command line
    is the cause, write it into the file for the next run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from archiver.extension import Case, Hit, Rule, Severity
from archiver.model.findings import Place
from archiver.model.plain import dataclass
from archiver.model.record import Config
from archiver.settings import EPOCHS, STEPS, Setting, Statement, agree, statements
from archiver.wording import cut, listed, shown

_RANKS = {"authored": 1, "launcher": 2, "resolved": 3, "effective": 4}
_WORDS = {
    "authored": "which was authored",
    "launcher": "with which it was launched",
    "resolved": "which the run resolved",
    "effective": "which the run used",
}
_MOST = 10
_MOST_VALUES = 100
"""Different values of one setting that are told apart."""


@dataclass(frozen=True)
class _Conflict:
    """One setting of which configurations say different things."""

    truth: Statement
    """What stands nearest to the running program."""
    others: tuple[Statement, ...]
    """One per reader and role, nearest first."""


def check(case: Case) -> Iterator[Hit]:
    """One hit per pair of configurations, with every setting in which they differ."""
    steps: dict[str | None, list[Config]] = {}
    for config in case.record.configs:
        if config.role in _RANKS and not _foreign(case, config):
            steps.setdefault(config.step_id, []).append(config)
    for configs in steps.values():
        pairs: dict[tuple[str, str], list[_Conflict]] = {}
        for conflict in _conflicts(configs):
            pair = conflict.others[0].config.id, conflict.truth.config.id
            pairs.setdefault(pair, []).append(conflict)
        yield from map(_hit, pairs.values())


def _foreign(case: Case, config: Config) -> bool:
    """Files of nobody's format, and an evaluation's own settings where no step says so."""
    kind = case.kind_of(config.at) or ""
    return kind.startswith("generic.") or (config.step_id is None and "eval" in kind)


def _conflicts(configs: list[Config]) -> Iterator[_Conflict]:
    said: dict[Setting, list[Statement]] = {}
    for config in configs:
        for statement in statements(config):
            said.setdefault(statement.setting, []).append(statement)
    if STEPS in said:
        said.pop(EPOCHS, None)
    for items in said.values():
        truth = _truth(items)
        others = tuple(_dissent(truth, items, configs))
        if others:
            yield _Conflict(truth, others)


def _truth(items: list[Statement]) -> Statement:
    """Of the statements nearest to the program the first one that most of them agree with."""
    top = max(_RANKS[item.config.role] for item in items)
    nearest = [item for item in items if _RANKS[item.config.role] == top]
    votes: list[tuple[Statement, int]] = []
    for item in nearest:
        at = next((n for n, (one, _) in enumerate(votes) if agree(one.meaning, item.meaning)), None)
        if at is None and len(votes) < _MOST_VALUES:
            votes.append((item, 1))
        elif at is not None:
            votes[at] = votes[at][0], votes[at][1] + 1
    return max(votes, key=lambda vote: vote[1])[0]


def _dissent(
    truth: Statement, items: list[Statement], configs: list[Config]
) -> Iterator[Statement]:
    """Of each reader and role that never says what the truth is, its last statement."""
    voices: dict[tuple[str, str], list[Statement]] = {}
    for item in items:
        voices.setdefault((item.config.reader, item.config.role), []).append(item)
    ranked = sorted(voices.items(), key=lambda voice: -_RANKS[voice[0][1]])
    for voice, own in ranked:
        if any(agree(item.meaning, truth.meaning) for item in own):
            continue
        layers = [config for config in configs if (config.reader, config.role) == voice]
        if not _overridden(own, layers):
            yield own[-1]


def _overridden(own: list[Statement], layers: list[Config]) -> bool:
    """Whether a file that is not there may have changed the value.

    A partial configuration builds on files that were not kept; they stand between it and the
    whole file beside it, and may say otherwise than that one.
    """
    stating = {item.config.id for item in own}
    silent = any(config.partial and config.id not in stating for config in layers)
    return silent and not any(item.config.partial for item in own)


def _hit(conflicts: list[_Conflict]) -> Hit:
    first = conflicts[0]
    other, truth = first.others[0].config, first.truth.config
    settings = listed((_difference(item) for item in conflicts), _MOST)
    message = (
        f"{cut(other.id, 120)} says otherwise than {cut(truth.id, 120)}, {_WORDS[truth.role]}: "
        f"{settings}"
    )
    return Hit(message, first.others[0].at, tuple(_places(conflicts)))


def _difference(conflict: _Conflict) -> str:
    mine, truth = conflict.others[0], conflict.truth
    return f"{truth.setting.name} {shown(mine.value)} against {shown(truth.value)}"


def _places(conflicts: Iterable[_Conflict]) -> Iterator[Place]:
    for number, conflict in enumerate(conflicts):
        if number == _MOST:
            return
        yield _place(conflict.truth)
        mine = conflict.others if number else conflict.others[1:]
        yield from map(_place, mine[:_MOST])


def _place(statement: Statement) -> Place:
    return Place(statement.at, f"{statement.setting.name} {shown(statement.value)}")


RULE = Rule(
    id="RA202",
    name="conflicting-settings",
    summary="Two configurations of the run state a setting differently",
    severity=Severity.WARNING,
    check=check,
)
