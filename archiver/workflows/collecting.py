"""`collect`: runs into archives."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from archiver import __version__, assemble, redact
from archiver.collect import Policy
from archiver.errors import ArchiverError
from archiver.limits import DEFAULT, Limits
from archiver.model import fields as registry_of_fields
from archiver.model.claims import COMMAND_LINE, Origin
from archiver.model.findings import Finding
from archiver.model.record import FileEntry, Resolved, RunRecord
from archiver.rundir import printable_path
from archiver.workflows import auditing, locating
from archiver.workflows.comparing import of_archive, run_data
from archiver.workflows.progress import Progress, silent
from archiver.workflows.sources import Readings, ReadOptions, Source, each, read, resolved

if TYPE_CHECKING:
    from archiver.diff.options import RunData


@dataclass(frozen=True)
class CollectOptions:
    """What `collect` was asked for."""

    archives: Path
    declared: Mapping[str, str] = field(default_factory=dict)
    also: tuple[Path, ...] = ()
    """Other trees of the same run."""
    primary: str | None = None
    previous: Path | None = None
    """Archive of the run that this one is compared with."""
    dry_run: bool = False
    policy: Policy = field(default_factory=Policy)
    limits: Limits = DEFAULT

    @property
    def reading(self) -> ReadOptions:
        """How the runs are read."""
        return ReadOptions(self.also, self.policy, self.limits)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one run."""

    record: RunRecord
    files: tuple[FileEntry, ...]
    archive: Path | None
    """None for a dry run."""
    changed: bool
    refused: int
    """Files that the system would not let be read."""
    secrets: int
    """Different secrets that were removed."""
    findings: tuple[Finding, ...]
    """What the audit says without a policy of anybody's, and without the present time."""


@dataclass(frozen=True, slots=True)
class Collection:
    """What became of everything that was to be archived."""

    outcomes: tuple[Outcome, ...]
    pages: tuple[Path, ...]
    """Pages of the experiments that hold more than one archive."""


def collect(
    run_dir: Path,
    options: CollectOptions,
    now: dt.datetime,
    progress: Progress = silent,
) -> Collection:
    """Archive a run directory, or every run below an experiment directory.

    Raises:
        ArchiverError: when what was asked cannot be done.
    """
    _check(run_dir, options)
    outcomes = each(
        run_dir, options.reading, lambda source: _collect_one(source, options, now, progress)
    )
    return Collection(tuple(outcomes), _pages(outcomes))


def _compared(found: RunData, previous: Path | None) -> tuple[RunRecord, str | None]:
    """The record with what the previous run is, and what differs from it."""
    record = found.record
    if previous is None:
        return record, None
    from archiver.diff import comparing
    from archiver.package import layout
    from archiver.render import diff

    other = of_archive(previous, "")
    if other.record.run.identity == record.run.identity:
        raise ArchiverError(
            f"--previous {previous}", "is an archive of this very run", "give that of another one"
        )
    page = diff.comparison(comparing.compare(other, found))
    told = {
        "changes.previous_run_id": other.record.run.run_id,
        "changes.config_diff": layout.PREVIOUS,
    }
    fields = dict(record.fields)
    for name, value in told.items():
        fields[name] = Resolved(value, Origin.DECLARED, COMMAND_LINE, "command line")
    record = replace(record, fields=dict(sorted(fields.items())))
    return replace(record, coverage=assemble.cover(record)), page


def _pages(outcomes: Sequence[Outcome]) -> tuple[Path, ...]:
    """The pages of the experiments whose runs were archived, written anew."""
    from archiver.package import experiment
    from archiver.render import markdown

    homes = {
        outcome.archive.parent
        for outcome in outcomes
        if outcome.archive is not None and outcome.record.run.experiment != assemble.UNFILED
    }
    pages = (experiment.write(home, markdown.experiment) for home in sorted(homes))
    return tuple(page for page in pages if page is not None)


