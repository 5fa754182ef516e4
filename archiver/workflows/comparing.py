"""`diff`: runs and archives compared with one another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from archiver import assemble, redact
from archiver.collect import Policy
from archiver.errors import ArchiverError
from archiver.limits import DEFAULT, Limits
from archiver.model.differences import Compared, Comparison, Variation
from archiver.model.record import FileEntry, RunRecord, Series
from archiver.rundir import printable_path
from archiver.wording import listed
from archiver.workflows import auditing, sources
from archiver.workflows.progress import Progress, silent
from archiver.workflows.sources import ReadOptions, Source

if TYPE_CHECKING:
    from archiver.case import Points
    from archiver.diff.options import Align, Options, RunData
    from archiver.gitstate.history import History
    from archiver.package import overlay

SEPARATOR = "::"
"""Between a directory that holds several runs and the name of one of them."""
_MOST_NAMED = 8
"""Runs that a message names."""


@dataclass(frozen=True, kw_only=True)
class CompareOptions:
    """What `diff` was asked for."""

    how: Options
    repository: Path | None = None
    """Of the user: what lies between the two commits is read from it."""
    plot: bool = False
    hash: str = "artifacts"
    """Files of run directories that are hashed; archives have their digests."""
    limits: Limits = DEFAULT


@dataclass(frozen=True, slots=True)
class Figure:
    """The curves over one another."""

    svg: bytes
    png: bytes
    note: str = ""
    """What is to be said of the axis; empty where it is the one that was asked for, for all."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it."""

    found: Comparison | Variation
    """Of two runs a comparison, of more their variation."""
    history: History | None = None
    figure: Figure | None = None
    """None where none was asked for or no two runs have a curve in common."""


def compare(paths: Sequence[Path], options: CompareOptions, progress: Progress = silent) -> Outcome:
    """Compare two runs, or see what varies among more.

    Raises:
        ArchiverError: a path holds no run or several, or cannot be read.
    """
    if options.repository is not None:
        if len(paths) > 2:
            raise ArchiverError(
                "--repo", f"is for two runs, not {len(paths)}", "compare them in pairs"
            )
        if not options.repository.is_dir():
            raise ArchiverError(
                f"--repo {options.repository}", "is no directory", "give a git repository"
            )
    with ExitStack() as held:
        loading = _Loading(options, progress, held)
        runs = [loading.load(path) for path in paths]
        figure = _figure(runs, options.how.align) if options.plot else None
        if len(runs) > 2:
            from archiver.diff import varying

            return Outcome(varying.vary(runs, options.how), figure=figure)
        from archiver.diff import comparing

        a, b = runs
        history = _history(options.repository, a.record, b.record)
        return Outcome(comparing.compare(a, b, options.how), history=history, figure=figure)


@dataclass(frozen=True)
class _Loading:
    """Runs read for comparison; their points stay at hand until `held` is closed."""

    options: CompareOptions
    progress: Progress
    held: ExitStack

    def load(self, path: Path) -> RunData:
        """The one run that a path is, holds, or names (`DIRECTORY::RUN`).

        Raises:
            ArchiverError: there is none, or several.
        """
        from archiver.package import loading

        if loading.is_archive(path):
            return of_archive(path, _shown(path))
        place, wanted = _split(path)

        def name(archive: Path) -> str:
            return printable_path(archive.relative_to(place).as_posix())

        there = sources.each(place, self._reading, lambda it: it.placement.relative, name)
        found = [item for item in there if wanted in ("", item)]
        if not found:
            raise ArchiverError(
                str(path), f"names no run of {place}", f"it holds {listed(there, _MOST_NAMED)}"
            )
        # A run that holds others, such as a tracker's store, is what its directory names.
        only = next((item for item in found if item == wanted), found[0])
        if len(found) > 1 and only != wanted:
            raise ArchiverError(
                str(path),
                f"holds {len(found)} runs: {listed(found, _MOST_NAMED)}",
                f"give one of them, as {place}{SEPARATOR}{only}",
            )
        visited = sources.each(
            place,
            self._reading,
            lambda it: self._read(it, path) if it.placement.relative == only else None,
            lambda archive: of_archive(archive, _shown(path)) if name(archive) == only else None,
        )
        return next(run for run in visited if run is not None)

    @property
    def _reading(self) -> ReadOptions:
        return ReadOptions(
            policy=Policy("artifacts", self.options.hash), limits=self.options.limits
        )

    def _read(self, source: Source, path: Path) -> RunData:
        read = sources.read(source, self._reading, self.progress, self.held)
        assembled = assemble.assemble(read.collected, read.spool, source.placement, {})
        redactor = redact.gather(read.collected, read.snapshots, ())
        record = redact.redact(assembled.record, redactor)
        files = redact.redact_files(read.collected.files, redactor)
        points = auditing.spooled(record, assembled.series.all)
        return run_data(_shown(path), record, files, points)


