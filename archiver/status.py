"""The status ladder: from signs of how an attempt ended to one word.

The present time plays no part: a run that was never seen to end, and never seen to die, is
`running`, however long ago that was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from archiver.attempts import Attempts
from archiver.model.claims import Evidence, EvidenceKind, Location, Origin
from archiver.model.plain import dataclass
from archiver.model.record import Other, Resolved

_LADDER: tuple[tuple[EvidenceKind, str, str], ...] = (
    (EvidenceKind.FAILURE, "failed", "sign-of-failure"),
    (EvidenceKind.INTERRUPTION, "interrupted", "sign-of-interruption"),
    (EvidenceKind.END_MARKER, "success", "end-marker"),
)
_ALONE = {kind: status for kind, status, _ in _LADDER}
"""What a sign would make of the attempt if it were the only one."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One attempt's status, the rule that decided and the evidence that was seen."""

    status: str
    rule: str
    decisive: Evidence | None
    seen: tuple[Evidence, ...]


def judge(evidence: Iterable[Evidence]) -> Verdict:
    """Climb the ladder with one attempt's evidence."""
    seen = tuple(evidence)
    words = _of(seen, EvidenceKind.TERMINAL_WORD)
    if words:
        return Verdict(words[-1].word, "terminal-word", words[-1], seen)
    for kind, status, rule in _LADDER:
        signs = _of(seen, kind)
        if signs:
            return Verdict(status, rule, signs[-1], seen)
    at_work = _of(seen, EvidenceKind.RUNNING_WORD)
    deaths = _of(seen, EvidenceKind.DEATH)
    if at_work and deaths:
        return Verdict("interrupted", "work-cut-short", deaths[0], seen)
    if at_work:
        return Verdict("running", "no-end-and-no-death-seen", at_work[-1], seen)
    return Verdict("unknown", "no-sign-of-an-end" if seen else "no-evidence", None, seen)


def _of(seen: Sequence[Evidence], kind: EvidenceKind) -> list[Evidence]:
    return [item for item in seen if item.kind is kind]


def per_attempt(evidence: Iterable[Evidence], attempts: Attempts) -> tuple[Verdict, ...]:
    """One verdict per attempt; an attempt that a later one followed did not end by itself."""
    total = max(len(attempts.all), 1)
    groups: list[list[Evidence]] = [[] for _ in range(total)]
    for item in evidence:
        number = attempts.number(item.family, item.attempt) if item.family else None
        groups[(number or total) - 1].append(item)
    verdicts = [judge(group) for group in groups]
    return tuple(
        Verdict("interrupted", "a-later-attempt-followed", verdict.decisive, verdict.seen)
        if verdict.status in ("running", "unknown") and index < total - 1
        else verdict
        for index, verdict in enumerate(verdicts)
    )


def of_run(
    training: Verdict | None, others: Mapping[str, tuple[str, Verdict]], whole: Verdict
) -> Verdict:
    """The run's own status from those of its steps.

    `training` is the last attempt of the last training step, `others` are the name and the verdict
    of every step by its id, `whole` speaks of the run as one.
    """
    if whole.rule == "terminal-word":
        return whole
    for step_id, (name, verdict) in others.items():
        if verdict.status == "failed" and name != "eval":
            return replace(verdict, rule=f"step-{step_id}-failed")
    if training is not None and training.status not in ("unknown", "running"):
        return training
    if whole.status != "unknown":
        return whole
    last = training
    if last is None:
        last = _of_evaluations([verdict for name, verdict in others.values() if name == "eval"])
    # What is known of the whole tells more than steps that left no trace.
    return whole if whole.seen and not last.seen else last


def _of_evaluations(verdicts: Sequence[Verdict]) -> Verdict:
    """A run that evaluated and nothing else is what its evaluations are."""
    for status in ("failed", "interrupted", "running", "unknown", "success"):
        found = [verdict for verdict in verdicts if verdict.status == status]
        if found:
            return replace(found[0], rule="evaluations-alone")
    return judge([])


def dissent(verdict: Verdict) -> tuple[Other, ...]:
    """The signs of an end that speak against the verdict, as claims that lost.

    Words that it was at work are none: they were true when they were written.
    """
    found: dict[tuple[str, Location], Other] = {}
    for item in verdict.seen:
        terminal = item.kind is EvidenceKind.TERMINAL_WORD
        word = item.word if terminal else _ALONE.get(item.kind, "")
        if word and word != verdict.status:
            origin = Origin.RECORDED if terminal else Origin.DERIVED
            other = Other(word, origin, item.at, item.reader, "different")
            found.setdefault((word, item.at), other)
    return tuple(found.values())


def resolved(verdict: Verdict) -> Resolved:
    """`summary.status` as the record states it."""
    decisive = verdict.decisive
    sources = tuple(dict.fromkeys(item.at for item in verdict.seen))
    details = "; ".join(dict.fromkeys(f"{item.at}: {item.detail}" for item in verdict.seen))
    settled = verdict.rule == "terminal-word"
    return Resolved(
        verdict.status,
        Origin.RECORDED if settled else Origin.DERIVED,
        decisive.at if decisive else Location(""),
        decisive.reader if decisive else "status",
        None if settled else verdict.rule,
        sources,
        details or "nothing in the run says how it ended",
        dissent(verdict),
    )
