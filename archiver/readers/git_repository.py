"""Git repositories that lie in a run: what is checked out, and what makes git itself dangerous.

Read are `HEAD`, `config`, `config.worktree`, `packed-refs`, the branch's own reference,
`commondir`, `objects/info/alternates` and the names and modes of hooks; never an object. A
repository is a directory `.git`, a `.git` file that names one elsewhere (submodules, linked
working trees), or any directory that git takes for a bare repository: `HEAD`, `config` and
`objects`.

What is checked out is so *now*: nobody knows whether it was while the run went on, so it is no
claim about the run's commit, and stands in the extras. The layout is that of
gitrepository-layout(5).
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import dataclass, field

from archiver.artifact import Artifact, Match
from archiver.codecs.flaws import Flaws
from archiver.extension import PointSink, Reader, Selection
from archiver.gitstate.config import CONFIG_BYTES, Config, parse_config
from archiver.gitstate.hazards import HAZARDS_MOST, Hazard, alternates, hazards
from archiver.gitstate.references import (
    PACKED_BYTES,
    SMALL_BYTES,
    Head,
    git_file,
    packed_ref,
    parse_head,
    parse_ref,
)
from archiver.model.claims import Problem
from archiver.model.paths import joined
from archiver.model.reading import Reading
from archiver.model.record import Accounting
from archiver.model.values import Value
from archiver.rundir import Entry, Tree

_FILES = (
    "HEAD", "config", "config.worktree", "packed-refs", "commondir", "objects/info/alternates",
    "objects/info/http-alternates",
)  # fmt: skip
_HOOKS_MOST = 64
_REFS_MOST = 2_000
"""Branches that may be the one that is checked out."""
_STORES = ("objects", "refs", "packed-refs")


@dataclass
class Repository:
    """What a repository's files say."""

    head: Head | None = None
    commit: str | None = None
    remote: str | None = None
    elsewhere: str | None = None
    """Where a `.git` file says that the repository lies."""
    configs: list[tuple[Entry, Config]] = field(default_factory=list)
    hazards: list[tuple[Entry, Hazard]] = field(default_factory=list)
    hooks: list[Entry] = field(default_factory=list)
    """Those that git would run."""
    read: int = 0
    flaws: Flaws = field(default_factory=Flaws)


def select(tree: Tree) -> Iterator[Selection]:
    """`.git` files, and directories that git would take for a repository."""
    for entry in tree.named(".git"):
        yield Selection(entry.path, (entry,))
    for home in dict.fromkeys(entry.parent for entry in tree.named("HEAD", "config")):
        if home.rpartition("/")[2] == ".git" or _is_bare(tree, home):
            yield Selection(home, tuple(_own(tree, home)))


def _is_bare(tree: Tree, home: str) -> bool:
    own = tree.by_path
    named = bool(home) and f"{home}/HEAD" in own and f"{home}/config" in own
    return named and any(tree.holds(f"{home}/{store}") for store in _STORES)


def _own(tree: Tree, home: str) -> Iterator[Entry]:
    for name in _FILES:
        entry = tree.by_path.get(f"{home}/{name}")
        if entry is not None and entry.type == "file":
            yield entry
    hooks = tree.directories.get(f"{home}/hooks", ())
    yield from [item for item in hooks if not item.name.endswith(".sample")][:_HOOKS_MOST]
    yield from tree.directories.get(f"{home}/refs/heads", ())[:_REFS_MOST]


def detect(artifact: Artifact) -> Match:
    """A head that git would accept, or a `.git` file that names a directory."""
    if artifact.path == artifact.entry.path:
        return Match.YES if git_file(artifact.head()) is not None else Match.NO
    if _head(artifact) is not None:
        return Match.YES
    return Match.DAMAGED if artifact.name == ".git" else Match.NO


def _head(artifact: Artifact) -> Head | None:
    """What `HEAD` says; long ago it was a link to the branch."""
    if artifact.entry.name == "HEAD":
        return parse_head(artifact.head())
    link = artifact.tree.by_path.get(f"{artifact.path}/HEAD")
    target = link.target if link is not None else None
    return parse_head(f"ref: {target}".encode()) if target else None


def parse(artifact: Artifact) -> Repository:
    """Read each file once; what hooks hold is never read."""
    found = Repository()
    if artifact.path == artifact.entry.path:
        _git_file(found, artifact)
        return found
    by_name = {entry.path.removeprefix(f"{artifact.path}/"): entry for entry in artifact.files}
    found.head = _head(artifact)
    found.read += artifact.entry.name == "HEAD"
    if found.head is None:
        found.flaws.add("unexpected-value", "HEAD names no branch and no commit")
    for name in ("config", "config.worktree"):
        _config(found, artifact, by_name.get(name))
    for name in ("objects/info/alternates", "objects/info/http-alternates"):
        entry = by_name.get(name)
        data = _content(found, artifact, entry)
        if entry is not None:
            told = alternates(data, f"{artifact.path}/objects")
            found.hazards += [(entry, hazard) for hazard in told][:HAZARDS_MOST]
    _common(found, artifact, by_name.get("commondir"))
    _checked_out(found, artifact, by_name)
    for entry in artifact.files:
        if entry.parent == f"{artifact.path}/hooks" and _is_executable(artifact, entry):
            found.hooks.append(entry)
    return found


