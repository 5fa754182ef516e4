"""What was installed when the run started: `pip freeze`, `conda list`, an exported environment.

Freeze lines may hold `-e` requirements and `name @ address`. A `pip` that failed leaves an empty
file.
"""

from __future__ import annotations

import re

from archiver.codecs import lockfiles, requirements
from archiver.codecs.packages import PackageList
from archiver.dependencies import accounting, convincing, dependencies, whole_lines
from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.limits import Limits

_CONDA = re.compile(rb"^(?:# packages in environment at |@EXPLICIT|# platform: )", re.MULTILINE)


def detect(artifact: Artifact) -> Match:
    """Lines of packages, most of them; of the names that others use, only provenance."""
    common = artifact.name.startswith("requirements")
    if common and artifact.directory.rpartition("/")[2] != "provenance":
        return Match.NO
    if not artifact.head().strip(b"\0 \r\n\t"):
        return Match.NO if common else Match.YES
    listed = _read(artifact, whole_lines(artifact), artifact.limits)
    return Match.YES if convincing(listed) else Match.NO


def _read(artifact: Artifact, data: bytes, limits: Limits) -> PackageList:
    if artifact.name.endswith((".yml", ".yaml")):
        return lockfiles.conda_environment(artifact.data(), limits)
    if _CONDA.search(data[: limits.head_bytes]) or artifact.name.startswith("conda"):
        return requirements.conda(data, limits)
    return requirements.parse(data, limits)


def parse(artifact: Artifact) -> PackageList:
    """The whole list, up to the limits."""
    return _read(artifact, artifact.data(), artifact.limits)


def to_reading(listed: PackageList, artifact: Artifact, _points: PointSink) -> Reading:
    """Installed packages."""
    problems = artifact.problems(listed.flaws)
    if "empty" in listed.flaws.counts:
        hint = "the packages were not recorded: the command that lists them failed"
        problems = (artifact.problem("empty", "the file is empty", hint=hint),)
    return Reading(
        dependencies=dependencies(listed, artifact, "installed"),
        problems=problems,
        accounting=accounting(artifact, READER.kind, listed),
    )


READER = Reader(
    name="pip_freeze",
    kind="packages.installed",
    summary="Packages that were installed: pip freeze, conda list",
    select=files(
        "pip-freeze*.txt",
        "pip_freeze*.txt",
        "conda-list*.txt",
        "conda_list*.txt",
        "conda-environment.y*ml",
        "requirements*.txt",
    ),
    detect=detect,
    parse=parse,
    map=to_reading,
)
