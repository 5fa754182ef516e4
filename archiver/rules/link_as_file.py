"""A file holds nothing but the name of another, as a copied link does.

What it finds
    Files that should hold a checkpoint and hold one line with the name of a file beside them.
    Some tools copy a symbolic link that way.

Why it matters
    A program that loads the checkpoint by that name fails, and the copy of the run is not what
    the run was.

Example
    warning checkpoints/last.ckpt [RA018 link-as-file]
            it holds nothing but the name epoch=2-step=18.ckpt, as a copied link does

What to do
    Use the file that it names. Copy runs with a tool that keeps links (`cp -a`, `rsync -a`).
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver import problem_hits
from archiver.extension import Case, Hit, Rule, Severity

_CODES: dict[str, Severity | None] = {
    "link-as-file": Severity.WARNING,
}


def check(case: Case) -> Iterator[Hit]:
    """Each artifact and code once."""
    return problem_hits.hits(case, _CODES)


RULE = Rule(
    id="RA018",
    name="link-as-file",
    summary="A file holds nothing but the name of another",
    severity=Severity.WARNING,
    check=check,
    needs=frozenset(),
    codes=frozenset(_CODES),
)
