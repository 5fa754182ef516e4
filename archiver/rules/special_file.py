"""Something in the run is no file that could be kept.

What it finds
    Named pipes and sockets (a note), and devices (a warning). They are listed and never opened.

Why it matters
    Nothing of them is in an archive. A program that opens a pipe waits for a writer that will never
    come; opening a device reads, or writes, hardware. No trainer leaves a device behind.

Example
    note    .ipc/worker-0 [RA904 special-file]
            a socket is no file and is not kept

What to do
    Remove it when the run has ended. Ask where a device came from before anything else is done with
    the directory.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver.extension import Case, Fact, Hit, Rule, Severity
from archiver.model.claims import Location
from archiver.model.findings import Place
from archiver.model.record import FileEntry

_SEVERITIES = {
    "fifo": Severity.NOTE,
    "socket": Severity.NOTE,
    "device": Severity.WARNING,
}
_NAMES = {"fifo": "named pipe", "socket": "socket", "device": "device"}
_MOST_RELATED = 20


def check(case: Case) -> Iterator[Hit]:
    """Each type once."""
    found: dict[str, list[FileEntry]] = {}
    for entry in case.files:
        if entry.type in _SEVERITIES:
            found.setdefault(entry.type, []).append(entry)
    for kind, (first, *others) in found.items():
        name = _NAMES[kind]
        if others:
            message = f"{len(others) + 1:,} {name}s are no files and are not kept"
        else:
            message = f"a {name} is no file and is not kept"
        related = tuple(Place(_at(item), f"a {name}") for item in others[:_MOST_RELATED])
        yield Hit(message, _at(first), related, severity=_SEVERITIES[kind])


def _at(entry: FileEntry) -> Location:
    return Location(entry.path, "", entry.scope)


RULE = Rule(
    id="RA904",
    name="special-file",
    summary="Something in the run is no file that could be kept",
    severity=Severity.NOTE,
    check=check,
    needs=frozenset({Fact.FILES}),
)