def of_archive(archive: Path, shown: str) -> RunData:
    """The run of an archive; `shown` is the path that is told of it.

    Raises:
        ArchiverError: it cannot be read.
    """
    from archiver.package import loading

    record = loading.record(archive)
    points = auditing.archived(archive, record)
    return run_data(shown, record, loading.files(archive), points)


def run_data(
    shown: str,
    record: RunRecord,
    files: Sequence[FileEntry],
    points: Callable[[Series], Points | None],
) -> RunData:
    """A run that was read, as it is compared."""
    from archiver.diff.options import RunData

    status = record.fields.get("summary.status")
    run = record.run
    told = Compared(
        path=shown,
        run_id=run.run_id,
        experiment=run.experiment if run.experiment != assemble.UNFILED else "",
        producers=run.producers,
        status=str(status.value) if status is not None else "unknown",
    )
    return RunData(compared=told, record=record, files=tuple(files), points=points)


def _shown(path: Path) -> str:
    return printable_path(path.as_posix())


def _split(path: Path) -> tuple[Path, str]:
    """A directory, and which of its runs is meant: `DIRECTORY::RUN`.

    Raises:
        ArchiverError: it is not there, or no directory.
    """
    text = str(path)
    head, mark, wanted = text.rpartition(SEPARATOR)
    place, name = (Path(head), wanted) if mark and head and not path.exists() else (path, "")
    if not place.is_dir():
        fault = "is no directory" if place.exists() else "does not exist"
        raise ArchiverError(text, fault, "give a run directory or an archive")
    return place, printable_path(name)


def _history(repository: Path | None, a: RunRecord, b: RunRecord) -> History | None:
    """What lies between the commits of two runs in a repository that the user names."""
    if repository is None:
        return None
    from archiver.gitstate import history

    pairs = list(_pairs(a, b, sources.name_of(repository)))
    if pairs:
        return history.between(repository, pairs)
    missing = [side for side, record in (("A", a), ("B", b)) if not _commits(record)]
    who = " and ".join(missing)
    note = f"no commit is recorded of {who}" if missing else "the commits are of other repositories"
    named = printable_path(repository.as_posix())
    return history.History(repository=named, a="", b="", notes=(note,))


def _pairs(a: RunRecord, b: RunRecord, name: str) -> Iterator[tuple[str, str]]:
    """Commits of the same repository in both runs: what is named so first, then the runs' own."""
    one, other = _commits(a), _commits(b)
    shared = [key for key in one if key in other]
    shared.sort(key=lambda key: key[1] != name)
    yield from dict.fromkeys((one[key], other[key]) for key in shared)


def _commits(record: RunRecord) -> dict[tuple[str, str], str]:
    """Role and name of repositories -> recorded commit."""
    found: dict[tuple[str, str], str] = {}
    own = record.fields.get("summary.git_commit")
    if own is not None and isinstance(own.value, str) and own.value:
        found["run", ""] = own.value
    for item in record.repositories:
        if item.commit:
            found.setdefault((item.role, item.name), item.commit)
    return found


def _figure(runs: Sequence[RunData], axis: Align) -> Figure | None:
    """The curves of the runs over one another; None where no two have one in common."""
    from archiver.package import overlay, plots

    found = overlay.of_runs([_drawn(run) for run in runs], axis)
    drawn = plots.draw(found.spec) if found is not None else {}
    if found is None or not drawn:
        return None
    return Figure(drawn["diff.svg"], drawn["diff.png"], found.note)


def _drawn(run: RunData) -> overlay.Drawn:
    from archiver.diff.alignment import Curves
    from archiver.package import overlay

    known: dict[str, Curves] = {}

    def line(series: Series, axis: str) -> overlay.Line | None:
        if axis not in known:
            known[axis] = Curves(run, cast("Align", axis))
        curve = known[axis].of(series)
        return (curve.places, curve.values) if curve is not None else None

    return overlay.Drawn(run.compared.run_id, run.record, line)
