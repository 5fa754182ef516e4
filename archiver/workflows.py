"""One function per verb: everything between the command line and the floors below, no printing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from archiver import __version__, assemble, discover, redact, registry
from archiver import attempts as attempts_module
from archiver.collect import Collected, Collector, Policy
from archiver.errors import ArchiverError
from archiver.limits import DEFAULT, Limits
from archiver.model import fields as registry_of_fields
from archiver.model.record import FileEntry, RunRecord
from archiver.rundir import RunDir, SnapshotStore, Tree
from archiver.spool import PointSpool

Progress = Callable[[str, int, int], None]
"""Told the file at hand, the bytes done and the bytes in all."""


@dataclass(frozen=True)
class CollectOptions:
    """What `collect` was asked for."""

    archives: Path
    declared: Mapping[str, str] = field(default_factory=dict)
    also: tuple[Path, ...] = ()
    """Other trees of the same run."""
    primary: str | None = None
    dry_run: bool = False
    policy: Policy = field(default_factory=Policy)
    limits: Limits = DEFAULT


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


def collect(
    run_dir: Path,
    options: CollectOptions,
    now: dt.datetime,
    progress: Progress = lambda _path, _done, _total: None,
) -> list[Outcome]:
    """Archive a run directory, or every run below an experiment directory.

    Raises:
        ArchiverError: when what was asked cannot be done.
    """
    _check(run_dir, options)
    with RunDir(run_dir, "run", options.limits) as run:
        tree = run.walk()
        roots = discover.run_roots(run, tree, registry.readers(), options.limits)
    if len(roots) > 1 and options.also:
        raise ArchiverError(
            "--with", f"{run_dir} holds {len(roots)} runs", "give one run directory instead"
        )
    name = run_dir.resolve().name
    beside = _Beside(run_dir, tree.outside(roots)) if roots and roots != [""] else None
    outcomes = []
    for root in roots or [""]:
        above, _, last = root.rpartition("/")
        placement = assemble.Placement(
            directory=last or name,
            relative=root or name,
            experiment=(above.rpartition("/")[2] or name) if root else None,
        )
        outcome = _collect_one(
            run_dir / tree.raw(root), placement, options, now, beside=beside, progress=progress
        )
        outcomes.append(outcome)
    return outcomes


@dataclass(frozen=True, slots=True)
class _Beside:
    """Files of an experiment directory that belong to none of its runs."""

    directory: Path
    names: Tree


def _check(run_dir: Path, options: CollectOptions) -> None:
    unknown = [name for name in options.declared if not registry_of_fields.is_claimable(name)]
    if unknown:
        hint = "`docs/fields.md` lists the fields; repro.env.NAME declares a variable"
        raise ArchiverError(f"--set {unknown[0]}", "is no field of the archive", hint)
    source, target = run_dir.resolve(), options.archives.resolve()
    if source == target or source in target.parents or target in source.parents:
        raise ArchiverError(
            str(options.archives),
            f"overlaps the run directory {run_dir}",
            "choose an --output outside of it",
        )


def _collect_one(
    path: Path,
    placement: assemble.Placement,
    options: CollectOptions,
    now: dt.datetime,
    *,
    beside: _Beside | None,
    progress: Progress,
) -> Outcome:
    with ExitStack() as held:
        trees = [_Open("run", path, options.limits, held)]
        trees += [
            _Open(f"with-{number}", also, options.limits, held)
            for number, also in enumerate(options.also, 1)
        ]
        total = sum(entry.size for tree in trees for entry in tree.names.files)
        snapshots = SnapshotStore(options.limits)
        held.callback(snapshots.close)
        spool = PointSpool(options.limits)
        held.callback(spool.close)
        collector = Collector(
            registry.readers(),
            options.limits,
            options.policy,
            spool,
            snapshots,
            frozenset(discover.provenance()),
            lambda file, done: progress(file, done, total),
        )
        collected = Collected()
        for tree in trees:
            collector.collect(tree.run, tree.names, collected)
        if beside is not None:
            run = held.enter_context(RunDir(beside.directory, "experiment", options.limits))
            collector.inventory(run, beside.names, collected)
        return _finish(
            path,
            placement,
            options,
            now,
            collected=collected,
            spool=spool,
            snapshots=snapshots,
        )


class _Open:
    """One directory held open, with its listing."""

    def __init__(self, scope: str, path: Path, limits: Limits, held: ExitStack) -> None:
        self.run: RunDir = held.enter_context(RunDir(path, scope, limits))
        self.names: Tree = self.run.walk()


def _finish(
    path: Path,
    placement: assemble.Placement,
    options: CollectOptions,
    now: dt.datetime,
    *,
    collected: Collected,
    spool: PointSpool,
    snapshots: SnapshotStore,
) -> Outcome:
    from archiver.package import archive, figures
    from archiver.render import markdown

    assembled = assemble.assemble(collected, spool, placement, options.declared)
    redactor = redact.gather(collected, snapshots, options.declared.items())
    record = redact.redact(assembled.record, redactor)
    files = redact.redact_files(collected.files, redactor)
    losses = figures.primary(assembled.series.all, options.primary)
    if options.primary is not None and not losses:
        raise ArchiverError(
            f"--primary {options.primary}",
            "is no series of numbers of this run",
            f"it has {_series_names(record)}",
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
        )
    written = archive.write(
        options.archives,
        archive.Contents(
            record,
            assembled.series.all,
            losses,
            attempts_module.join(collected.trails),
            files,
            snapshots,
            redactor,
            markdown.archive,
            {
                "schema_version": 1,
                "tool": {"name": "runarchive", "version": __version__},
                "archived_at": now.isoformat(),
                "source": str(path.resolve()),
            },
        ),
    )
    return Outcome(
        written.record,
        tuple(files),
        written.path,
        written.changed,
        collected.refused,
        len(redactor.hits),
    )


def _series_names(record: RunRecord, most: int = 12) -> str:
    names: Sequence[str] = sorted({item.key for item in record.series if item.type == "number"})
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return (", ".join(names[:most]) + more) or "none"
