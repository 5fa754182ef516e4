"""Errors of the user or of the machine, and the exit codes of every command.

Bad data in a run never raises: it becomes a `Problem` of the record.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes, named once."""

    OK = 0
    FINDINGS = 1
    """Findings, differences, failed verification; `collect`: archived, some files unreadable."""
    USAGE = 2
    """Could not do what was asked: usage, input or output."""
    INTERNAL = 3
    """A fault of runarchive itself."""
    INTERRUPTED = 130


class ArchiverError(Exception):
    """What was asked cannot be done; shown once, as one line, by the command line.

    Attributes:
        subject: the path or option at fault.
        fault: what is wrong with it.
        hint: what to do next.
    """

    def __init__(self, subject: str, fault: str, hint: str = "") -> None:
        super().__init__(subject, fault, hint)
        self.subject = subject
        self.fault = fault
        self.hint = hint

    def __str__(self) -> str:
        line = f"{self.subject}: {self.fault}"
        return f"{line}; {self.hint}" if self.hint else line
