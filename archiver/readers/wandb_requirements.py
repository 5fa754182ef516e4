"""W&B `files/requirements.txt`: every package that the interpreter had, `name==version` a line.

It is no lockfile and no wish list: it lists what was installed when the run began. Unsorted, and
without a last line end in older versions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from archiver.codecs.lines import LineStream
from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.claims import Claim, Trust
from archiver.model.record import Accounting, Dependency
from archiver.producers.wandb_machine import in_files_of_run
from archiver.view import emptiness

_PINNED = re.compile(r"([A-Za-z0-9][\w.-]{0,127})==(\S{1,128})\Z")
_DIRECT = re.compile(r"([A-Za-z0-9][\w.-]{0,127}) ?@ ?(\S{1,1000})\Z")
_LINE_KEPT = 2_000
_PACKAGES_KEPT = 20_000


@dataclass
class Listing:
    """The lines, still to be read, and what they name."""

    lines: LineStream
    packages: list[Dependency] = field(default_factory=list)
    strange: int = 0
    blank: int = 0


def detect(artifact: Artifact) -> Match:
    """In the `files` of a W&B run: beside its log, or below a directory named like one."""
    if not in_files_of_run(artifact):
        return Match.NO
    lines = artifact.head().decode("utf-8", "replace").split("\n", 1)
    first = lines[0].strip()
    return Match.YES if not first or _PINNED.match(first) or _DIRECT.match(first) else Match.NO


def parse(artifact: Artifact) -> Listing:
    """A lazy walk over the lines."""
    return Listing(artifact.lines())


def to_reading(listing: Listing, artifact: Artifact, _points: PointSink) -> Reading:
    """Each package as installed."""
    for number, raw in listing.lines:
        text = raw[:_LINE_KEPT].decode("utf-8", "replace").strip()
        if not text:
            listing.blank += 1
            continue
        _take(listing, artifact, number, text)
    tally = listing.lines.tally
    problems = [*artifact.problems(tally.flaws), *emptiness(artifact)]
    if listing.strange:
        message = f"{listing.strange} lines are no package of a version"
        problems.append(artifact.problem("unexpected-line", message))
    reasons = dict(tally.flaws.counts)
    if listing.strange:
        reasons["unexpected-line"] = listing.strange
    return Reading(
        claims=tuple(_torch(listing)),
        dependencies=tuple(listing.packages),
        problems=tuple(problems),
        accounting=Accounting(
            artifact.path,
            READER.kind,
            artifact.size,
            read=tally.lines - listing.strange - listing.blank,
            dropped=listing.strange,
            reasons=reasons,
            scope=artifact.run.scope,
        ),
    )


def _take(listing: Listing, artifact: Artifact, number: int, text: str) -> None:
    pinned, direct = _PINNED.match(text), _DIRECT.match(text)
    found = pinned or direct
    if found is None or len(listing.packages) >= _PACKAGES_KEPT:
        listing.strange += 1
        return
    listing.packages.append(
        Dependency(
            at=artifact.at(f"L{number}"),
            name=found[1],
            version=found[2] if pinned else None,
            kind="installed",
            note=None if pinned else found[2],
        )
    )


def _torch(listing: Listing) -> Iterator[Claim]:
    """PyTorch as installed, with its local tag."""
    for package in listing.packages:
        if package.name == "torch" and package.version:
            yield Claim("summary.torch", package.version, package.at, Trust.COPY)


READER = Reader(
    name="wandb_requirements",
    kind="wandb.requirements",
    summary="W&B files/requirements.txt: packages that were installed",
    select=files("requirements.txt"),
    detect=detect,
    parse=parse,
    map=to_reading,
)
