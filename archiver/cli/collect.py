"""`runarchive collect`."""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archiver.cli.choices import Hash
from archiver.cli.terminal import ProgressLine, say, tell
from archiver.codecs.visible import safe
from archiver.errors import ArchiverError, ExitCode

if TYPE_CHECKING:
    from archiver.model.record import Series
    from archiver.workflows.collecting import Outcome


class Copy(StrEnum):
    """What is copied into the archive."""

    ARTIFACTS = "artifacts"
    ALL = "all"
    NONE = "none"


class Format(StrEnum):
    """How the result is printed."""

    TEXT = "text"
    JSON = "json"


_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


def command(
    run_dir: Annotated[
        Path,
        typer.Argument(
            metavar="RUN_DIR",
            help="A run directory, or a directory with runs below it. It is never written to.",
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="ARCHIVES", help="Where archives are kept.")
    ] = Path("archives"),
    declared: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="FIELD=VALUE", help="State what no file of the run says. Repeatable."
        ),
    ] = None,
    also: Annotated[
        list[Path] | None,
        typer.Option(
            "--with",
            metavar="PATH",
            help="Another tree of the same run, such as its logs. Repeatable.",
        ),
    ] = None,
    primary: Annotated[
        str | None, typer.Option(metavar="KEY", help="The series that is the loss.")
    ] = None,
    previous: Annotated[
        Path | None,
        typer.Option(
            metavar="ARCHIVE",
            help="The run before this one, where it is not the latest earlier one of the experiment"
            " by its start: what differs from it goes into the archive.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be archived, and write nothing.")
    ] = False,
    form: Annotated[Format, typer.Option("--format", help="Form of the result.")] = Format.TEXT,
    copy: Annotated[Copy, typer.Option(help="Files to copy into the archive.")] = Copy.ARTIFACTS,
    hashed: Annotated[Hash, typer.Option("--hash", help="Files to hash.")] = Hash.ALL,
    max_copy_size: Annotated[
        str, typer.Option(metavar="SIZE", help="Largest file to copy, such as 500K or 16M.")
    ] = "16M",
) -> int:
    """Archive a run: provenance, full parameters, every metric point, loss curves.

    Given an experiment directory, each run below it is archived. Exit codes: 0 archived,
    1 archived but some files could not be read, 2 could not do what was asked.
    """
    from archiver.collect import Policy
    from archiver.workflows import collecting

    options = collecting.CollectOptions(
        archives=output,
        declared=_declared(declared or ()),
        also=tuple(also or ()),
        primary=primary,
        previous=previous,
        dry_run=dry_run,
        policy=Policy(copy.value, hashed.value, _size(max_copy_size)),
    )
    progress = ProgressLine(sys.stderr)
    try:
        collection = collecting.collect(run_dir, options, _now(), progress)
    finally:
        progress.close()
    outcomes = collection.outcomes
    if form is Format.JSON:
        archives = [_summary(item) for item in outcomes]
        revised = [str(path) for path in collection.revised]
        tell(json.dumps({"archives": archives, "revised": revised}, indent=1))
    else:
        others = (safe(f"revised: {path} (the run before it)") for path in collection.revised)
        pages = (safe(f"experiment: {page}") for page in collection.pages)
        tell("\n".join((*_lines(outcomes), *others, *pages)))
    for fault in collection.faults:
        say(f"runarchive: {fault}")
    refused = sum(item.refused for item in outcomes)
    if refused:
        say(f"{refused} files could not be read; problems in record.json name them")
    return ExitCode.FINDINGS if refused else ExitCode.OK


def _now() -> dt.datetime:
    """The time of archiving; SOURCE_DATE_EPOCH fixes it for reproducible archives."""
    fixed = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not fixed:
        return dt.datetime.now(dt.UTC)
    try:
        return dt.datetime.fromtimestamp(int(fixed), dt.UTC)
    except (ValueError, OverflowError, OSError):
        hint = "give seconds since 1970, or unset it"
        raise ArchiverError(f"SOURCE_DATE_EPOCH={fixed}", "is no time", hint) from None


def _declared(pairs: Iterable[str]) -> dict[str, str]:
    declared = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise ArchiverError(
                f"--set {pair}", "is not FIELD=VALUE", "write --set summary.user=ann"
            )
        if name in declared:
            raise ArchiverError(f"--set {name}", "is given twice", "give each field once")
        declared[name] = value
    return declared


