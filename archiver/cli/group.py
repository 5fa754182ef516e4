"""The commands, each imported and made by typer when it is asked for.

typer makes all commands of an application before it looks at the command line. One command needs
none of the others, and to look at what they all take costs more than many commands do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

import click
import typer
from typer.core import TyperGroup

Function: TypeAlias = Callable[..., int]


def _collect() -> Function:
    from archiver.cli import collect

    return collect.command


def _metrics() -> Function:
    from archiver.cli import metrics

    return metrics.command


def _diff() -> Function:
    from archiver.cli import diff

    return diff.command


def _validate() -> Function:
    from archiver.cli import validate

    return validate.command


def _rules() -> Function:
    from archiver.cli import rules

    return rules.listing


def _explain() -> Function:
    from archiver.cli import rules

    return rules.explain


def _schemas() -> Function:
    from archiver.cli import schemas

    return schemas.command


class Place(NamedTuple):
    """What `--help` says of a command beside its name, and what imports it."""

    short_help: str
    imported: Callable[[], Function]


PLACES = {
    "collect": Place("Archive a run, or every run below a directory.", _collect),
    "metrics": Place("Sum up the series of a run or of an archive.", _metrics),
    "diff": Place("Tell what really changed between runs.", _diff),
    "validate": Place("Audit runs, archives and single artifacts.", _validate),
    "rules": Place("List what the audit checks.", _rules),
    "explain": Place("Tell all about one rule of the audit.", _explain),
    "schemas": Place("List or print the schemas of artifacts.", _schemas),
}
"""By name, in the order of `--help`."""


class Commands(Mapping[str, click.Command]):
    """The commands by name; to look at the names makes none of them."""

    def __init__(self) -> None:
        self._made: dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        if name not in self._made:
            self._made[name] = _made(name, PLACES[name])
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(PLACES)

    def __len__(self) -> int:
        return len(PLACES)

    def __contains__(self, name: object) -> bool:
        return name in PLACES


class Group(TyperGroup):
    """The application, as typer makes it, with the commands that are there."""

    def __init__(self, **attributes: Any) -> None:  # noqa: ANN401
        super().__init__(**attributes)
        self.suggest_commands = False  # click names the command that was meant by itself.
        self.commands = Commands()  # type: ignore[assignment]  # Nobody adds to them.

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The names, in the order of `--help`."""
        return list(self.commands)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of a name, None where there is none."""
        if cmd_name not in self.commands:
            return None
        return self.commands[cmd_name]  # A fault in what is imported must not pass for no command.


def _made(name: str, place: Place) -> click.Command:
    """One command, with everything that it takes."""
    alone = typer.Typer(add_completion=False, rich_markup_mode=None)
    alone.command(name, short_help=place.short_help)(place.imported())
    return typer.main.get_command(alone)
