"""The status that a producer wrote contradicts what the run's artifacts show.

What it finds
    A producer's last word of success beside a traceback, a non-zero exit, a kill or another
    producer's word of failure, all of the same attempt. And a word that work goes on (`training`,
    `RUNNING`) beside evidence of how the work ended: the record's own status is then the one that
    the evidence gives. Runs of which there is no more than the word are left to `stale-running`.

Why it matters
    Whoever selects runs by their status takes a failed one for finished, or waits for one that is
    dead. Both happen where the process that writes the status is not the one that trains.

Example
    warning experiment.json [RA401 contradicted-status]
            the last word is still "training", but the run was interrupted:
            .metrics.json.a37b.tmp: killed while metrics.json was written: its temporary
            file is cut

What to do
    Read the evidence that is named. Where the word is wrong, declare the right one when archiving
    (`--set summary.status=...`).
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver import evidence
from archiver.extension import Case, Hit, Rule, Severity
from archiver.model.claims import Location, Origin
from archiver.model.findings import Place
from archiver.model.record import Other, Resolved, Step
from archiver.wording import cut, shown

_AT_WORK = frozenset({"pending", "queued", "running", "scheduled", "submitted", "training"})
_WORDS = ("/state", "/status")
"""Ends of the JSON pointers at which producers keep their word."""
_ENDED = frozenset({"failed", "interrupted", "success"})
_AGAINST = {"success": frozenset({"failed", "interrupted"}), "failed": frozenset({"success"})}
"""Words, and the ends that speak against them. An end marker does not speak against a failure:
what failed may have come after it."""


def check(case: Case) -> Iterator[Hit]:
    """The run's last word, then each step's."""
    status = case.field("summary.status")
    told: set[Location] = set()
    if status is not None and status.origin is Origin.RECORDED:
        against = _against(status.value, status.others)
        told.update(other.at for other in against)
        if against:
            yield _hit("the run", str(status.value), status.at, against)
    for step in case.record.steps:
        yield from _of_step(step, status, told)


def _of_step(step: Step, status: Resolved | None, told: set[Location]) -> Iterator[Hit]:
    source = step.sources.get("status")
    if source is not None and source.origin is Origin.RECORDED:
        against = [item for item in _against(step.status, source.others) if item.at not in told]
        if against:
            yield _hit(f"step {cut(step.step_id)}", step.status, source.at, against)
            return
    word = step.attempts[-1].status_word if step.attempts else step.status_word
    if word is None or word.lower() not in _AT_WORK or step.status not in _ENDED:
        return
    end = source.at if source is not None else step.at
    why = evidence.detail(status, end) if status is not None else ""
    was = "ended with success" if step.status == "success" else f"was {step.status}"
    if step.status == "failed":
        was = "failed"
    reason = f": {end}: {cut(why, 200)}" if why else ""
    message = f"the last word is still {shown(word)}, but {_subject(step)} {was}{reason}"
    yield Hit(message, _place_of_word(step, status), (Place(end, f"here it {was}"),))


def _subject(step: Step) -> str:
    return "the run" if step.name == "train" else f"step {cut(step.step_id)}"


def _place_of_word(step: Step, status: Resolved | None) -> Location:
    """Where the word stands, if the run's evidence names a place that holds such words."""
    places = status.from_ if status is not None else ()
    return next((item for item in places if item.place.endswith(_WORDS)), step.at)


def _against(word: object, others: tuple[Other, ...]) -> list[Other]:
    enemies = _AGAINST.get(str(word), frozenset())
    recorded = word == "failed"
    return [
        item
        for item in others
        if str(item.value) in enemies and (not recorded or item.origin is Origin.RECORDED)
    ]


def _hit(subject: str, word: str, at: Location, against: list[Other]) -> Hit:
    first = against[0]
    more = f" and {len(against) - 1} more signs of it" if len(against) > 1 else ""
    message = f"{subject} is called {word}, but {first.at} shows that it {_how(first)}{more}"
    return Hit(message, at, tuple(Place(item.at, f"here it {_how(item)}") for item in against))


def _how(other: Other) -> str:
    return {"failed": "failed", "interrupted": "was interrupted"}.get(
        str(other.value), "ended with success"
    )


RULE = Rule(
    id="RA401",
    name="contradicted-status",
    summary="The status that a producer wrote contradicts what the run's artifacts show",
    severity=Severity.WARNING,
    check=check,
)
