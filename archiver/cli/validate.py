"""`runarchive validate`."""

# Annotations are no texts here, as they are elsewhere: typer would evaluate each of them twice.

import datetime as dt
import json
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archiver.cli.choices import Hash
from archiver.cli.terminal import ProgressLine, say, write
from archiver.errors import ArchiverError, ExitCode

if TYPE_CHECKING:
    from archiver.extension import Encoder, Help, Rule
    from archiver.model.findings import Report
    from archiver.policy import Policy


FORMATS = ("text", "json", "sarif", "junit", "github")
"""The outputs that come with runarchive, as `--help` names them without importing any."""


class FailOn(StrEnum):
    """From which severity on findings fail the command."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"
    NEVER = "never"


def command(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PATH]...",
            help="Run directories, directories that hold runs or archives, single artifacts."
            " Default: the current directory.",
        ),
    ] = None,
    form: Annotated[
        str,
        typer.Option(
            "--format",
            metavar=f"[{'|'.join(FORMATS)}]",
            help="Form of the report; installed plugins may add others.",
        ),
    ] = FORMATS[0],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write the report to a file."),
    ] = None,
    fail_on: Annotated[
        FailOn | None,
        typer.Option(help="Exit with 1 from this severity on. Default: the policy's, else error."),
    ] = None,
    select: Annotated[
        list[str] | None,
        typer.Option(metavar="RULE", help="Run only these: id, name or pattern. Repeatable."),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(metavar="RULE", help="Keep these quiet: id, name or pattern. Repeatable."),
    ] = None,
    require: Annotated[
        list[str] | None,
        typer.Option(metavar="FIELD", help="A fact that must be recorded. Repeatable."),
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The policy. Default: the nearest runarchive.toml or [tool.runarchive] in"
            " pyproject.toml at or above the current directory, never one inside a run.",
        ),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="An earlier report (--format json): only new findings count."
        ),
    ] = None,
    schema: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Hold the given files to this schema."),
    ] = None,
    skip_unknown: Annotated[
        bool,
        typer.Option(
            "--skip-unknown", help="Pass over given files of no known kind, as hooks need it."
        ),
    ] = False,
    hashed: Annotated[
        Hash, typer.Option("--hash", help="Files to hash, for recorded digests.")
    ] = Hash.ARTIFACTS,
) -> int:
    """Audit runs: schemas, contracts and what their artifacts say of each other.

    Nothing is written to a run, and nothing in it is executed. Exit codes: 0 fine, 1 findings
    at or above --fail-on, 2 something could not be looked at.
    """
    from archiver import registry
    from archiver.workflows import validating
    from archiver.workflows.options import ValidateOptions

    encoder = registry.output(form)
    _refuse_no_place(output)
    asked = _policy(policy, fail_on, select or (), ignore or (), require or ())
    options = ValidateOptions(
        policy=asked,
        schema=schema,
        baseline=_baseline(baseline) if baseline is not None else frozenset(),
        skip_unknown=skip_unknown,
        hash=hashed.value,
        output=output,
    )
    progress = ProgressLine(sys.stderr)
    try:
        verdict = validating.validate(paths or ["."], options, dt.datetime.now(dt.UTC), progress)
    finally:
        progress.close()
    if verdict.report.runs or not verdict.failures:
        write(encoder.encode(verdict.report, _book(encoder), _coloured(output)), output)
    if verdict.skipped:
        number = len(verdict.skipped)
        files = (
            "1 file of no known kind was"
            if number == 1
            else f"{number} files of no known kind were"
        )
        say(f"{files} passed over")
    for fault in verdict.failures:
        say(f"runarchive: {fault}")
    return _code(verdict.report, asked, failed=bool(verdict.failures), crashed=verdict.crashed)


def _book(encoder: "Encoder") -> "Mapping[str, Help]":
    """The rules' pages, for the outputs that tell them."""
    if not encoder.explains:
        return {}
    from archiver import registry, rulebook

    return rulebook.book(registry.rules())


