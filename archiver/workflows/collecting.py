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
from archiver.model.findings import Finding
from archiver.model.record import FileEntry, RunRecord
from archiver.model.values import Value
from archiver.rundir import printable_path
from archiver.workflows import auditing, locating
from archiver.workflows.comparing import run_data
from archiver.workflows.progress import Progress, silent
from archiver.workflows.sources import Readings, ReadOptions, Source, each, read, resolved

if TYPE_CHECKING:
    from archiver.workflows.linking import Linking


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
    revised: tuple[Path, ...]
    """Archives of other runs that tell of another run before them now."""
    faults: tuple[ArchiverError, ...]
    """Archives of other runs that could not be compared or revised."""


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
    from archiver.workflows.linking import Linking

    _check(run_dir, options)
    linking = Linking(options.previous)
    if options.previous is not None:
        _refuse_several(run_dir, options)
    call = _Call(options, now, progress, linking)
    outcomes = each(run_dir, options.reading, call.collect)
    homes = _homes(outcomes)
    revised = {path: record for home in homes for path, record in linking.settle(home).items()}
    settled = [_settled(item, revised) for item in outcomes]
    others = revised.keys() - {item.archive for item in outcomes}
    faults = tuple(linking.faults.values())
    return Collection(tuple(settled), _pages(homes), tuple(sorted(others)), faults)


def _refuse_several(run_dir: Path, options: CollectOptions) -> None:
    """One run before is not that of several."""
    number = len(each(run_dir, options.reading, lambda _: None))
    if number > 1:
        hint = "give one of them; without it the starts of the runs decide"
        raise ArchiverError(f"--previous {options.previous}", f"is for one run, not {number}", hint)


def _settled(outcome: Outcome, revised: Mapping[Path, RunRecord]) -> Outcome:
    """What became of a run after all, as the runs that came with it may have come before it."""
    record = revised.get(outcome.archive) if outcome.archive is not None else None
    return outcome if record is None else replace(outcome, record=record, changed=True)


def _homes(outcomes: Sequence[Outcome]) -> list[Path]:
    """The directories of the experiments whose runs were archived."""
    return sorted(
        {
            outcome.archive.parent
            for outcome in outcomes
            if outcome.archive is not None and outcome.record.run.experiment != assemble.UNFILED
        }
    )


def _pages(homes: Sequence[Path]) -> tuple[Path, ...]:
    """The pages of experiments, written anew."""
    from archiver.package import experiment
    from archiver.render import markdown

    pages = (experiment.write(home, markdown.experiment) for home in homes)
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


@dataclass(frozen=True)
class _Call:
    """One call of `collect`: what all of its runs have in common."""

    options: CollectOptions
    now: dt.datetime
    progress: Progress
    linking: Linking

    def collect(self, source: Source) -> Outcome:
        """Archive one run."""
        with ExitStack() as held:
            return self._finish(source, read(source, self.options.reading, self.progress, held))

    def _finish(self, source: Source, found: Readings) -> Outcome:
        from archiver.package import archive, figures
        from archiver.render import markdown

        collected, snapshots = found.collected, found.snapshots
        assembled = assemble.assemble(
            collected, found.spool, source.placement, self.options.declared
        )
        redactor = redact.gather(collected, snapshots, self.options.declared.items())
        record = redact.redact(assembled.record, redactor)
        files = redact.redact_files(collected.files, redactor)
        for listed, clean in zip(collected.files, files, strict=True):
            if clean.path != listed.path:
                snapshots.rename(listed.scope, listed.path, clean.path)
        losses = figures.primary(assembled.series.all, self.options.primary)
        if self.options.primary is not None and not losses:
            raise ArchiverError(
                f"--primary {self.options.primary}",
                "is no series of numbers of this run",
                f"it has {_series_names(record)}",
            )
        points = auditing.spooled(record, assembled.series.all)
        audited = locating.located(
            auditing.unconditional(record, files, points), found.trees, self.options.limits
        )
        outcome = Outcome(
            record,
            tuple(files),
            None,
            changed=False,
            refused=collected.refused,
            secrets=len(redactor.hits),
            findings=audited.findings,
        )
        if self.options.dry_run:
            planned = archive.copies(files, snapshots, redactor)
            return replace(outcome, files=tuple(entry for entry, _ in planned))
        written = archive.write(
            self.options.archives,
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
                self._stamp(redactor.text(printable_path(str(resolved(source.run.root))))),
                lambda home, named: self.linking.link(home, run_data("", named, files, points)),
            ),
        )
        return replace(
            outcome, record=written.record, archive=written.path, changed=written.changed
        )

    def _stamp(self, source: str) -> dict[str, Value]:
        return {
            "schema_version": 1,
            "tool": {"name": "runarchive", "version": __version__},
            "archived_at": self.now.isoformat(),
            "source": source,
        }


def _series_names(record: RunRecord, most: int = 12) -> str:
    names: Sequence[str] = sorted({item.key for item in record.series if item.type == "number"})
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return (", ".join(names[:most]) + more) or "none"
