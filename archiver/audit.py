"""Run the rules over one run and apply the policy to what they say."""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import field, replace

from archiver import contracts, registry, reproduce
from archiver.case import Case, Expected, Hit
from archiver.extension import Rule
from archiver.model.claims import Location
from archiver.model.findings import Fact, Finding, Position, Reproducibility, Suppressed, pointer_of
from archiver.model.plain import dataclass
from archiver.model.record import RunRecord
from archiver.policy import Policy
from archiver.rundir import natural
from archiver.wording import cut

log = logging.getLogger(__name__)

_MOST_HITS = 200
"""Findings of one rule in one run that are told; more of them are counted."""
_MOST_RELATED = 20
_MOST_CHARACTERS = 200
"""Of what a rule said that stopped."""


@dataclass(frozen=True, slots=True)
class Audit:
    """What came out of one run's audit."""

    findings: tuple[Finding, ...] = ()
    suppressed: tuple[Suppressed, ...] = ()
    known: tuple[Finding, ...] = ()
    """In the baseline already."""
    rules_not_run: dict[str, str] = field(default_factory=dict)
    ran: frozenset[str] = frozenset()
    """Ids of the rules that ran."""
    reproducibility: Reproducibility | None = None
    crashed: tuple[str, ...] = ()
    """Ids of the rules that stopped on this run: faults of ours."""


NO_AUDIT = Audit()


@dataclass(frozen=True, slots=True)
class Setting:
    """What is asked of an audit."""

    rules: Sequence[Rule]
    policy: Policy
    baseline: frozenset[str] = frozenset()
    """Fingerprints of faults that are known and accepted."""
    paths: Callable[[Location], tuple[str, ...]] = lambda _at: ()
    """What the policy calls a place: the run's path and the file's; `Location("")` is the run."""


def audit(case: Case, setting: Setting) -> Audit:
    """Every selected rule over one run."""
    not_run: dict[str, str] = {}
    ran: set[str] = set()
    crashed: list[str] = []
    findings: list[Finding] = []
    suppressed: list[Suppressed] = []
    positions = _positions(case)
    for rule in setting.rules:
        if not setting.policy.selects(rule):
            continue
        missing = _missing(rule, case)
        if missing:
            not_run[rule.id] = f"needs {missing}"
            continue
        thresholds = setting.policy.thresholds_of(rule, setting.paths(Location("")))
        hits, fault = _run(rule, replace(case, thresholds=thresholds))
        if fault is not None:
            not_run[rule.id] = fault
            crashed.append(rule.id)
            continue
        ran.add(rule.id)
        for finding in _findings(rule, hits, case.record, setting, positions):
            reason = setting.policy.reason_to_ignore(rule, setting.paths(finding.at))
            if reason is None:
                findings.append(finding)
            else:
                suppressed.append(Suppressed(finding, reason))
    findings.sort(key=_order)
    fired = {item.rule for item in (*findings, *(quiet.finding for quiet in suppressed))}
    return Audit(
        tuple(item for item in findings if item.fingerprint not in setting.baseline),
        tuple(sorted(suppressed, key=lambda item: _order(item.finding))),
        tuple(item for item in findings if item.fingerprint in setting.baseline),
        not_run,
        frozenset(ran),
        reproduce.judge(case, setting.rules, ran, fired),
        tuple(crashed),
    )


def _missing(rule: Rule, case: Case) -> str:
    """What the rule would need, in words; where there is no run, nothing else matters."""
    missing = rule.needs - case.facts
    if Fact.RUN in missing:
        return Fact.RUN.value
    return " and ".join(sorted(fact.value for fact in missing))


def _run(rule: Rule, case: Case) -> tuple[list[Hit], str | None]:
    """What a rule says, or why it says nothing."""
    try:
        return list(rule.check(case)), None
    except Exception as crash:  # A rule must not end the audit, nor the archiving.
        log.exception("rule %s crashed", rule.id)
        fault = cut(f"{type(crash).__name__}: {crash}", _MOST_CHARACTERS)
        return [], f"stopped on this run ({fault}); please report this"


def _findings(
    rule: Rule,
    hits: Sequence[Hit],
    record: RunRecord,
    setting: Setting,
    positions: dict[Location, Position],
) -> Iterable[Finding]:
    seen: Counter[str] = Counter()
    for hit in _bounded(rule, hits):
        severity = setting.policy.severity_of(rule, setting.paths(hit.at))
        key = _fingerprint(rule, record, hit.at)
        seen[key] += 1
        yield Finding(
            rule=rule.id,
            name=rule.name,
            severity=severity or hit.severity or rule.severity,
            message=hit.message,
            at=hit.at,
            position=positions.get(hit.at),
            related=tuple(
                replace(place, position=place.position or positions.get(place.at))
                for place in hit.related[:_MOST_RELATED]
            ),
            hint=hit.hint,
            fingerprint=_digest(key, str(seen[key])),
        )


def _bounded(rule: Rule, hits: Sequence[Hit]) -> Sequence[Hit]:
    """The gravest, and how many more there are: as grave as the gravest of those."""
    if len(hits) <= _MOST_HITS:
        return hits
    ranked = sorted(hits, key=lambda hit: -(hit.severity or rule.severity).rank)
    rest = ranked[_MOST_HITS:]
    message = f"{len(rest)} more findings of this rule are counted, not told"
    return (*ranked[:_MOST_HITS], Hit(message, severity=rest[0].severity))


def _fingerprint(rule: Rule, record: RunRecord, at: Location) -> str:
    """The same for the same fault however the lines around it move, and whatever its figures.

    Runs that nobody gave an id may share the configuration that identifies them; those are told
    apart by where they lie.
    """
    run = record.run
    named = "summary.run_id" in record.fields
    place = () if named else (run.experiment, run.directory)
    return _digest(rule.id, run.identity, *place, at.scope, at.path, pointer_of(at) or "")


def _digest(*parts: str) -> str:
    joined = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(joined).hexdigest()[:32]


def _order(finding: Finding) -> tuple[object, ...]:
    place = (
        finding.at.scope,
        natural(finding.at.path),
        finding.line or 0,
        natural(finding.at.place),
    )
    return -finding.severity.rank, place, finding.rule, finding.message


def _positions(case: Case) -> dict[Location, Position]:
    """Where the places of problems stand in their files, as far as it was established."""
    return {
        problem.at: Position(problem.line, problem.column)
        for problem in case.record.problems
        if problem.line is not None
    }


def expected(producers: dict[str, str]) -> tuple[Expected, ...]:
    """What the contracts of a run's producers, in their eras, ask for and allow."""
    readers = {reader.kind: reader for reader in registry.readers()}
    found = []
    for contract in contracts.every():
        era = producers.get(contract.name)
        chosen = next((item for item in contract.eras if item.name == era), None)
        if chosen is None:
            continue
        for kind in dict.fromkeys((*chosen.required, *chosen.optional)):
            required = kind in chosen.required
            since = _since(contract, chosen, kind) if required else ""
            reader = readers.get(kind)
            found.append(
                Expected(
                    producer=contract.name,
                    title=contract.title,
                    era=chosen.name,
                    kind=kind,
                    required=required,
                    since=since,
                    summary=reader.summary if reader is not None else "",
                    beside=reader is not None and reader.shared and reader.members is not None,
                )
            )
    return tuple(found)


def _since(contract: contracts.Contract, era: contracts.Era, kind: str) -> str:
    """The oldest era from which on a kind is required without a gap; `eras` go newest first."""
    since = era.name
    for older in contract.eras[contract.eras.index(era) + 1 :]:
        if kind not in older.required:
            break
        since = older.name
    return since
