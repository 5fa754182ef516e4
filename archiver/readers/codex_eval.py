"""codex_ml evaluation results: `summary.json`, the two manifests and `metrics.csv`.

The evaluation runner writes `summary.json` (`metrics`, `dataset_name`, `dataset_path`,
`num_records`, `run_id`), `dataset_manifest.json`, `evaluation_manifest.json` (`checksum` is always
empty) and, where asked, `metrics.csv`; the Hydra command writes `summary.json` with `metrics` and
`num_examples` alone. Its run id is made of data set, metric names, seed and split, so that
evaluating again gives the same one, and its timestamps are made from the run id: they are no times.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field

from archiver.codecs.flaws import Flaws
from archiver.codecs.text import decode
from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.claims import Claim, Evidence, EvidenceKind, Problem, Trust
from archiver.model.record import Accounting, Config, Dataset, Evaluation, Step
from archiver.model.values import Value
from archiver.view import View

_SUMMARY = "summary.json"
_DATA = "dataset_manifest.json"
_MANIFEST = "evaluation_manifest.json"
_TABLE = "metrics.csv"
_KEYS = {
    _DATA: ("dataset_path", "num_rows"),
    _MANIFEST: ("source", "num_records", "params"),
}
_COLUMNS = ("metric", "value", "step", "split", "dataset", "run_id")


@dataclass
class Found:
    """One of the four files."""

    view: View
    rows: list[dict[str, str]] = field(default_factory=list)
    problems: tuple[Problem, ...] = ()
    books: Accounting | None = None
    whole: bool = True


def detect(artifact: Artifact) -> Match:
    """The keys (or columns) that the runner writes."""
    if artifact.name == _TABLE:
        columns = artifact.head().partition(b"\n")[0].decode("utf-8", "replace").strip().split(",")
        return Match.YES if set(_COLUMNS) <= set(columns) else Match.NO
    document = artifact.json()
    value = document.value
    if not document.complete:
        torn = artifact.name == _MANIFEST or (artifact.name == _DATA and not value)
        return Match.DAMAGED if torn else Match.NO
    if not isinstance(value, dict):
        return Match.NO
    if artifact.name != _SUMMARY:
        return Match.YES if all(key in value for key in _KEYS[artifact.name]) else Match.NO
    counted = "num_records" in value or "num_examples" in value
    return Match.YES if isinstance(value.get("metrics"), dict) and counted else Match.NO


def parse(artifact: Artifact) -> Found:
    """The document, or the table's rows."""
    if artifact.name == _TABLE:
        return _table(artifact)
    document = artifact.json()
    return Found(
        View.of(artifact, document.value),
        [],
        artifact.problems(document.flaws),
        artifact.document_accounting(READER.kind, document.flaws, complete=document.complete),
        document.complete,
    )


def _table(artifact: Artifact) -> Found:
    flaws = Flaws()
    text = decode(artifact.data(), flaws)
    whole = artifact.size <= artifact.limits.document_bytes and text.endswith("\n")
    rows: list[dict[str, str]] = []
    short = 0
    try:
        # Lines end at LF alone; other characters that end lines in Unicode may stand in a cell.
        for row in csv.DictReader(f"{line}\n" for line in text.split("\n")):
            if None in row.values() or None in row:
                short += 1
            elif len(rows) < artifact.limits.series:
                rows.append(row)
    except csv.Error as fault:
        flaws.add("syntax", str(fault))
        short += 1
    if short:
        flaws.add("truncated", "rows with another number of columns than the head", n=short)
    books = Accounting(
        artifact.path,
        READER.kind,
        artifact.size,
        read=len(rows),
        corrupt=short,
        reasons=dict(flaws.counts),
        scope=artifact.run.scope,
    )
    return Found(View(artifact, {}), rows, artifact.problems(flaws), books, whole)


