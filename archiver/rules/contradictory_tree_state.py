"""What is recorded of a checkout contradicts itself.

What it finds
    A checkout that is said to be clean and has changed files listed, one that is said to be dirty
    by a producer which lists changes and has none, and one repository of which artifacts of the
    run state different commits. Different commits of the training code itself are conflicting
    claims (RA201).

Why it matters
    One of the two statements is wrong, and with it the answer to what ran. Different commits of
    one dependency mean that parts of the run were made with different code.

Example
    warning run_metadata.json:6:14 [RA304 contradictory-tree-state]
            CoordExp is said to be clean, and 2 changed files are listed: " M src/train.py", "??
            src/loss.py"

What to do
    Look at how the producer asks git: a warning in its output, another working directory, or a
    file that was edited by hand explain most of it.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver.extension import Case, Hit, Rule, Severity
from archiver.model.findings import Place
from archiver.model.record import Repository
from archiver.wording import counted, cut, listed, shown

_LISTING = frozenset({"coordexp.run_metadata"})
"""Kinds whose artifacts list the changes of a dirty checkout of the training code."""
_SHOWN = 3
_MOST = 10


def check(case: Case) -> Iterator[Hit]:
    """Each checkout by itself, then each repository with several commits."""
    commits: dict[tuple[str, str], dict[str, Repository]] = {}
    for item in case.record.repositories:
        yield from _flag_against_list(case, item)
        if item.commit and item.role != "run":
            named = (item.role, item.remote or item.name)
            commits.setdefault(named, {}).setdefault(item.commit, item)
    for found in commits.values():
        yield from _several_commits(list(found.values()))


def _flag_against_list(case: Case, item: Repository) -> Iterator[Hit]:
    if item.dirty is False and item.status:
        files = counted(len(item.status), "changed file is", "changed files are")
        first = listed(map(shown, item.status), _SHOWN)
        yield Hit(f"{cut(item.name)} is said to be clean, and {files} listed: {first}", item.at)
    if item.dirty and not item.status and item.role == "run" and case.kind_of(item.at) in _LISTING:
        yield Hit(f"{cut(item.name)} is said to be dirty, and no changed file is listed", item.at)


def _several_commits(items: list[Repository]) -> Iterator[Hit]:
    first, *rest = items
    others = [item for item in rest if not _same(first.commit or "", item.commit or "")]
    if others:
        where = cut(others[0].at.path, 120)
        yield Hit(
            f"{cut(first.name)} is at commit {shown(first.commit, 42)} here and at "
            f"{shown(others[0].commit, 42)} in {where}",
            first.at,
            tuple(Place(item.at, f"commit {shown(item.commit, 42)}") for item in others[:_MOST]),
        )


def _same(one: str, other: str) -> bool:
    """Whether one is an abbreviation of the other."""
    return one.startswith(other) or other.startswith(one)


RULE = Rule(
    id="RA304",
    name="contradictory-tree-state",
    summary="What is recorded of a checkout contradicts itself",
    severity=Severity.WARNING,
    check=check,
    needs=frozenset(),
)