def _size(text: str) -> int:
    number, unit = text.rstrip("KMGkmgBb"), text.lstrip("0123456789").upper().rstrip("B")
    if not number.isdecimal() or unit not in _UNITS or len(number) > 15:
        raise ArchiverError(f"--max-copy-size {text}", "is no size", "write 500K, 16M or 2G")
    return int(number) * _UNITS[unit]


def _counted(outcome: Outcome) -> dict[str, int]:
    from archiver.model.findings import counted

    return counted(outcome.findings)


def _summary(outcome: Outcome) -> dict[str, object]:
    run = outcome.record.run
    return {
        "run_id": run.run_id,
        "experiment": run.experiment,
        "archive": str(outcome.archive) if outcome.archive is not None else None,
        "status": outcome.record.fields["summary.status"].value,
        "producers": list(run.producers),
        "changed": outcome.changed,
        "findings": _counted(outcome),
    }


def _lines(outcomes: Sequence[Outcome]) -> Iterable[str]:
    for outcome in outcomes:
        yield from _dry_lines(outcome) if outcome.archive is None else _archived_lines(outcome)


def _archived_lines(outcome: Outcome) -> Iterable[str]:
    record = outcome.record
    status = record.fields["summary.status"].value
    verb = "archived" if outcome.changed else "unchanged"
    producers = ", ".join(
        name if era == "any" else f"{name} ({era})" for name, era in record.run.eras.items()
    )
    yield safe(f"{verb}: {outcome.archive}")
    yield safe(f"  status    {status}")
    yield safe(f"  producer  {producers or 'not recognised'}")
    for line in _loss_lines(outcome):
        yield safe(line)
    cover = record.coverage
    answered = cover.recorded + cover.derived + cover.declared + cover.probed
    applicable = answered + cover.not_recorded
    yield f"  fields    {answered} of {applicable} answered"
    before = record.fields.get("changes.previous_run_id")
    if before is not None and "changes.config_diff" in record.fields:
        yield safe(f"  previous  {before.value}, see diff-previous.md")
    read = sum(1 for entry in outcome.files if entry.kind)
    yield f"  files     {len(outcome.files)} listed, {read} of a known kind"
    if record.problems:
        yield f"  problems  {len(record.problems)}, see ARCHIVE.md"
    counts = ", ".join(
        f"{count} {word}{'s' if count > 1 else ''}"
        for word, count in _counted(outcome).items()
        if count
    )
    if counts:
        yield f"  findings  {counts}, see ARCHIVE.md"
    if outcome.secrets:
        yield f"  secrets   {outcome.secrets} removed from the archive"


_MOST_CURVES = 4
"""Curves of one kind that are told; a directory of unknown files may hold hundreds."""


def _loss_lines(outcome: Outcome) -> Iterable[str]:
    for canonical, name in (("loss", "loss"), ("eval_loss", "eval loss")):
        found = [
            item
            for item in outcome.record.series
            if item.canonical == canonical and item.shadow_of is None and item.points
        ]
        for item in found[:_MOST_CURVES]:
            source = f" in {item.source}" if len(found) > 1 else ""
            yield f"  {name:<9} {_curve(item)}{source}"
        if len(found) > _MOST_CURVES:
            yield f"  {name:<9} and {len(found) - _MOST_CURVES} more curves"


def _curve(item: Series) -> str:
    notes = [f"{item.points} points"]
    notes += [f"{item.superseded} superseded by a resume"] if item.superseded else []
    notes += [f"{item.duplicates} duplicates"] if item.duplicates else []
    notes += [f"{item.non_finite} not finite"] if item.non_finite else []
    first, last = (f"{v:.6g}" if isinstance(v, float) else str(v) for v in (item.first, item.last))
    return f"{first} -> {last} ({', '.join(notes)})"


def _dry_lines(outcome: Outcome) -> Iterable[str]:
    run = outcome.record.run
    yield safe(f"would archive: {run.experiment}/{run.run_id}")
    yield safe(f"  status    {outcome.record.fields['summary.status'].value}")
    yield safe(f"  producer  {', '.join(run.producers) or 'not recognised'}")
    for entry in outcome.files:
        state = "copied" if entry.copied else f"not copied: {entry.reason or 'unknown reason'}"
        note = f" ({entry.reason})" if entry.copied and entry.reason else ""
        scope = "" if entry.scope == "run" else f"{entry.scope}:"
        yield safe(f"  {entry.kind or 'unplaced':<28} {scope}{entry.path}  {state}{note}")
    if outcome.secrets:
        yield f"  secrets   {outcome.secrets} would be removed"
