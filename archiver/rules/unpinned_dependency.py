"""A package came from a checkout whose state is not recorded.

What it finds
    A package that was installed from a repository or as editable without a commit, or whose
    checkout had changes that were not committed, where nothing else is known of the repository.
    The project itself in its own lockfile does not count.

Why it matters
    Its version number says nothing: the code behind it can have been anything, and is gone when
    the checkout moves on.

Example
    note    provenance/pip-freeze.txt:2 [RA705 unpinned-dependency]
            1 package came from a checkout of unknown state: codex_ml (no commit)

What to do
    Install from a commit (`name @ git+https://…@<commit>`) or a release, and commit before a
    run is started.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from archiver.extension import Case, Hit, Rule, Severity
from archiver.model.findings import Place
from archiver.model.record import Dependency
from archiver.wording import cut, listed

_CHECKOUT = re.compile(r"(?:^|, )(?:editable|git|vcs)(?:,|$)|\bfrom (?:git|hg|svn|bzr)\+")
_SHOWN = 12


def check(case: Case) -> Iterator[Hit]:
    """One finding for the whole run; a package that several artifacts list counts once."""
    # Of a repository that was looked at, its changes are told by a rule of their own.
    seen = {repository.commit for repository in case.record.repositories if repository.commit}
    found: dict[str, Dependency] = {}
    for item in case.record.dependencies:
        if item.state == "present" and item.commit not in seen and _is_unpinned(item):
            found.setdefault(item.name, item)
    if found:
        noun = "package" if len(found) == 1 else "packages"
        told = listed([_told(item) for item in found.values()])
        first, *others = found.values()
        related = tuple(Place(item.at, f"{cut(item.name)} is named here") for item in others[:5])
        yield Hit(
            f"{len(found)} {noun} came from a checkout of unknown state: {told}", first.at, related
        )


def _is_unpinned(item: Dependency) -> bool:
    if item.dirty:
        return True
    note = item.note or ""
    own = item.kind == "locked" and note.startswith("editable")
    return item.commit is None and not own and _CHECKOUT.search(note) is not None


def _told(item: Dependency) -> str:
    if not item.dirty:
        return f"{cut(item.name)} (no commit)"
    commit = f"commit {item.commit[:_SHOWN]}" if item.commit else "no commit"
    return f"{cut(item.name)} ({commit}, with changes)"


RULE = Rule(
    id="RA705",
    name="unpinned-dependency",
    summary="A package came from a checkout whose state is not recorded",
    severity=Severity.NOTE,
    check=check,
)