def to_reading(found: Found, artifact: Artifact, _points: PointSink) -> Reading:
    """The evaluation as a step, its data, and the sign that it ended."""
    build = {_SUMMARY: _summary, _DATA: _data, _MANIFEST: _manifest, _TABLE: _figures}
    reading = build[artifact.name](found, artifact)
    return Reading(
        claims=reading.claims,
        configs=reading.configs,
        datasets=reading.datasets,
        steps=reading.steps,
        evidence=reading.evidence,
        problems=(*found.problems, *found.view.problems),
        accounting=found.books,
        extras=reading.extras,
    )


def _id(artifact: Artifact) -> str:
    return f"eval:{artifact.directory or '.'}"


def _step(artifact: Artifact, evaluation: Evaluation) -> Step:
    return Step(at=artifact.at(), step_id=_id(artifact), name="eval", eval=evaluation)


def _summary(found: Found, artifact: Artifact) -> Reading:
    view = found.view
    results = view.object("metrics").value
    total = view.integer("num_records")
    if total is None:
        total = view.integer("num_examples")
    name, path = view.filled("dataset_name"), view.filled("dataset_path")
    evaluation = Evaluation(
        datasets=(name,) if name else (),
        results=dict(results),
        samples={"done": total} if total is not None else {},
    )
    run_id = view.filled("run_id")
    claims = (Claim("summary.run_id", run_id, view.at("run_id"), Trust.HINT),) if run_id else ()
    detail = "the summary is written when the evaluation is over"
    place = view.at("metrics")
    evidence = (Evidence(EvidenceKind.END_MARKER, detail, place, step_id=_id(artifact)),)
    datasets = (
        (Dataset(at=view.at("dataset_path"), role="eval", path=path),) if path is not None else ()
    )
    return Reading(
        claims=claims,
        steps=(_step(artifact, evaluation),),
        datasets=datasets,
        evidence=evidence if found.whole else (),
    )


def _data(found: Found, artifact: Artifact) -> Reading:
    view = found.view
    path, rows = view.filled("dataset_path"), view.integer("num_rows")
    name = view.filled("dataset_name")
    evaluation = Evaluation(
        datasets=(name,) if name else (), samples={"total": rows} if rows is not None else {}
    )
    data = Dataset(
        at=view.at("dataset_path"),
        role="eval",
        path=path or "",
        split=view.filled("split"),
        lines=rows,
        seed=view.integer("seed"),
        note=name,
    )
    return Reading(
        steps=(_step(artifact, evaluation),), datasets=(data,) if path is not None else ()
    )


def _manifest(found: Found, artifact: Artifact) -> Reading:
    view = found.view
    total, source = view.integer("num_records"), view.filled("source")
    params = view.object("params")
    config = Config(
        at=view.at("params"),
        id=f"{artifact.path}#params",
        role="resolved",
        format="json",
        values=params.value,
        partial=True,
        step_id=_id(artifact),
    )
    evaluation = Evaluation(samples={"done": total} if total is not None else {})
    kept = ("encoding", "newline", "checksum")
    extras: dict[str, Value] = {key: view.value[key] for key in kept if view.value.get(key)}
    data: tuple[Dataset, ...] = ()
    if source is not None:
        data = (Dataset(at=view.at("source"), role="eval", path=source),)
    return Reading(
        configs=(config,) if params.value else (),
        datasets=data,
        steps=(_step(artifact, evaluation),),
        extras=extras,
    )


def _figures(found: Found, artifact: Artifact) -> Reading:
    results: dict[str, Value] = dict(_results(found.rows))
    return Reading(steps=(_step(artifact, Evaluation(results=results)),))


def _results(rows: list[dict[str, str]]) -> Iterator[tuple[str, Value]]:
    for row in rows:
        text = row["value"]
        try:
            yield row["metric"], float(text) if text else None
        except ValueError:
            yield row["metric"], text


READER = Reader(
    name="codex_eval",
    kind="codex_ml.eval",
    summary="codex_ml evaluation results: summary.json, its manifests, metrics.csv",
    select=files(_SUMMARY, _DATA, _MANIFEST, _TABLE),
    detect=detect,
    parse=parse,
    map=to_reading,
)
