"""From a list of packages to dependencies of the record: common to every reader of such lists."""

from __future__ import annotations

from archiver.artifact import Artifact
from archiver.codecs.packages import Package, PackageList
from archiver.model.claims import Location
from archiver.model.record import Accounting, Dependency


def dependency(package: Package, at: Location, kind: str) -> Dependency:
    """One package as a dependency of a kind (`locked`, `installed`)."""
    notes = (package.note, package.source and f"from {package.source}")
    return Dependency(
        at=at,
        name=package.name,
        version=package.version,
        kind=kind,
        commit=package.commit,
        note=", ".join(note for note in notes if note) or None,
    )


def dependencies(listed: PackageList, artifact: Artifact, kind: str) -> tuple[Dependency, ...]:
    """Every package of an artifact."""
    return tuple(dependency(item, artifact.at(item.place), kind) for item in listed.packages)


def accounting(artifact: Artifact, kind: str, listed: PackageList) -> Accounting:
    """One record per package; an unfinished document is corrupt even where it names none."""
    return Accounting(
        artifact.path,
        kind,
        artifact.size,
        read=len(listed.packages),
        dropped=listed.flaws.counts.get("too-many-packages", 0),
        corrupt=listed.corrupt or int(not listed.complete),
        reasons=dict(listed.flaws.counts),
        scope=artifact.run.scope,
    )


def convincing(listed: PackageList) -> bool:
    """Whether a list is one of packages: at most a quarter of its lines are something else."""
    return len(listed.packages) > 3 * listed.corrupt


def whole_lines(artifact: Artifact) -> bytes:
    """The beginning of a list, without the line that its end cuts."""
    head = artifact.head()
    return head if artifact.size <= len(head) else head.rpartition(b"\n")[0]
