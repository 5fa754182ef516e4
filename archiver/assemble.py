"""From what the readers said to the record of one run."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from archiver import bindings, contracts, lockfiles, merging, series, status, steps
from archiver import plan as plans
from archiver.attempts import NO_ATTEMPTS, Attempts
from archiver.collect import FIRST_FILE, Collected
from archiver.derive import derive, derive_from_steps
from archiver.model import fields as registry
from archiver.model.claims import COMMAND_LINE, Claim, Location, Origin, Problem, Trust
from archiver.model.plain import dataclass
from archiver.model.record import (
    Accounting,
    Coverage,
    Resolved,
    RunIdentity,
    RunRecord,
    Series,
    Step,
)
from archiver.model.values import Value
from archiver.plan import Plan
from archiver.resolve import resolve
from archiver.rundir import natural
from archiver.series import SeriesSet
from archiver.spool import PointSpool
from archiver.status import Verdict

UNFILED = "unfiled"
"""Experiment of runs that belong to none and were not found below one."""


@dataclass(frozen=True, slots=True)
class Placement:
    """What the caller knows of where the run stood."""

    directory: str
    """Name of the run directory."""
    relative: str
    """Its path below the directory that was asked for; its name when it was that one."""
    experiment: str | None
    """Name of the experiment directory it was found below."""


@dataclass(frozen=True)
class Assembled:
    """A record with its points, before it has a place in the archive."""

    record: RunRecord
    series: SeriesSet
    attempts: Mapping[str | None, Attempts]
    """By step."""


def assemble(
    collected: Collected, spool: PointSpool, placement: Placement, declared: Mapping[str, str]
) -> Assembled:
    """Resolve, judge and sum up everything that was read."""
    collected = replace(collected, readings=bindings.applied(collected.readings))
    claims = [*collected.claims, *_declared(declared)]
    plan = planned(collected)
    attempts = plan.attempts(collected.trails)
    joined = series.join(spool, plan, attempts)
    summaries = _attributed(joined, collected)
    producers = contracts.producers(collected.kinds)
    merged = steps.merge(collected.all("steps"), plan)
    verdicts, verdict = _verdicts(collected, plan, attempts, merged)
    resolved = resolve(claims)
    resolved.setdefault("summary.status", status.resolved(verdict))
    resolved = derive(resolved, attempts, plan.training, summaries)
    checkpoints = merging.checkpoints(collected.all("checkpoints"), collected.files)
    configs = tuple(sorted(plan.owned(collected.all("configs")), key=lambda c: natural(c.id)))
    context = steps.Context(
        resolved,
        plan,
        attempts,
        verdicts,
        configs,
        merging.datasets(collected.all("datasets")),
        checkpoints,
        summaries,
        contracts.stage(producers),
    )
    all_steps = steps.assemble(merged, context)
    partial = RunRecord(
        run=_identity(resolved, collected, placement, producers),
        coverage=Coverage(0, 0, 0, 0, 0, 0, {}),
        fields=derive_from_steps(resolved, all_steps),
        configs=configs,
        dependencies=tuple(sorted(collected.all("dependencies"), key=lambda d: (d.name, d.kind))),
        lockfiles=lockfiles.join(collected.all("locks")),
        repositories=tuple(collected.all("repositories")),
        steps=all_steps,
        series=summaries,
        checkpoints=checkpoints,
        datasets=context.datasets,
        data_copies=merging.copies(collected.all("data_copies")),
        artifacts=tuple(plan.owned(collected.all("artifacts"))),
        events=merging.timeline(collected.all("events")),
        accounting=_accounting(collected, joined),
        problems=(*_problems(collected), *_refused(spool), *_strays(collected, plan)),
        extras=_extras(collected),
    )
    return Assembled(replace(partial, coverage=cover(partial)), joined, attempts)


def planned(collected: Collected) -> Plan:
    """The steps of the run, as far as an artifact planned them."""
    return plans.plan(collected.all("plans"), collected.all("steps"))


def _verdicts(
    collected: Collected,
    plan: Plan,
    attempts: Mapping[str | None, Attempts],
    merged: Mapping[str, Step],
) -> tuple[dict[str | None, tuple[Verdict, ...]], Verdict]:
    """One verdict per attempt of every step, and the run's own."""
    certain = [sign for sign in collected.evidence if not sign.fallback]
    signs = plan.evidence(certain or collected.evidence)
    steps_seen = dict.fromkeys(
        [*merged, *(step for step in signs if step), *filter(None, attempts)]
    )
    verdicts: dict[str | None, tuple[Verdict, ...]] = {
        # Whatever a step that is switched off left behind is an earlier execution's.
        step: status.per_attempt(
            () if step in plan.disabled else signs.get(step, ()), attempts.get(step, NO_ATTEMPTS)
        )
        for step in steps_seen
    }
    names = {step: merged[step].name if step in merged else "" for step in steps_seen}
    trained = [step for step in steps_seen if names[step] == "train" or step == plan.training]
    trained.sort(key=natural)
    training = verdicts[trained[-1]][-1] if trained else None
    others = {
        step: (names[step], verdicts[step][-1]) for step in steps_seen if step not in trained[-1:]
    }
    return verdicts, status.of_run(training, others, status.judge(signs.get(None, ())))


def _declared(declared: Mapping[str, str]) -> list[Claim]:
    return [
        Claim(
            name,
            registry.typed(name, value),
            COMMAND_LINE,
            Trust.DECLARED,
            Origin.DECLARED,
            reader="command line",
        )
        for name, value in sorted(declared.items())
    ]