def _code(
    report: "Report", policy: "Policy", *, failed: bool, crashed: tuple[str, ...]
) -> ExitCode:
    """The exit code; the graver fault hides the lesser one, never the other way round."""
    if crashed:
        say(f"runarchive: internal error in rules {', '.join(crashed)}")
        say("This is a fault of runarchive. Please report it with the output of --debug.")
        return ExitCode.INTERNAL
    if failed:
        return ExitCode.USAGE
    worst = max((finding.severity.rank for finding in report.findings), default=0)
    if policy.fail_on is not None and worst >= policy.fail_on.rank:
        return ExitCode.FINDINGS
    return ExitCode.OK


def _policy(
    path: Path | None,
    fail_on: FailOn | None,
    select: list[str] | tuple[()],
    ignore: list[str] | tuple[()],
    require: list[str] | tuple[()],
) -> "Policy":
    """The policy in force, with what the command line adds to it."""
    from archiver import policy as policies
    from archiver.model.findings import Severity

    found = path if path is not None else policies.nearest(_here())
    asked = policies.Policy()
    if found is not None:
        asked = policies.load(found, _rules(), explicit=path is not None)
    if fail_on is not None:
        word = None if fail_on is FailOn.NEVER else Severity(fail_on.value)
        asked = replace(asked, fail_on=word)
    if select:
        asked = replace(asked, select=tuple(select))
    if ignore:
        item = policies.Ignore(tuple(ignore), "--ignore on the command line")
        asked = replace(asked, ignores=(*asked.ignores, item))
    asked = replace(asked, require=(*asked.require, *require))
    if select or ignore:
        policies.check(asked, _rules(), "command line")
    if asked.require:
        _refuse_no_fields(asked.require)
        # What is required is asked for, whichever rules are.
        asked = replace(asked, select=(*asked.select, "required-fact-missing"))
    return asked


def _refuse_no_fields(names: Iterable[str]) -> None:
    """Refuse to require what no run records.

    Raises:
        ArchiverError: when a name is no field's.
    """
    from archiver.model import fields

    for name in names:
        if not fields.is_claimable(name):
            hint = "`docs/fields.md` lists the fields"
            raise ArchiverError(f"--require {name}", "is no field of a run", hint)


def _here() -> Path:
    """The current directory.

    Raises:
        ArchiverError: when it was removed.
    """
    try:
        return Path.cwd()
    except OSError as fault:
        hint = "change to a directory that exists"
        raise ArchiverError("the current directory", fault.strerror or "", hint) from None


def _rules() -> "tuple[Rule, ...]":
    from archiver import registry

    return registry.rules()


def _baseline(path: Path) -> frozenset[str]:
    """Fingerprints of the findings of an earlier report."""
    hint = "give what `runarchive validate --format json` printed"
    try:
        report = json.loads(path.read_bytes())
        return frozenset(
            finding["fingerprint"]
            for run in report["runs"]
            for part in ("findings", "known")
            for finding in (run["findings"] if part == "findings" else run.get(part, ()))
        )
    except OSError as fault:
        raise ArchiverError(str(path), fault.strerror or "cannot be read", hint) from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ArchiverError(str(path), "is no report of validate", hint) from None


def _coloured(output: Path | None) -> bool:
    """Whether a terminal is looking that can show colours, and nobody asked for none."""
    if output is not None or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return sys.stdout.isatty()


def _refuse_no_place(output: Path | None) -> None:
    """Refuse a report's place that is none before the audit, instead of losing it afterwards.

    Raises:
        ArchiverError: when it is a directory, or lies in none.
    """
    if output is None:
        return
    hint = "choose another --output"
    if output.is_dir():
        raise ArchiverError(str(output), "is a directory", hint)
    if not output.parent.is_dir():
        raise ArchiverError(str(output), "lies in no directory that exists", hint)
