"""CoordExp `per_class.csv`: header `category,AP`, unquoted names, no final newline.

Names may hold commas, so the last comma of a line is the separator.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.claims import Problem
from archiver.model.record import Accounting, Evaluation, Step
from archiver.model.values import Value
from archiver.view import emptiness

HEADER = b"category,AP"
UNDEFINED = -1.0


@dataclass
class Table:
    """Average precision by category, and the lines that are no such pair."""

    scores: dict[str, Value] = field(default_factory=dict)
    bad_lines: list[int] = field(default_factory=list)
    repeated: int = 0
    """Lines of a category that an earlier line has; the last one counts."""


def detect(artifact: Artifact) -> Match:
    """The header."""
    head = artifact.head()
    if not head.strip(b"\0 \r\n\t"):
        return Match.DAMAGED
    header = head.removeprefix(b"\xef\xbb\xbf").partition(b"\n")[0].rstrip()
    return Match.YES if header == HEADER else Match.NO


def parse(artifact: Artifact) -> Table:
    """Every line as a pair."""
    table = Table()
    lines = artifact.data().decode("utf-8", "replace").split("\n")
    for number, line in enumerate(lines[1:], 2):
        if not line.strip():
            continue
        name, comma, text = line.rstrip("\r").rpartition(",")
        try:
            score = float(text)
        except ValueError:
            comma = ""
            score = UNDEFINED
        if comma:
            table.repeated += name in table.scores
            table.scores[name] = None if score == UNDEFINED else score
        else:
            table.bad_lines.append(number)
    return table


def to_reading(table: Table, artifact: Artifact, _points: PointSink) -> Reading:
    """Results per category, added to the evaluation beside it."""
    beside = f"{artifact.directory}/metrics.json" if artifact.directory else "metrics.json"
    results = {f"AP/{name}": score for name, score in table.scores.items()}
    step = Step(
        at=artifact.at(),
        step_id=f"eval:{beside}",
        name="eval",
        stage="none",
        eval=Evaluation(results=results),
    )
    return Reading(
        steps=(step,) if beside in artifact.tree.by_path and results else (),
        problems=(*(_bad(artifact, n) for n in table.bad_lines), *emptiness(artifact)),
        accounting=Accounting(
            artifact.path,
            READER.kind,
            artifact.size,
            read=len(table.scores),
            dropped=table.repeated,
            corrupt=len(table.bad_lines),
            reasons={"repeated-category": table.repeated} if table.repeated else {},
            scope=artifact.run.scope,
        ),
        extras={"AP": table.scores} if table.scores else {},
    )


def _bad(artifact: Artifact, number: int) -> Problem:
    return artifact.problem("bad-line", "no category with a number", f"L{number}")


READER = Reader(
    name="coordexp_per_class",
    kind="coordexp.per_class",
    summary="CoordExp per_class.csv: average precision by category",
    select=files("per_class.csv"),
    detect=detect,
    parse=parse,
    map=to_reading,
)
