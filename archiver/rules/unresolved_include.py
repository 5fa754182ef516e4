"""A configuration includes a file that is not there, or the same file twice.

What it finds
    `INCLUDE` of LLMRunner's settings that names a file which the run does not hold, names no
    file at all, or leads to the same file over two ways, which stops the producer's loader.

Why it matters
    What the missing file sets is unknown, and so are the values that later files override.

Example
    warning configs/experiments/a/pipeline.py:1 [RA205 unresolved-include]
            configs/common/base.py is included and not there; its settings are missing

What to do
    Copy the shared settings into the run, or give the directory that holds them with `--with`.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver.extension import Case, Hit, Rule, Severity
from archiver.model.claims import Problem
from archiver.model.findings import Place
from archiver.wording import counted

_CODES = frozenset({"include-missing", "include-twice", "include-unresolved"})
_SHOWN = 10


def check(case: Case) -> Iterator[Hit]:
    """One hit per including file, at its first include that fails."""
    files: dict[tuple[str, str], list[Problem]] = {}
    for problem in case.problems(*_CODES):
        files.setdefault((problem.at.scope, problem.at.path), []).append(problem)
    for first, *rest in files.values():
        more = (
            f" ({counted(len(rest), 'more include fails', 'more includes fail')})" if rest else ""
        )
        places = tuple(Place(problem.at, problem.message) for problem in rest[:_SHOWN])
        yield Hit(f"{first.message}{more}", first.at, places, first.hint)


RULE = Rule(
    id="RA205",
    name="unresolved-include",
    summary="A configuration includes a file that is not there, or the same file twice",
    severity=Severity.WARNING,
    check=check,
    needs=frozenset(),
    codes=_CODES,
)
