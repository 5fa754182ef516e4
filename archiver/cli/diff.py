"""`runarchive diff`."""

from __future__ import annotations

import math
import os
import shutil
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archiver.cli.choices import Hash
from archiver.cli.terminal import ProgressLine, let_go, say, write
from archiver.errors import ArchiverError, ExitCode
from archiver.model.differences import Area, Comparison, Variation

if TYPE_CHECKING:
    from archiver.diff.volatile import Volatile
    from archiver.workflows.comparing import Outcome


class Format(StrEnum):
    """How the comparison is printed."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


class Align(StrEnum):
    """What makes points of two curves comparable."""

    STEP = "step"
    EPOCH = "epoch"
    TOKENS = "tokens"


_LEAST_WIDTH, _PIPE = 60, 80
"""Columns: of the narrowest page, and of what is no terminal."""


def command(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="A B [C]...",
            help="Run directories or archives; a directory that holds one run is that run,"
            " DIRECTORY::RUN is one of several, read with what lies beside them."
            " More than two give a table of what varies. Nothing is written to them.",
        ),
    ],
    form: Annotated[Format, typer.Option("--format", help="Form of the report.")] = Format.TEXT,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write the report to a file."),
    ] = None,
    only: Annotated[
        list[Area] | None, typer.Option(metavar="AREA", help="Compare only these. Repeatable.")
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(
            metavar="GLOB",
            help="Leave these fields out: `*.dropout`, `metrics.*`, a last key. Repeatable.",
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also what is volatile or spelled differently.")
    ] = False,
    tolerance: Annotated[
        float,
        typer.Option(
            metavar="FLOAT", min=0.0, help="Relative: floats that are this close are equivalent."
        ),
    ] = 0.0,
    align: Annotated[
        Align,
        typer.Option(help="What makes points of two curves comparable; the axis of the plot."),
    ] = Align.STEP,
    repo: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            help="Your git repository: tells the commits and files between the two recorded"
            " commits. No git is started.",
        ),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw the losses over one another (.png or .svg)."),
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The policy whose [diff] says what else is volatile. Default: the nearest, as"
            " for validate.",
        ),
    ] = None,
    hashed: Annotated[
        Hash, typer.Option("--hash", help="Files of run directories to hash.")
    ] = Hash.ARTIFACTS,
) -> int:
    """Tell what really changed between runs.

    Exit codes: 0 nothing significant differs (or more than two runs), 1 something significant
    differs between two runs, 2 a run could not be looked at.
    """
    _check(paths, tolerance, plot)
    _refuse_own_targets(paths, output, plot)
    from archiver.diff.options import Options
    from archiver.workflows import comparing

    options = comparing.CompareOptions(
        how=Options(
            areas=frozenset(only or Area),
            all_=everything or form is Format.JSON,
            ignore=tuple(ignore or ()),
            tolerance=tolerance,
            align=align.value,
            volatile=_volatile(policy, paths),
        ),
        repository=repo,
        plot=plot is not None,
        hash=hashed.value,
    )
    progress = ProgressLine(sys.stderr)
    try:
        found = comparing.compare(paths, options, progress)
    finally:
        progress.close()
    if plot is not None:
        _draw(found, plot, align)
    write(_told(found, form, output, everything=everything), output)
    different = isinstance(found.found, Comparison) and bool(found.found.significant)
    return ExitCode.FINDINGS if different else ExitCode.OK


def _check(paths: list[Path], tolerance: float, plot: Path | None) -> None:
    if len(paths) < 2:
        raise ArchiverError("diff", "takes at least two runs", "give run directories or archives")
    if not math.isfinite(tolerance):
        raise ArchiverError(f"--tolerance {tolerance}", "is no number", "give one such as 1e-6")
    if plot is not None and plot.suffix.lower() not in (".png", ".svg"):
        raise ArchiverError(f"--plot {plot}", "has no known ending", "name a .png or .svg file")


def _volatile(policy: Path | None, paths: list[Path]) -> Volatile:
    """What is volatile by the table, and by the policy in force; no run brings its own."""
    from archiver import policy as policies
    from archiver import registry
    from archiver.diff.volatile import Volatile

    found = policy if policy is not None else policies.nearest(Path.cwd())
    if found is None:
        return Volatile()
    asked = policies.load(found, registry.rules(), explicit=policy is not None)
    for path in paths:
        policies.refuse_own(path, asked)
    return Volatile().extended(asked.diff.keys, asked.diff.values, asked.diff.never)


def _refuse_own_targets(paths: list[Path], *targets: Path | None) -> None:
    """What is compared is never written to: neither the report nor the plot goes there."""
    from archiver.workflows.options import refuse_output_in

    for path in paths:
        directory, mark, run = str(path).partition("::")
        for target in targets:
            refuse_output_in(Path(directory, run) if mark else path, target)


def _told(done: Outcome, form: Format, output: Path | None, *, everything: bool) -> str:
    from archiver.render import diff, diff_json, diff_text

    found, history = done.found, done.history
    if form is Format.TEXT:
        terminal = output is None and sys.stdout.isatty()
        width = shutil.get_terminal_size((_PIPE, 24)).columns if terminal else _PIPE
        colour = terminal and not os.environ.get("NO_COLOR")
        look = diff_text.Look(max(width, _LEAST_WIDTH), colour, everything)
        if isinstance(found, Variation):
            return diff_text.variation(found, look)
        return diff_text.comparison(found, look, history)
    if form is Format.JSON:
        if isinstance(found, Variation):
            return diff_json.variation(found)
        return diff_json.comparison(found, history)
    if isinstance(found, Variation):
        return diff.variation(found, everything=everything)
    return diff.comparison(found, history, everything=everything)


def _draw(found: Outcome, plot: Path, align: Align) -> None:
    figure = found.figure
    if figure is None:
        axes = {Align.STEP: "steps", Align.EPOCH: "epochs or steps"}.get(align, "tokens or steps")
        say(f"runarchive: no two of the runs have a loss over {axes}; nothing was drawn")
        return
    if figure.note:
        say(f"runarchive: {figure.note}")
    try:
        let_go(plot)
        plot.write_bytes(figure.svg if plot.suffix.lower() == ".svg" else figure.png)
    except OSError as fault:
        hint = "choose another --plot"
        raise ArchiverError(str(plot), fault.strerror or "cannot be written", hint) from None
