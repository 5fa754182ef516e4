"""The page of an experiment: written anew from the archives that stand in its directory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from archiver.errors import ArchiverError
from archiver.model import codec
from archiver.model.record import RunRecord
from archiver.package import staging, timelines

PAGE = "EXPERIMENT.md"
_DRAWN = ("EXPERIMENT-timeline.svg", "EXPERIMENT-timeline.png")

Render = Callable[[str, Sequence[RunRecord], str | None], str]
"""Turns an experiment's name, its records and the path of its plot into the page."""


def write(home: Path, render: Render) -> Path | None:
    """Write the page of one experiment's directory; None (and no page) for fewer than two runs.

    The order and the number of calls that made the archives do not matter to it.

    Raises:
        ArchiverError: when it cannot be written.
    """
    from archiver.package import plots

    try:
        with ExitStack() as held:
            held.enter_context(staging.locked(home))
            records = sorted(_records(home), key=_order)
            files: dict[str, bytes] = {}
            if len(records) > 1:
                name = records[0].run.experiment
                spec = timelines.of_experiment(name, records)
                files = plots.draw(spec) if spec is not None else {}
                plot = _DRAWN[0] if files else None
                files[PAGE] = render(name, records, plot).encode()
            for relative in (PAGE, *_DRAWN):
                _replace(home / relative, files.get(relative))
    except OSError as fault:
        hint = "make room and permission there"
        raise ArchiverError(
            str(fault.filename or home), fault.strerror or "cannot be written", hint
        ) from None
    return home / PAGE if files else None


def _records(home: Path) -> Iterable[RunRecord]:
    """The record of every archive; what cannot be read as one is none."""
    for path in sorted(home.glob("[!.]*/record.json")):
        if not path.parent.is_symlink():
            with suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
                yield codec.decode(RunRecord, json.loads(path.read_bytes()))


def _order(record: RunRecord) -> tuple[bool, str, str]:
    started = record.fields.get("summary.started_at")
    text = started.value if started is not None and isinstance(started.value, str) else ""
    return not text, text, record.run.run_id


def _replace(target: Path, data: bytes | None) -> None:
    """Put a file in its place in one step, or take it away; nothing changes without need."""
    if data is None:
        target.unlink(missing_ok=True)
        return
    if target.is_file() and not target.is_symlink() and target.read_bytes() == data:
        return
    staged = target.with_name(f".{target.name}{staging.PARTIAL}")
    staged.unlink(missing_ok=True)
    staging.write(staged.parent, staged.name, data)
    staged.replace(target)
