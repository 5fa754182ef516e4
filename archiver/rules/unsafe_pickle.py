"""Loading a file of the run would import or run code.

What it finds
    Checkpoints and other pickles that name functions which no model needs and attacks are made of,
    such as `os.system` (a warning), or classes of the project that wrote them (a note: loading
    imports that code). The files are read as data; nothing is loaded. Files that name the same
    things are one finding.

Why it matters
    A pickle is a program. `torch.load` without `weights_only=True`, and every older version of
    it, runs what the file says, with the rights of whoever loads it. Classes of a project also tie
    the weights to a version of its code.

Example
    warning checkpoints/best.ckpt [RA902 unsafe-pickle]
            loading it would run posix.system

What to do
    Load such files with `weights_only=True`, or not at all. Save weights as safetensors, or save
    the state dictionary alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver import problem_hits
from archiver.extension import Case, Hit, Rule, Severity
from archiver.model.claims import Problem
from archiver.model.findings import Place

_CODES = {"hostile-pickle": Severity.WARNING, "unsafe-pickle": Severity.NOTE}
_MOST_RELATED = 20


def check(case: Case) -> Iterator[Hit]:
    """Files that name the same things once."""
    alike: dict[tuple[str, str], list[Problem]] = {}
    for problem in case.problems(*_CODES):
        alike.setdefault((problem.code, problem.message), []).append(problem)
    for (code, message), (first, *others) in alike.items():
        tail = f" ({len(others) + 1:,} files)" if others else ""
        related = tuple(Place(item.at, "names the same") for item in others[:_MOST_RELATED])
        text = problem_hits.cut(message) + tail
        yield Hit(text, first.at, related, first.hint, _CODES[code])


RULE = Rule(
    id="RA902",
    name="unsafe-pickle",
    summary="Loading a file of the run would import or run code",
    severity=Severity.WARNING,
    check=check,
    needs=frozenset(),
    codes=frozenset(_CODES),
)
