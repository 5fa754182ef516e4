"""Area `code`: which commit of which repository ran, and in what state."""

from __future__ import annotations

import re
from collections.abc import Iterator

from archiver.diff.area import Told
from archiver.diff.facts import difference, joined, known, places
from archiver.diff.names import dotted
from archiver.diff.options import Options, RunData
from archiver.diff.packages import same_commit
from archiver.model.differences import MISSING, Area, Difference, Side, Significance
from archiver.model.record import Repository, Resolved, RunRecord

_SSH = re.compile(r"(?:ssh://)?(?:[\w.\-]+@)([\w.\-]+)[:/](?:\d+/)?")
_HTTP = re.compile(r"(?:https?|git)://(?:[^/@]*@)?")
_MOST_FILES = 50


def compare(a: RunData, b: RunData, options: Options) -> Told:
    """Each repository that both used, and the commit of the run where none is described."""
    found = [*_repositories(a.record, b.record)]
    if not any(
        repo.role == "run" for record in (a.record, b.record) for repo in record.repositories
    ):
        found += _fields(a.record, b.record)
    cautions = _cautions(a.record, b.record, options)
    nothing = not a.record.repositories and not b.record.repositories
    if nothing and all("summary.git_commit" not in run.record.fields for run in (a, b)):
        return Told(tuple(found), not_compared="neither run records its code")
    return Told(tuple(found), cautions)


def _repositories(a: RunRecord, b: RunRecord) -> Iterator[Difference]:
    for key, one, other in joined(_by_name(a), _by_name(b)):
        name = key[1] or key[0]
        at = places(one, other)
        if one is None or other is None:
            here = one or other
            state = here.commit or here.branch or "no commit recorded" if here else ""
            yield difference(
                Area.CODE,
                dotted((name,)),
                state if one else MISSING,
                state if other else MISSING,
                role=key[0],
                rank=_rank(key[0]),
                at=at,
            )
            continue
        yield from _states(key[0], name, one, other)


def _by_name(record: RunRecord) -> dict[tuple[str, str], Repository]:
    """Repositories by role and name; the run's own go by their role, whatever they are called."""
    own = [item for item in record.repositories if item.role == "run"]
    found: dict[tuple[str, str], Repository] = {}
    for item in record.repositories:
        name = "" if item.role == "run" and len(own) == 1 else item.name
        found.setdefault((item.role, name), item)
    return found


def _rank(role: str) -> int:
    return ("run", "upstream", "dependency").index(role) if role in ("run", "upstream") else 2


def _states(role: str, name: str, a: Repository, b: Repository) -> Iterator[Difference]:
    same = a.commit is not None and same_commit(a.commit, b.commit)
    # Of a commit that only one run recorded, state and branch say no more than that.
    lone = Significance.VOLATILE if (a.commit is None) is not (b.commit is None) else None
    sides: list[tuple[str, Side, Side, Significance]] = []
    if a.commit != b.commit:
        weight = Significance.EQUIVALENT if same else Significance.SIGNIFICANT
        sides.append(("commit", known(a.commit), known(b.commit), weight))
    if a.dirty is not b.dirty:
        sides.append(("dirty", known(a.dirty), known(b.dirty), lone or Significance.SIGNIFICANT))
    if a.branch != b.branch:
        # Of one commit, the branch is but a name.
        weight = lone or (Significance.VOLATILE if same else Significance.SIGNIFICANT)
        sides.append(("branch", known(a.branch), known(b.branch), weight))
    if a.remote != b.remote:
        alike = _address(a.remote) == _address(b.remote)
        weight = Significance.EQUIVALENT if alike else Significance.SIGNIFICANT
        sides.append(("remote", known(a.remote), known(b.remote), weight))
    if a.path != b.path:
        sides.append(("path", known(a.path), known(b.path), Significance.VOLATILE))
    if a.status != b.status and a.dirty and b.dirty:
        changed = [[*item.status[:_MOST_FILES]] for item in (a, b)]
        sides.append(("status", [*changed[0]], [*changed[1]], Significance.SIGNIFICANT))
    for key, left, right, weight in sides:
        yield difference(
            Area.CODE,
            dotted((name, key)),
            left,
            right,
            role=role,
            significance=weight,
            rank=_rank(role),
            at=(a.at, b.at),
        )


def _address(remote: str | None) -> str | None:
    """A remote without its protocol, user and ending: hosts are reached in several ways."""
    if remote is None:
        return None
    text = _HTTP.sub("", _SSH.sub(r"\1/", remote.strip(), count=1), count=1)
    return text.rstrip("/").removesuffix(".git").lower()


def _fields(a: RunRecord, b: RunRecord) -> Iterator[Difference]:
    for name in ("git_commit", "git_dirty"):
        one, other = (record.fields.get(f"summary.{name}") for record in (a, b))
        left, right = _value(one), _value(other)
        if left == right and type(left) is type(right):
            continue
        same = isinstance(left, str) and isinstance(right, str) and same_commit(left, right)
        yield difference(
            Area.CODE,
            dotted(("run", name.removeprefix("git_"))),
            left,
            right,
            role="run",
            significance=Significance.EQUIVALENT if same else Significance.SIGNIFICANT,
            rank=0,
            at=places(one, other),
        )


def _value(resolved: Resolved | None) -> Side:
    return MISSING if resolved is None else known(resolved.value)


def _cautions(a: RunRecord, b: RunRecord, options: Options) -> tuple[str, ...]:
    dirty = [_value(record.fields.get("summary.git_dirty")) is True for record in (a, b)]
    if not any(dirty):
        return ()
    which = options.both if all(dirty) else options.names[0 if dirty[0] else 1]
    return (
        f"{which} had changes that were not committed: the commit does not tell all of the code",
    )