def _attributed(joined: SeriesSet, collected: Collected) -> tuple[Series, ...]:
    """Summaries with the name of the reader whose artifact holds their points."""
    readers = {
        (reading.accounting.scope, path): reading.reader
        for reading in collected.readings
        if reading.accounting is not None
        for path in reading.files
    }
    return tuple(
        replace(item.summary, reader=readers.get((item.spec.scope, item.summary.at.path), ""))
        for item in joined.all
    )


def _accounting(collected: Collected, joined: SeriesSet) -> tuple[Accounting, ...]:
    """Each artifact's account, with what became of the points of all its files."""
    books = []
    for reading in collected.readings:
        item = reading.accounting
        if item is None:
            continue
        counts: Counter[str] = Counter()
        for path in reading.files:
            counts.update(joined.per_file.get((item.scope, path), Counter()))
        books.append(
            replace(
                item,
                duplicate=item.duplicate + counts["duplicate"],
                superseded=item.superseded + counts["superseded"],
            )
        )
    return tuple(sorted(books, key=lambda entry: (entry.scope, natural(entry.path))))


def _problems(collected: Collected) -> list[Problem]:
    return [*collected.problems, *collected.all("problems")]


def _strays(collected: Collected, plan: Plan) -> list[Problem]:
    """What artifacts beside a pipeline of several trainings say of a step is in none of them."""
    message = "what it says of a step is left out: no step of the pipeline owns this file"
    hint = "the file itself is listed; its series and configurations are kept"
    return [
        Problem("unattributed-step", message, item.at, hint, item.reader)
        for item in plan.strays(collected.all("steps"))
    ]


def _refused(spool: PointSpool) -> list[Problem]:
    if not spool.refused:
        return []
    message = f"{spool.refused} points are over the limit of points or series and were dropped"
    return [Problem("points-limit", message, Location("."), "raise the limit", "collect")]


def _extras(collected: Collected) -> dict[str, dict[str, Value]]:
    extras: dict[str, dict[str, Value]] = {}
    for reading in collected.readings:
        if reading.extras and reading.accounting is not None:
            of_kind = extras.setdefault(reading.accounting.kind, {})
            of_kind[str(Location(reading.accounting.path, "", reading.accounting.scope))] = (
                reading.extras
            )
    return dict(sorted(extras.items()))


def _identity(
    fields: Mapping[str, Resolved],
    collected: Collected,
    placement: Placement,
    producers: Mapping[str, str],
) -> RunIdentity:
    digest = hashlib.sha256()
    head = next(
        (collected.heads[kind] for kind in contracts.provenance() if kind in collected.heads), None
    )
    if head is None:
        # Directories of the same name are told apart by what they hold, as far as it was read.
        place = placement.relative.encode("utf-8", "surrogateescape")
        digest.update(b"directory\0" + place + b"\0" + collected.heads.get(FIRST_FILE, b""))
    else:
        for name in ("summary.run_id", "summary.started_at"):
            digest.update(_text(fields, name).encode("utf-8", "replace") + b"\0")
        digest.update(head)
    run_id = _text(fields, "summary.run_id") or placement.directory
    experiment = _text(fields, "summary.experiment") or placement.experiment or UNFILED
    return RunIdentity(
        run_id,
        experiment,
        tuple(producers),
        dict(producers),
        placement.directory,
        digest.hexdigest(),
        tuple(dict.fromkeys(collected.all("related"))),
    )


def _text(fields: Mapping[str, Resolved], name: str) -> str:
    resolved = fields.get(name)
    return str(resolved.value) if resolved is not None and resolved.value is not None else ""


def cover(record: RunRecord) -> Coverage:
    """How every field of the template is answered."""
    inapplicable = contracts.not_applicable(record.run.producers)
    answers = {
        item.name: _answer(item, record) or ("n/a" if item.name in inapplicable else "not recorded")
        for item in registry.FIELDS
    }
    words = list(answers.values())
    return Coverage(
        recorded=words.count("recorded"),
        derived=words.count("derived"),
        declared=words.count("declared"),
        probed=words.count("probed"),
        not_recorded=words.count("not recorded"),
        not_applicable=words.count("n/a"),
        fields=answers,
    )


def _answer(item: registry.Field, record: RunRecord) -> str | None:
    """Origin of a template field's answer, or None."""
    if item.name == "repro.env":
        env = [
            value for name, value in record.fields.items() if name.startswith(registry.ENV_PREFIX)
        ]
        return env[0].origin.value if env else None
    if item.home is registry.Home.FIELDS:
        resolved = record.fields.get(item.name)
        return resolved.origin.value if resolved is not None else None
    if item.home is registry.Home.STEPS:
        return _step_answer(item.name.removeprefix("steps."), record.steps)
    if item.home is registry.Home.CONFIGS:
        stepwise = item.label == "steps_resolved"
        configs = [config for config in record.configs if (config.step_id is not None) is stepwise]
        return configs[0].origin.value if configs else None
    entries = getattr(record, item.home.value)
    if item.home is registry.Home.ARTIFACTS:
        kinds = {"hf_models": "hf_model", "reports": "report"}
        entries = [entry for entry in entries if entry.kind == kinds[item.label]]
        return entries[0].origin.value if entries else None
    attribute = {"tag": "tags"}.get(item.label, item.label)
    stated = [entry for entry in entries if getattr(entry, attribute) not in (None, ())]
    return stated[0].origin.value if stated else None


def _step_answer(path: str, found: Sequence[Step]) -> str | None:
    for step in found:
        value: object = step
        for name in path.split("."):
            value = getattr(value, name, None)
        if value not in (None, (), {}):
            source = step.sources.get(path)
            return (source.origin if source else step.origin).value
    return None
