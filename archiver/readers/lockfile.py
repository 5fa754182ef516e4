"""Lockfiles of uv, Poetry, PDM, Pipenv and conda, `pylock.toml`, and requirements files.

What they pin becomes the run's locked dependencies. Producers that record a lockfile's digest
take it of the bytes as they lay there, so three digests are kept: of the bytes, and with either
kind of line end. Recognition needs the form of a lockfile, as anything may be called `lock.txt`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from archiver.checksums import LineEndDigests, line_end_digests
from archiver.codecs import lockfiles, requirements
from archiver.codecs.packages import PackageList
from archiver.dependencies import accounting, convincing, dependencies, whole_lines
from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.limits import Limits
from archiver.model.claims import LockClaim
from archiver.model.values import Value

Parser = Callable[[bytes, Limits], PackageList]

_TOML = re.compile(
    rb"^(?:\[\[packages?\]\]|\[metadata\]|(?:lock-)?version *= *[1-9\"])", re.MULTILINE
)
_YAML = {
    "environment.yml": ("dependencies", lockfiles.conda_environment),
    "environment.yaml": ("dependencies", lockfiles.conda_environment),
}
_INSTALLED = frozenset({"files", "provenance"})
"""Where W&B and others put what was installed, under the same name."""


@dataclass(frozen=True, slots=True)
class Lock:
    """A lockfile's digests and what it pins."""

    digests: LineEndDigests
    listed: PackageList


def detect(artifact: Artifact) -> Match:
    """The form that goes with the name."""
    name, head = artifact.name, artifact.head()
    if name.endswith(".txt"):
        return _detect_requirements(artifact)
    if not head.strip(b"\0 \r\n\t"):
        return Match.DAMAGED
    if name.endswith((".yml", ".yaml")):
        return _detect_yaml(artifact)
    if name.endswith(".json") or name == "Pipfile.lock":
        return _detect_json(artifact)
    return Match.YES if _TOML.search(head) else Match.NO


def _detect_requirements(artifact: Artifact) -> Match:
    """Lines that pip would take, most of them; what was installed is another reader's."""
    if artifact.directory.rpartition("/")[2] in _INSTALLED:
        return Match.NO
    listed = requirements.parse(whole_lines(artifact), artifact.limits)
    return Match.YES if convincing(listed) else Match.NO


def _detect_yaml(artifact: Artifact) -> Match:
    document = artifact.yaml()
    key, _ = _YAML.get(artifact.name, ("package", None))
    if not document.complete:
        torn = re.search(rb"^%s:" % key.encode(), artifact.head(), re.MULTILINE)
        return Match.DAMAGED if torn else Match.NO
    value = document.value
    found = isinstance(value, dict) and isinstance(value.get(key), list)
    return Match.YES if found else Match.NO


def _detect_json(artifact: Artifact) -> Match:
    document = artifact.json()
    value = document.value
    if not document.complete:
        return Match.DAMAGED
    if not isinstance(value, dict):
        return Match.NO
    known = {"_meta", "default", "develop", "package", "packages"} & value.keys()
    return Match.YES if known else Match.NO


def parse(artifact: Artifact) -> Lock:
    """Digests of every byte; packages up to the limits."""
    return Lock(
        line_end_digests(artifact.chunks()),
        _parser(artifact.name)(artifact.data(), artifact.limits),
    )


def _parser(name: str) -> Parser:
    if name in _YAML:
        return _YAML[name][1]
    if name.endswith((".yml", ".yaml")):
        return lockfiles.conda_lock
    if name.endswith(".txt"):
        return requirements.parse
    if name.endswith(".json") or name == "Pipfile.lock":
        return lockfiles.json
    return lockfiles.toml


def to_reading(lock: Lock, artifact: Artifact, _points: PointSink) -> Reading:
    """Locked packages, and the digests that a manifest may have recorded."""
    listed, digests = lock.listed, lock.digests
    claim = LockClaim(
        artifact.path,
        artifact.at(),
        actual_sha256=digests.raw,
        lf_sha256=digests.lf,
        crlf_sha256=digests.crlf,
    )
    return Reading(
        dependencies=dependencies(listed, artifact, "locked"),
        locks=(claim,),
        problems=artifact.problems(listed.flaws),
        accounting=accounting(artifact, READER.kind, listed),
        extras=_extras(listed),
    )


def _extras(listed: PackageList) -> dict[str, Value]:
    return {"indexes": list[Value](listed.indexes)} if listed.indexes else {}


READER = Reader(
    name="lockfile",
    kind="packages.lockfile",
    summary="Lockfiles and requirements: uv, Poetry, PDM, pylock, Pipenv, pip, conda",
    select=files(
        "uv.lock",
        "uv.lock.json",
        "poetry.lock",
        "pdm.lock",
        "pylock.toml",
        "pylock.*.toml",
        "Pipfile.lock",
        "requirements*.txt",
        "lock.txt",
        "conda-lock.yml",
        "*.conda-lock.yml",
        "environment.yml",
        "environment.yaml",
    ),
    detect=detect,
    parse=parse,
    map=to_reading,
)
