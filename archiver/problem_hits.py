"""Problems that were met while reading, told as hits: one for each artifact and code."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping

from archiver.case import Case, Hit
from archiver.model.claims import Location, Problem
from archiver.model.findings import Fact, Place, Severity

MOST_RELATED = 4
"""Further places that a hit names; codecs keep no more than five of one code."""
MOST_CHARACTERS = 500
"""Of a message; what a file holds may stand in it."""
INCOMPLETE_CHECKPOINT = "incomplete-checkpoint"
TRUNCATED = frozenset({
    "empty", "nul-bytes", "torn-line", "torn-record", "truncated", "unfinished",
})  # fmt: skip
"""Codes of artifacts that end before their content does."""
_WEIGHTS = "weights."
_MORE = re.compile(r"… and ([0-9]{1,18}) more\Z")
"""What `archiver.codecs.flaws` says of flaws that it only counted."""


def hits(
    case: Case, codes: Mapping[str, Severity | None], told: Container[Location] = ()
) -> Iterator[Hit]:
    """One hit for each artifact and code, at the first place, with the number of all.

    `codes` holds each code's severity; None: an error where a contract requires the artifact,
    else a warning. Places of `told` are left out: another rule speaks of them.
    """
    groups: dict[tuple[str, str, str], list[Problem]] = {}
    for problem in case.problems(*codes):
        if problem.at not in told:
            key = (problem.at.scope, problem.at.path, problem.code)
            groups.setdefault(key, []).append(problem)
    for (_, _, code), problems in groups.items():
        at = problems[0].at
        weight = codes[code] or (Severity.ERROR if case.is_required(at) else Severity.WARNING)
        yield _hit(problems, weight)


def torn_weights(case: Case) -> dict[Location, list[Problem]]:
    """Flaws of weights by the checkpoint's directory, where that is known not to be whole.

    Both say the same of one file; the checkpoint's finding speaks for them.
    """
    if not {Fact.RUN, Fact.FILES} <= case.facts:
        return {}
    torn: dict[Location, list[Problem]] = {
        Location(problem.at.path, "", problem.at.scope): []
        for problem in case.problems(INCOMPLETE_CHECKPOINT)
    }
    for problem in case.problems(*TRUNCATED) if torn else ():
        home = Location(problem.at.path.rpartition("/")[0], "", problem.at.scope)
        if home in torn and (case.kind_of(problem.at) or "").startswith(_WEIGHTS):
            torn[home].append(problem)
    return torn


def _hit(problems: list[Problem], severity: Severity) -> Hit:
    told = list(dict.fromkeys((one.at, one.message) for one in problems if not _more(one)))
    counted = sum(map(_more, problems))
    if not told:
        told = [(problems[0].at, problems[0].message)]
    (at, message), *others = told
    further = len(others) + counted
    tail = f" (and {further:,} more of this kind)" if further else ""
    related = tuple(Place(place, cut(text)) for place, text in others[:MOST_RELATED])
    return Hit(cut(message) + tail, at, related, problems[0].hint, severity)


def _more(problem: Problem) -> int:
    """How many flaws a problem stands for that were only counted; 0 for one that is told."""
    matched = _MORE.match(problem.message)
    return int(matched[1]) if matched else 0


def cut(message: str) -> str:
    """A message of bounded length."""
    return message if len(message) <= MOST_CHARACTERS else message[: MOST_CHARACTERS - 1] + "…"
