"""Two artifacts of the run state different facts about it.

What it finds
    Artifacts that contradict each other about the commit, whether the checkout was dirty, the
    version of Python or PyTorch, the GPU driver, the conda environment, the user, or the
    configuration that the run was started with. Only what artifacts state is compared, and by
    meaning: an abbreviated commit, `3.11` and `3.11.7`, `2.4.0` and `2.4.0+cu121` are no
    contradiction. Names, times and directories are not compared: each artifact means another
    thing by them.

Why it matters
    The record keeps one of the values, and the other may be the true one. Usually an artifact is
    left over from another run, was copied into this one, or the run was resumed with other code.

Example
    warning run_metadata.json:6:14 [RA201 conflicting-claims]
            summary.git_commit is "1f0c3d..." here and "9c1e7f..." in
            wandb/run-1/files/wandb-metadata.json

What to do
    Find out which artifact belongs to this run (its times and its id help), move the other one
    away, and archive again; or declare the true value with `--set FIELD=VALUE`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from archiver.extension import Case, Hit, Rule, Severity
from archiver.model.claims import Origin
from archiver.model.findings import Place
from archiver.model.record import Other, Resolved
from archiver.model.values import Value
from archiver.wording import counted, cut, shown

_COMMIT = re.compile(r"[0-9a-f]{7,64}\Z")
_VERSION = re.compile(r"\d+(?:\.\d+)+")
_MOST = 10


def check(case: Case) -> Iterator[Hit]:
    """One hit per field, with every artifact that says otherwise."""
    for name, comparison in _COMPARED.items():
        field = case.field(name)
        if field is not None and field.origin is Origin.RECORDED:
            losers = [item for item in field.others if _contradicts(field, item, comparison)]
            if losers:
                yield _hit(name, field, losers)


def _contradicts(field: Resolved, other: Other, differ: Callable[[Value, Value], bool]) -> bool:
    return (
        other.verdict == "different"
        and other.origin is Origin.RECORDED
        and differ(field.value, other.value)
    )


def _hit(name: str, field: Resolved, losers: list[Other]) -> Hit:
    first = losers[0]
    more = f" ({counted(len(losers) - 1, 'more artifact')} differ)" if len(losers) > 1 else ""
    where = cut(first.at.path, 120)
    return Hit(
        f"{name} is {shown(field.value)} here and {shown(first.value)} in {where}{more}",
        field.at,
        tuple(Place(item.at, f"{name} is {shown(item.value)}") for item in losers[:_MOST]),
    )


def _commits_differ(one: Value, other: Value) -> bool:
    """Text that is no commit (a tag, a version) cannot contradict one."""
    if not (isinstance(one, str) and isinstance(other, str)):
        return False
    left, right = one.lower(), other.lower()
    if not (_COMMIT.match(left) and _COMMIT.match(right)):
        return False
    return not (left.startswith(right) or right.startswith(left))


def _flags_differ(one: Value, other: Value) -> bool:
    return isinstance(one, bool) and isinstance(other, bool) and one is not other


def _versions_differ(one: Value, other: Value) -> bool:
    """Of two versions (`3.11.7`, `CPython 3.11.7`, all of `sys.version`) the common part."""
    if not (isinstance(one, str) and isinstance(other, str)):
        return False
    left, right = _VERSION.search(one[:200]), _VERSION.search(other[:200])
    if left is None or right is None:
        return False
    parts = zip(left.group().split("."), right.group().split("."), strict=False)
    if any(here.lstrip("0") != there.lstrip("0") for here, there in parts):
        return True
    builds = _build(one), _build(other)
    return all(builds) and builds[0] != builds[1]


def _build(version: str) -> str:
    """What stands behind `+`: `cu121` of `2.4.0+cu121`. Compilers are no build of Python."""
    head = version.split(maxsplit=1)[0] if version.split() else ""
    return head.partition("+")[2]


def _last_parts_differ(one: Value, other: Value) -> bool:
    """Environments and configurations are named by paths here and by names there."""
    if not (isinstance(one, str) and isinstance(other, str)) or not one or not other:
        return False
    return one.rstrip("/").rpartition("/")[2] != other.rstrip("/").rpartition("/")[2]


def _texts_differ(one: Value, other: Value) -> bool:
    return isinstance(one, str) and isinstance(other, str) and "" not in (one, other)


_COMPARED: dict[str, Callable[[Value, Value], bool]] = {
    "summary.git_commit": _commits_differ,
    "summary.git_dirty": _flags_differ,
    "summary.python": _versions_differ,
    "summary.torch": _versions_differ,
    "summary.cuda_driver": _versions_differ,
    "summary.conda_env": _last_parts_differ,
    "summary.user": _texts_differ,
    "config.pipeline_config": _last_parts_differ,
}
"""Not `summary.cuda`: one artifact means the toolkit that PyTorch was built with, another the
newest one that the driver supports."""

RULE = Rule(
    id="RA201",
    name="conflicting-claims",
    summary="Two artifacts of the run state different facts about it",
    severity=Severity.WARNING,
    check=check,
)
