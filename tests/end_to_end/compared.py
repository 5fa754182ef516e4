"""Runs read as `diff` reads them, with their points at hand."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from archiver import assemble, redact
from archiver.collect import Policy
from archiver.diff.options import RunData
from archiver.workflows import auditing, comparing, sources
from archiver.workflows.progress import silent
from archiver.workflows.sources import ReadOptions

OPTIONS = ReadOptions(policy=Policy("artifacts", "artifacts"))


def runs_of(path: Path, held: ExitStack) -> dict[str, RunData]:
    """The runs of a directory by their paths below it; their points are gone with `held`."""

    def one(source: sources.Source) -> RunData:
        found = sources.read(source, OPTIONS, silent, held)
        assembled = assemble.assemble(found.collected, found.spool, source.placement, {})
        redactor = redact.gather(found.collected, found.snapshots, ())
        record = redact.redact(assembled.record, redactor)
        files = redact.redact_files(found.collected.files, redactor)
        points = auditing.spooled(record, assembled.series.all)
        return comparing.run_data(source.placement.relative, record, files, points)

    return {run.compared.path: run for run in sources.each(path, OPTIONS, one)}