def _content(
    found: Repository, artifact: Artifact, entry: Entry | None, most: int = SMALL_BYTES
) -> bytes:
    if entry is None:
        return b""
    found.read += 1
    if entry is artifact.entry:  # recognition opened it already
        return artifact.open(entry).read_at(0, most)
    return artifact.content(entry, most)


def _git_file(found: Repository, artifact: Artifact) -> None:
    entry = artifact.entry
    found.elsewhere = git_file(_content(found, artifact, entry))
    if found.elsewhere is None or joined(entry.parent, found.elsewhere) is None:
        where = (found.elsewhere or "nowhere")[:200]
        hazard = Hazard(f"the repository lies in {where}, outside of the run", 1)
        found.hazards.append((entry, hazard))


def _config(found: Repository, artifact: Artifact, entry: Entry | None) -> None:
    data = _content(found, artifact, entry, CONFIG_BYTES + 1)
    if entry is None:
        return
    config = parse_config(data, artifact.limits)
    found.configs.append((entry, config))
    told = [(entry, hazard) for hazard in hazards(config, artifact.path)]
    found.hazards += told[:HAZARDS_MOST]
    found.remote = found.remote or config.last("remote", "url", "origin")


def _common(found: Repository, artifact: Artifact, entry: Entry | None) -> None:
    """A linked working tree's own part names the directory that holds the rest."""
    where = _content(found, artifact, entry).decode("utf-8", "replace").strip()
    if entry is not None and joined(artifact.path, where) is None:
        hazard = Hazard(f"the repository lies in {where[:200]}, outside of the run", 1)
        found.hazards.append((entry, hazard))


def _checked_out(found: Repository, artifact: Artifact, by_name: dict[str, Entry]) -> None:
    if found.head is None:
        return
    found.commit, ref = found.head.commit, found.head.ref
    if ref is not None and ref in by_name:
        found.commit = parse_ref(_content(found, artifact, by_name[ref]))
    packed = by_name.get("packed-refs")
    if ref is not None and found.commit is None and packed is not None:
        data = _content(found, artifact, packed, PACKED_BYTES)
        found.commit = packed_ref(data, ref)


def _is_executable(artifact: Artifact, entry: Entry) -> bool:
    """Whether git would run a hook: its mode says so, its content is of no interest."""
    executable = bool(artifact.open(entry).status.st_mode & stat.S_IXUSR)
    artifact.release(entry)
    return executable


def to_reading(found: Repository, artifact: Artifact, _points: PointSink) -> Reading:
    """Hazards as problems; what is checked out as extras."""
    problems = [*_problems(found, artifact), *artifact.problems(found.flaws)]
    for entry, config in found.configs:
        problems += artifact.problems(config.flaws, entry.path)
    corrupt = sum(not config.complete for _, config in found.configs) + bool(found.flaws)
    listed = len(artifact.files) - found.read
    return Reading(
        problems=tuple(problems),
        accounting=Accounting(
            artifact.path,
            READER.kind,
            artifact.size,
            read=max(0, found.read - corrupt),
            dropped=listed,
            corrupt=corrupt,
            reasons={"only-listed": listed} if listed else {},
            scope=artifact.run.scope,
        ),
        extras=_extras(found),
    )


def _problems(found: Repository, artifact: Artifact) -> Iterator[Problem]:
    hint = "do not run git there; look with a copy that holds none of it"
    for entry, hazard in found.hazards:
        place = f"L{hazard.line}" if hazard.line else ""
        yield Problem("git-hazard", hazard.message, artifact.at(place, entry.path), hint)
    if found.hooks:
        names = ", ".join(entry.name[:40] for entry in found.hooks[:5])
        more = f" and {len(found.hooks) - 5} more" if len(found.hooks) > 5 else ""
        message = f"git would run its hooks: {names}{more}"
        yield Problem("git-hook", message, artifact.at("", found.hooks[0].path))


def _extras(found: Repository) -> dict[str, Value]:
    told: dict[str, Value] = {
        "branch_now": found.head.branch if found.head else None,
        "commit_now": found.commit,
        "remote": found.remote,
        "repository": found.elsewhere,
    }
    return {key: value for key, value in told.items() if value is not None}


READER = Reader(
    name="git_repository",
    kind="git.repository",
    summary="Git repositories in a run: what is checked out now, and what makes them dangerous",
    select=select,
    detect=detect,
    parse=parse,
    map=to_reading,
    # What lies around the runs of an experiment is dangerous to whoever handles one of them.
    shared=True,
)
