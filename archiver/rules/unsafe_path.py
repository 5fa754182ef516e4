"""A name in an artifact would lead out of the directory that it belongs in.

What it finds
    Members of containers with absolute names, `..`, drive letters or control characters, and names
    of runs that are paths. They are taken as text; no file is looked for there, and nothing is
    unpacked.

Why it matters
    A tool that unpacks the container, or joins the name to a directory, writes or reads wherever
    the name says.

Example
    warning experiment_summary.yaml [RA906 unsafe-path]
            a run's name that is a path; no file was looked for there

What to do
    Unpack such a container with a tool that refuses these names. Ask who wrote it.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver import problem_hits
from archiver.extension import Case, Hit, Rule, Severity

_CODES: dict[str, Severity | None] = {
    "odd-name": Severity.WARNING,
    "unsafe-path": Severity.WARNING,
}


def check(case: Case) -> Iterator[Hit]:
    """Each artifact and code once."""
    return problem_hits.hits(case, _CODES)


RULE = Rule(
    id="RA906",
    name="unsafe-path",
    summary="A name in an artifact would lead out of the directory that it belongs in",
    severity=Severity.WARNING,
    check=check,
    needs=frozenset(),
    codes=frozenset(_CODES),
)
