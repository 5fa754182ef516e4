"""Reports of a run-experiment experiment: Markdown that agents and people wrote about its runs.

`summary.md`, `findings.md`, `exploration/report.md` (before 2026-06-05 `analysis/report.md`), and
`experiment_summary.md`, which was all there was until 2025-11-27. They are kept and listed; the
tables in them are nobody's first hand.
"""

from __future__ import annotations

import re

from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.record import Accounting
from archiver.model.record import Artifact as Made

_ROOMS = ("exploration", "analysis")
_SUMMARY = "experiment_summary.yaml"
_OWN = re.compile(rb"#{1,2} [^\n]{0,80}\b(?:Experiment|Exploration)\b|\*\*Experiment:\*\*")


def detect(artifact: Artifact) -> Match:
    """Markdown of one of the names, in an experiment or under a heading of the toolkit's own."""
    head = artifact.head()
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if b"\0" in head or not text.startswith((b"#", b"**", b"|", b"- ", b"---")):
        return Match.NO
    directory = artifact.directory
    if artifact.name == "report.md":
        directory, _, room = directory.rpartition("/")
        if room not in _ROOMS:
            return Match.NO
    beside = f"{directory}/{_SUMMARY}" if directory else _SUMMARY
    known = beside in artifact.tree.by_path or _OWN.search(text[:2_000]) is not None
    return Match.YES if known else Match.NO


def parse(artifact: Artifact) -> str:
    """Its title: the first heading."""
    first = next((line for line in artifact.head().splitlines() if line.startswith(b"#")), b"")
    return first.lstrip(b"# ").decode("utf-8", "replace").strip()[:200]


def to_reading(title: str, artifact: Artifact, _points: PointSink) -> Reading:
    """An entry in the list of reports."""
    return Reading(
        artifacts=(Made(at=artifact.at(), path=artifact.path, kind="report"),),
        accounting=Accounting(
            artifact.path, READER.kind, artifact.size, read=1, scope=artifact.run.scope
        ),
        extras={"title": title} if title else {},
    )


READER = Reader(
    name="run_experiment_report",
    kind="run_experiment.report",
    summary="run-experiment summary.md, findings.md, report.md: reports about the experiment",
    select=files("summary.md", "findings.md", "report.md", "experiment_summary.md"),
    detect=detect,
    parse=parse,
    map=to_reading,
    shared=True,
)
