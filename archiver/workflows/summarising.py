"""`metrics`: the series of runs, summed up."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from archiver import assemble, redact, summaries
from archiver.collect import Policy
from archiver.limits import DEFAULT, Limits
from archiver.summaries import RunMetrics
from archiver.workflows.progress import Progress, silent
from archiver.workflows.sources import ReadOptions, Source, each, read


def metrics(
    place: Path,
    progress: Progress = silent,
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
    options = ReadOptions(policy=Policy(hash="none"), limits=limits)
    return each(place, options, lambda source: _summarise(source, options, progress))


def _summarise(source: Source, options: ReadOptions, progress: Progress) -> RunMetrics:
    with ExitStack() as held:
        found = read(source, options, progress, held)
        assembled = assemble.assemble(found.collected, found.spool, source.placement, {})
        redactor = redact.gather(found.collected, found.snapshots, ())
        record = redact.redact(assembled.record, redactor)
        points = (
            (item, summaries.columns(joined, redactor.text))
            for item, joined in zip(record.series, assembled.series.all, strict=True)
        )
        return summaries.summarise(record, points)
