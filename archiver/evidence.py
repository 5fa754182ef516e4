"""What the record's status says of the evidence that it stands on."""

from __future__ import annotations

from archiver.model.claims import Location
from archiver.model.record import Resolved

_LONGEST = 1000
"""Characters of a detail that are looked at; messages show less."""


def detail(status: Resolved, at: Location) -> str:
    """What was seen at a place, in the words of the status' note; empty where it says nothing.

    The note lists every sign as `place: detail`, parted by semicolons.
    """
    text, start = status.note or "", f"{at}: "
    if text.startswith(start):
        begin = len(start)
    elif (found := text.find(f"; {start}")) >= 0:
        begin = found + len(start) + 2
    else:
        return ""
    told = text[begin : begin + _LONGEST]
    ends = [end for place in status.from_ if (end := told.find(f"; {place}: ")) >= 0]
    return told[: min(ends)] if ends else told
