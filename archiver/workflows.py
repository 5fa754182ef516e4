"""One function per verb: everything between the command line and the floors below, no printing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from archiver import __version__, assemble, contracts, discover, redact, registry, summaries
from archiver.artifact import Member
from archiver.collect import Collected, Collector, Policy
from archiver.errors import ArchiverError
from archiver.limits import DEFAULT, Limits
from archiver.model import fields as registry_of_fields
from archiver.model.record import FileEntry, RunRecord
from archiver.rundir import RunDir, Tree, printable_path
from archiver.snapshots import SnapshotStore
from archiver.spool import PointSpool
from archiver.summaries import RunMetrics

Visited = TypeVar("Visited")
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
    progress: Progress = lambda _path, _done, _total: None,
) -> Collection:
    """Archive a run directory, or every run below an experiment directory.

    Raises:
        ArchiverError: when what was asked cannot be done.
    """
    _check(run_dir, options)
    outcomes = _each(run_dir, options, lambda source: _collect_one(source, options, now, progress))
    return Collection(tuple(outcomes), _pages(outcomes))


def metrics(
    place: Path,
    progress: Progress = lambda _path, _done, _total: None,
    limits: Limits = DEFAULT,
) -> list[RunMetrics]:
    """Sum up the series of a run, of every run below a directory, or of an archive.

    Nothing is written.

    Raises:
        ArchiverError: when what was asked cannot be done.
    """
    from archiver.package import loading

    if loading.is_archive(place):
        record = loading.record(place)
        return [summaries.summarise(record, loading.points(place, record.series))]
    options = CollectOptions(Path(), policy=Policy(hash="none"), limits=limits)
    return _each(place, options, lambda source: _summarise(source, options, progress))


def _each(
    run_dir: Path, options: CollectOptions, visit: Callable[[_Source], Visited]
) -> list[Visited]:
    """Visit the run that a directory is, or every run below it."""
    with RunDir(run_dir, "run", options.limits) as run:
        tree = run.walk()
        sites = discover.sites(run, tree, registry.readers(), options.limits)
        if len(sites) > 1 and options.also:
            raise ArchiverError(
                "--with", f"{run_dir} holds {len(sites)} runs", "give one run directory instead"
            )
        if not sites or (len(sites) == 1 and sites[0].whole):
            name = _name(run_dir)
            return [visit(_Source(run, tree, assemble.Placement(name, name, None)))]
        outside = tree.outside([path for site in sites for path in site.member.paths])
        nested = {root for site in sites for root in site.without}

        def beside(site: discover.Site) -> Tree:
            """Of a run inside of another run: what lies beside it there."""
            home = [site.member.home]
            return tree.inside(home).outside(nested) if site.root in nested else outside

        return [_visit_below(run, tree, site, beside(site), visit=visit) for site in sites]


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


@dataclass(frozen=True, slots=True)
class _Source:
    """Where one run is read from."""

    run: RunDir
    tree: Tree
    placement: assemble.Placement
    beside: tuple[RunDir, Tree, Member] | None = None
    """What lies beside the runs of its experiment."""


def _visit_below(
    experiment: RunDir,
    tree: Tree,
    site: discover.Site,
    outside: Tree,
    *,
    visit: Callable[[_Source], Visited],
) -> Visited:
    member = site.member
    group = _group(member.home) or _name(experiment.root)
    relative = site.root or f"{member.home}/{member.name}".lstrip("/")
    with ExitStack() as held:
        run = held.enter_context(experiment.below(tree.raw(site.root) if site.root else "", "run"))
        around = held.enter_context(experiment.below("", "experiment"))
        own = tree.inside(member.paths).outside(site.without)
        placement = assemble.Placement(member.name or _name(experiment.root), relative, group)
        return visit(_Source(run, own.below(site.root), placement, (around, outside, member)))


def _group(home: str) -> str:
    """The directory that groups runs; one that a tracker makes wherever it runs does not."""
    trackers = {name for contract in contracts.every() for name in contract.folders}
    return next((name for name in reversed(home.split("/")) if name not in trackers), "")


def _name(directory: Path) -> str:
    return printable_path(_resolved(directory).name)


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        hint = "give a directory that exists and that you may read"
        raise ArchiverError(str(path), "is a link that leads nowhere", hint) from None


def _check(run_dir: Path, options: CollectOptions) -> None:
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
    left, right = _resolved(one), _resolved(other)
    return left == right or left in right.parents or right in left.parents


def _collect_one(
    source: _Source, options: CollectOptions, now: dt.datetime, progress: Progress
) -> Outcome:
    with ExitStack() as held:
        collected, spool, snapshots = _read(source, options, progress, held)
        return _finish(
            source.run.root,
            source.placement,
            options,
            now,
            collected=collected,
            spool=spool,
            snapshots=snapshots,
        )


def _read(
    source: _Source, options: CollectOptions, progress: Progress, held: ExitStack
) -> tuple[Collected, PointSpool, SnapshotStore]:
    """Read everything of one run; what waits is released with `held`."""
    trees = [(source.run, source.tree)]
    for number, also in enumerate(options.also, 1):
        other = held.enter_context(RunDir(also, f"with-{number}", options.limits))
        trees.append((other, other.walk()))
    total = sum(entry.size for _, names in trees for entry in names.files)
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
        frozenset(contracts.provenance()),
        lambda file, done: progress(file, done, total),
    )
    collected = Collected()
    for opened, names in trees:
        collector.collect(opened, names, collected)
    if source.beside is not None:
        around, outside, member = source.beside
        collector.collect(around, outside, collected, member)
    return collected, spool, snapshots


def _summarise(source: _Source, options: CollectOptions, progress: Progress) -> RunMetrics:
    with ExitStack() as held:
        collected, spool, snapshots = _read(source, options, progress, held)
        assembled = assemble.assemble(collected, spool, source.placement, {})
        redactor = redact.gather(collected, snapshots, ())
        record = redact.redact(assembled.record, redactor)
        points = (
            (item, summaries.columns(joined, redactor.text))
            for item, joined in zip(record.series, assembled.series.all, strict=True)
        )
        return summaries.summarise(record, points)


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
            assembled.attempts,
            files,
            snapshots,
            redactor,
            markdown.archive,
            {
                "schema_version": 1,
                "tool": {"name": "runarchive", "version": __version__},
                "archived_at": now.isoformat(),
                "source": redactor.text(printable_path(str(_resolved(path)))),
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