def _check(run_dir: Path, options: CollectOptions) -> None:
    from archiver.package import loading

    if options.previous is not None and not loading.is_archive(options.previous):
        raise ArchiverError(
            f"--previous {options.previous}", "is no archive", "give a directory that collect wrote"
        )
    unknown = [name for name in options.declared if not registry_of_fields.is_claimable(name)]
    if unknown:
        hint = "`docs/fields.md` lists the fields; repro.env.NAME declares a variable"
        raise ArchiverError(f"--set {unknown[0]}", "is no field of the archive", hint)
    for name, text in options.declared.items():
        try:
            registry_of_fields.typed(name, text)
        except ValueError as fault:
            hint = f"{name} is of type {registry_of_fields.BY_NAME[name].type}"
            raise ArchiverError(f"--set {name}={text}", str(fault), hint) from None
    for source in (run_dir, *options.also):
        if _overlap(source, options.archives):
            raise ArchiverError(
                str(options.archives),
                f"overlaps the run directory {source}",
                "choose an --output outside of it",
            )
    known = [run_dir]
    for also in options.also:
        if any(_overlap(also, source) for source in known):
            raise ArchiverError(
                f"--with {also}",
                "is, holds or lies in a directory that is read already",
                "give a directory beside it",
            )
        known.append(also)


def _overlap(one: Path, other: Path) -> bool:
    left, right = resolved(one), resolved(other)
    return left == right or left in right.parents or right in left.parents


def _collect_one(
    source: Source, options: CollectOptions, now: dt.datetime, progress: Progress
) -> Outcome:
    with ExitStack() as held:
        return _finish(source, read(source, options.reading, progress, held), options, now)


def _finish(source: Source, found: Readings, options: CollectOptions, now: dt.datetime) -> Outcome:
    from archiver.package import archive, figures
    from archiver.render import markdown

    collected, snapshots = found.collected, found.snapshots
    assembled = assemble.assemble(collected, found.spool, source.placement, options.declared)
    redactor = redact.gather(collected, snapshots, options.declared.items())
    record = redact.redact(assembled.record, redactor)
    files = redact.redact_files(collected.files, redactor)
    for listed, clean in zip(collected.files, files, strict=True):
        if clean.path != listed.path:
            snapshots.rename(listed.scope, listed.path, clean.path)
    losses = figures.primary(assembled.series.all, options.primary)
    if options.primary is not None and not losses:
        raise ArchiverError(
            f"--primary {options.primary}",
            "is no series of numbers of this run",
            f"it has {_series_names(record)}",
        )
    points = auditing.spooled(record, assembled.series.all)
    record, difference = _compared(run_data("", record, files, points), options.previous)
    audited = locating.located(
        auditing.unconditional(
            record, files, assembled.series.all, hashed=options.policy.hash != "none"
        ),
        found.trees,
        options.limits,
    )
    if options.dry_run:
        planned = tuple(entry for entry, _ in archive.copies(files, snapshots, redactor))
        return Outcome(
            record,
            planned,
            None,
            changed=False,
            refused=collected.refused,
            secrets=len(redactor.hits),
            findings=audited.findings,
        )
    written = archive.write(
        options.archives,
        archive.Contents(
            record,
            assembled.series.all,
            losses,
            assembled.attempts,
            files,
            snapshots,
            redactor,
            audited.findings,
            partial(markdown.archive, audit=audited),
            {
                "schema_version": 1,
                "tool": {"name": "runarchive", "version": __version__},
                "archived_at": now.isoformat(),
                "source": redactor.text(printable_path(str(resolved(source.run.root)))),
            },
            difference,
        ),
    )
    return Outcome(
        written.record,
        tuple(files),
        written.path,
        written.changed,
        collected.refused,
        len(redactor.hits),
        audited.findings,
    )


def _series_names(record: RunRecord, most: int = 12) -> str:
    names: Sequence[str] = sorted({item.key for item in record.series if item.type == "number"})
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return (", ".join(names[:most]) + more) or "none"
