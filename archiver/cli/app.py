"""The application, and the one place where errors become messages and codes."""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
import traceback
from typing import Annotated, NoReturn

import click
import typer

from archiver import __version__
from archiver.cli.group import Group
from archiver.cli.terminal import say, survive_any_encoding, survive_closed_streams
from archiver.codecs.visible import safe
from archiver.errors import ArchiverError, ExitCode

app = typer.Typer(
    name="runarchive",
    cls=Group,
    help="Archive and audit finished machine-learning runs, without ever executing them.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"runarchive {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    *,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of errors.")] = False,
    version: Annotated[  # noqa: ARG001
        bool,
        typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """Options that stand before every command."""
    # Libraries stay silent: theirs is not what a user debugs.
    logging.basicConfig(level=logging.CRITICAL + 1)
    logging.getLogger("archiver").setLevel(logging.DEBUG if debug else logging.NOTSET)


def main() -> NoReturn:
    """Run the command line and exit with its code."""
    survive_closed_streams()
    survive_any_encoding()
    signal.signal(signal.SIGTERM, _terminate)
    code = run(sys.argv[1:])
    for stream, descriptor in ((sys.stdout, 1), (sys.stderr, 2)):
        try:
            stream.flush()
        except OSError:
            # The reader went away; Python must not try again while it shuts down.
            os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)
    gc.freeze()  # What is left goes with the process; looking through it once more takes a while.
    sys.exit(code)


def _terminate(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def run(arguments: list[str]) -> int:
    """Run one command; every outcome becomes an exit code here."""
    debug = "--debug" in arguments
    try:
        return _invoke(arguments)
    except ArchiverError as error:
        if debug:
            traceback.print_exc()
        say(f"runarchive: {error}")
        return ExitCode.USAGE
    except click.ClickException as error:
        return _usage(error)
    except (KeyboardInterrupt, click.Abort):
        say("runarchive: interrupted; archives already written are complete")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        return ExitCode.OK
    except OSError as fault:
        if debug:
            traceback.print_exc()
        say(f"runarchive: {fault.filename or 'standard output'}: {fault.strerror}")
        return ExitCode.USAGE
    except Exception as error:  # noqa: BLE001  one of the three places: our own fault
        if debug:
            traceback.print_exc()
        _own_fault(error)
        return ExitCode.INTERNAL


def _invoke(arguments: list[str]) -> int:
    try:
        result = app(arguments, standalone_mode=False)
    except SystemExit:
        return ExitCode.OK  # So typer answers a reader of stdout that went away.
    except click.ClickException as error:
        if type(error).__name__ != "NoArgsIsHelpError":
            raise
        typer.echo(error.format_message())
        return ExitCode.OK
    if result == ExitCode.INTERRUPTED:
        raise KeyboardInterrupt  # So typer answers one.
    return result if isinstance(result, int) else ExitCode.OK


def _usage(error: click.ClickException) -> int:
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "runarchive"
    say(f"runarchive: {error.format_message()}; `{command} --help` tells the options")
    return ExitCode.USAGE


def _own_fault(error: Exception) -> None:
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{last.filename.rpartition('/')[2]}:{last.lineno}"
    text = safe(f"{type(error).__name__}: {error}")[:500]
    say(f"runarchive: internal error in {where}: {text}")
    say("This is a fault of runarchive. Please report it with the output of --debug.")
