"""The code had uncommitted changes, and nothing kept them.

What it finds
    Runs whose artifacts say that a checkout was dirty while no file of the run is a patch of its
    changes (`*.patch`, `*.diff`, a `git diff` under another name). The files that git listed are
    named.

Why it matters
    The commit is not what ran. The changes existed in one directory of one machine, and nobody
    can say any more what they were; untracked files are in no commit at all.

Example
    warning run_metadata.json:9:16 [RA301 dirty-tree-without-patch]
            CoordExp was dirty at cd05f3bdba80 (2 entries: " M src/train.py", "?? src/loss.py"),
            and no patch was kept

What to do
    Commit before training, or let the run write `git diff HEAD` and its untracked sources beside
    its results.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from archiver.extension import Case, Fact, Hit, Rule, Severity, Vouch
from archiver.model.claims import Location
from archiver.model.findings import Place
from archiver.model.record import Repository
from archiver.wording import counted, cut, listed, shown

_PATCH = re.compile(
    r"\.(?:patch|diff)(?:\.(?:gz|xz|zst|bz2))?\Z|(?:^|[._-])git[._-]?diff(?:[._-]|\Z)"
)
_SHOWN = 3
_MOST = 10


def check(case: Case) -> Iterator[Hit]:
    """At most one hit, of the run; several checkouts stand as related places."""
    if any(_PATCH.search(entry.path.rpartition("/")[2].lower()) for entry in case.files):
        return
    dirty = _dirty(case)
    if dirty:
        at, words = dirty[0]
        more = f"; {listed((words for _, words in dirty[1:]), 2)}" if dirty[1:] else ""
        places = tuple(Place(at, words) for at, words in dirty[1:_MOST])
        yield Hit(f"{words}{more}, and no patch was kept", at, places)


def _dirty(case: Case) -> list[tuple[Location, str]]:
    """Where each checkout is said to be dirty, and how; the run's own first."""
    found: dict[tuple[str, str, str | None], tuple[Location, str]] = {}
    for item in case.record.repositories:
        if item.dirty:
            found.setdefault((item.role, item.name, item.commit), (item.at, _words(item)))
    ranked = [
        said for (role, _, _), said in sorted(found.items(), key=lambda pair: pair[0][0] != "run")
    ]
    field = case.field("summary.git_dirty")
    if field is not None and field.value is True and not any(key[0] == "run" for key in found):
        ranked.insert(0, (field.at, "the training code was dirty"))
    return ranked


def _words(item: Repository) -> str:
    at = f" at {item.commit[:12]}" if item.commit else ""
    return f"{cut(item.name)} was dirty{at}{_entries(item)}"


def _entries(item: Repository) -> str:
    if not item.status:
        return ""
    number = (
        f"{len(item.status)} or more entries"
        if item.status_cut
        else counted(len(item.status), "entry", "entries")
    )
    if all(entry.startswith("??") for entry in item.status):
        number += ", all untracked"
    return f" ({number}: {listed(map(shown, item.status), _SHOWN)})"


RULE = Rule(
    id="RA301",
    name="dirty-tree-without-patch",
    summary="The code had uncommitted changes, and nothing kept them",
    severity=Severity.WARNING,
    check=check,
    needs=frozenset({Fact.RUN, Fact.FILES}),
    vouches=Vouch("the uncommitted changes", essential=True, told=False),
)
