"""An artifact that every run of its producer has is not there.

What it finds
    Kinds of artifact that the contract of a run's producer requires in the run's era and that no
    file of the run is. It is an error where the run got as far as training; where it failed, was
    interrupted or never trained, it may have ended before the artifact was due, and it is a
    warning. Of a run that is given without its experiment, what describes that is noted only.
    Optional artifacts are never missed.

Why it matters
    Each of them is the only place of something: the environment, the arguments, the metrics. A
    run without it was copied in part, cleaned up too eagerly, or written by a producer that was
    patched.

Example
    error   [RA101 missing-artifact]
            CoordExp's run of era 2026-04-13 has no coordexp.runtime_env (CoordExp
            runtime_env.json: environment variables of the run; expected since era 2026-02-20)

What to do
    Fetch the file from the training machine or a backup while they exist. Where a producer was
    changed on purpose, allow the finding for these runs in the policy.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from archiver.extension import Case, Expected, Fact, Hit, Rule, Severity
from archiver.model.values import Value
from archiver.wording import listed

_ENDED_EARLY: tuple[Value, ...] = ("failed", "interrupted")
_MOST = 12


def check(case: Case) -> Iterator[Hit]:
    """One hit per producer, which names every kind; no kind is missed twice."""
    missing: dict[str, list[Expected]] = {}
    seen: set[str] = set()
    for item in case.expected:
        if item.required and item.kind not in case.kinds and item.kind not in seen:
            seen.add(item.kind)
            missing.setdefault(item.producer, []).append(item)
    # A run that is given by itself, and not found in its experiment.
    alone = all(entry.scope != "experiment" for entry in case.files)
    for items in missing.values():
        beside = [item for item in items if item.beside and alone]
        own = [item for item in items if item not in beside]
        if own:
            yield Hit(_message(own), severity=_severity(case))
        if beside:
            hint = "it lies beside the runs of an experiment: give the directory that holds both"
            yield Hit(_message(beside), hint=hint, severity=Severity.NOTE)


def _message(items: Sequence[Expected]) -> str:
    first = items[0]
    kinds = listed((_named(item) for item in items), _MOST)
    return f"{first.title}'s run{_era(first.era)} has no {kinds}"


def _era(name: str) -> str:
    """Contracts that know one era only call it `any`."""
    return "" if name == "any" else f" of era {name}"


def _named(item: Expected) -> str:
    since = f"expected since era {item.since}" if item.since not in ("", "any") else ""
    told = "; ".join(part for part in (item.summary, since) if part)
    return f"{item.kind} ({told})" if told else item.kind


def _severity(case: Case) -> Severity:
    status = case.value("summary.status")
    started = status == "success" or bool(case.record.series)
    certain = started and status not in _ENDED_EARLY
    return Severity.ERROR if certain else Severity.WARNING


RULE = Rule(
    id="RA101",
    name="missing-artifact",
    summary="An artifact that the producer's contract requires is not there",
    severity=Severity.ERROR,
    check=check,
    needs=frozenset({Fact.RUN, Fact.FILES}),
)
