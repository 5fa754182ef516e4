"""Where runs are read from, and reading them: what every verb that looks at runs shares."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from archiver import assemble, contracts, registry
from archiver.artifact import Member
from archiver.collect import Collected, Collector, Policy
from archiver.errors import ArchiverError
from archiver.extension import Reader
from archiver.limits import DEFAULT, Limits
from archiver.model.plain import dataclass
from archiver.package import layout
from archiver.rundir import Entry, RunDir, Tree, natural, printable_path
from archiver.schemacheck import index
from archiver.snapshots import SnapshotStore
from archiver.spool import PointSpool
from archiver.workflows.progress import Progress

if TYPE_CHECKING:
    from archiver import discover

Visited = TypeVar("Visited")


@dataclass(frozen=True)
class ReadOptions:
    """How runs are read."""

    also: tuple[Path, ...] = ()
    """Other trees of the same run."""
    policy: Policy = field(default_factory=Policy)
    limits: Limits = DEFAULT
    readers: tuple[Reader[Any], ...] | None = None
    """Those that are asked; None: all there are."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where one run is read from."""

    run: RunDir
    tree: Tree
    placement: assemble.Placement
    beside: tuple[RunDir, Tree, Member] | None = None
    """What lies beside the runs of its experiment."""

    @property
    def place(self) -> Path:
        """The run's own directory, or its experiment's where its files lie all over that."""
        if self.beside is None or self.run.root != self.beside[0].root:
            return self.run.root
        return self.run.root / self.beside[2].home


def _visit_below(
    experiment: RunDir,
    tree: Tree,
    site: discover.Site,
    outside: Tree,
    *,
    visit: Callable[[Source], Visited],
) -> Visited:
    member = site.member
    group = _group(member.home) or name_of(experiment.root)
    relative = site.root or f"{member.home}/{member.name}".lstrip("/")
    with ExitStack() as held:
        run = held.enter_context(experiment.below(tree.raw(site.root) if site.root else "", "run"))
        around = held.enter_context(experiment.below("", "experiment"))
        own = tree.inside(member.paths).outside(site.without)
        placement = assemble.Placement(member.name or name_of(experiment.root), relative, group)
        return visit(Source(run, own.below(site.root), placement, (around, outside, member)))


def _group(home: str) -> str:
    """The directory that groups runs; one that a tracker makes wherever it runs does not."""
    trackers = {name for contract in contracts.every() for name in contract.folders}
    return next((name for name in reversed(home.split("/")) if name not in trackers), "")


def name_of(directory: Path) -> str:
    """Name of a directory, of what it leads to where it is a link."""
    return printable_path(resolved(directory).name)


def resolved(path: Path) -> Path:
    """The path without links.

    Raises:
        ArchiverError: when it leads nowhere.
    """
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        hint = "give a directory that exists and that you may read"
        raise ArchiverError(str(path), "is a link that leads nowhere", hint) from None


def each(
    run_dir: Path,
    options: ReadOptions,
    visit: Callable[[Source], Visited],
    archived: Callable[[Path], Visited] | None = None,
) -> list[Visited]:
    """Visit the run that a directory is, or every run below it.

    Archives below it are no runs; `archived` visits those.
    """
    from archiver import discover

    with RunDir(run_dir, "run", options.limits) as run:
        tree = run.walk()
        archives = _archives(tree)
        found = tree.outside(archives) if archives else tree
        sites = discover.sites(run, found, registry.readers(), options.limits)
        if len(sites) > 1 and options.also:
            raise ArchiverError(
                "--with", f"{run_dir} holds {len(sites)} runs", "give one run directory instead"
            )
        shelves = [archived(run_dir / tree.raw(path)) for path in archives] if archived else []
        if (not sites and not shelves) or (len(sites) == 1 and sites[0].whole):
            name = name_of(run_dir)
            return [*shelves, visit(Source(run, tree, assemble.Placement(name, name, None)))]
        outside = found.outside([path for site in sites for path in site.member.paths])
        around = _by_home(outside, {site.member.home for site in sites})
        nested = {root for site in sites for root in site.without}

        def beside(site: discover.Site) -> Tree:
            """What lies around a run; of one inside of another run, what lies beside it there."""
            home = site.member.home
            return found.inside([home]).outside(nested) if site.root in nested else around[home]

        visited = [_visit_below(run, found, site, beside(site), visit=visit) for site in sites]
        return [*shelves, *visited]


def likely(name: str) -> tuple[Reader[Any], ...]:
    """The readers whose kinds a file may be of by its name, as the schemas tell it.

    No other reader is imported. None are likely where an installed extension may know better.
    """
    if registry.offers("readers"):
        return ()
    found = (registry.reader_of(kind) for kind in index.kinds_of(name))
    return tuple(sorted((one for one in found if one is not None), key=lambda one: one.name))


def _by_home(outside: Tree, homes: set[str]) -> dict[str, Tree]:
    """What lies around the runs of each home: nothing of the homes beside it.

    An experiment's files are those in its home, and those on the way to it.
    """
    owned: dict[str, list[Entry]] = {}
    for entry in outside.entries:
        place = entry.parent
        while place and place not in homes:
            place = place.rpartition("/")[0]
        owned.setdefault(place, []).append(entry)
    trees = {}
    for home in homes:
        line = [owner for owner in owned if _related(owner, home)]
        entries = [entry for owner in line for entry in owned[owner]]
        trees[home] = Tree(tuple(sorted(entries, key=lambda e: natural(e.path))), outside.cut)
    return trees


def _related(one: str, other: str) -> bool:
    """Whether one of two directories lies in the other, or is it."""
    return (
        not one
        or not other
        or f"{one}/".startswith(f"{other}/")
        or f"{other}/".startswith(f"{one}/")
    )


def _archives(tree: Tree) -> list[str]:
    """The directories that are archives; of archives within archives the outer ones."""
    signs: dict[str, list[str]] = {}
    for entry in tree.named(*layout.SIGNS):
        signs.setdefault(entry.parent, []).append(entry.name)
    found: list[str] = []
    for path in sorted(signs, key=lambda path: (path.count("/"), natural(path))):
        if layout.looks_like_archive(signs[path]) and not any(
            path.startswith(f"{outer}/") for outer in found
        ):
            found.append(path)
    return found


@dataclass(frozen=True, slots=True)
class Readings:
    """Everything of one run, before it is put together."""

    collected: Collected
    spool: PointSpool
    snapshots: SnapshotStore
    trees: tuple[tuple[RunDir, Tree], ...]
    """Where it was read from, still open."""


def read(source: Source, options: ReadOptions, progress: Progress, held: ExitStack) -> Readings:
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
        registry.readers() if options.readers is None else options.readers,
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
        trees.append((around, outside))
    return Readings(collected, spool, snapshots, tuple(trees))
