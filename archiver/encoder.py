"""What an output format of findings is, as `archiver.extension` hands it on.

It stands by itself so that printing a report imports nothing of how runs are read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from archiver.model.findings import Report, Severity
from archiver.model.plain import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Help:
    """What an output may tell of a rule: the parts of its page."""

    id: str
    name: str
    summary: str
    severity: Severity
    finds: str
    matters: str
    example: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoder:
    """One output format of findings."""

    name: str
    summary: str
    encode: Callable[[Report, Mapping[str, Help], bool], str]
    """From the report, the rules' pages by id, and whether colour is wanted, to the text."""
    explains: bool = False
    """Whether it needs those pages; an output that does not is given none."""
