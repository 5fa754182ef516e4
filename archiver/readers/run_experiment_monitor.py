"""`monitor.json` and `.detach` in the logs of a run-experiment experiment.

`monitor.json` changes how the submitters watch jobs (`poll_sec`, `stagger_sec`, `max_submit`);
`.detach`, always empty, tells them to stop watching. Neither says anything of the jobs.
"""

from __future__ import annotations

from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.record import Accounting
from archiver.model.values import Value
from archiver.view import View

_KNOBS = ("poll_sec", "stagger_sec", "max_submit")
_DETACH = ".detach"
_LOGS = ("run-torchtune.log", "run-inspect.log", "run-experiment.log")


def detect(artifact: Artifact) -> Match:
    """Nothing but the three knobs; an empty sentinel beside the toolkit's logs."""
    if artifact.name == _DETACH:
        place = f"{artifact.directory}/" if artifact.directory else ""
        beside = any(place + name in artifact.tree.by_path for name in _LOGS)
        return Match.YES if beside and artifact.size == 0 else Match.NO
    document = artifact.json()
    if not document.complete or not isinstance(document.value, dict):
        return Match.NO
    keys = document.value.keys()
    return Match.YES if keys and keys <= set(_KNOBS) else Match.NO


def parse(artifact: Artifact) -> View:
    """The knobs; none in a sentinel."""
    return View.of(artifact, None if artifact.name == _DETACH else artifact.json().value)


def to_reading(view: View, artifact: Artifact, _points: PointSink) -> Reading:
    """The knobs as they are."""
    if artifact.name == _DETACH:
        artifact.open()
        books = Accounting(artifact.path, READER.kind, 0, read=1, scope=artifact.run.scope)
        return Reading(accounting=books, extras={"detach": True})
    document = artifact.json()
    knobs: dict[str, Value] = {
        key: view.value[key] for key in _KNOBS if view.number(key) is not None
    }
    return Reading(
        problems=(*artifact.problems(document.flaws), *view.problems),
        accounting=artifact.document_accounting(READER.kind, document.flaws, complete=True),
        extras=knobs,
    )


READER = Reader(
    name="run_experiment_monitor",
    kind="run_experiment.monitor",
    summary="run-experiment monitor.json and .detach: how the submitters watch jobs",
    select=files("monitor.json", _DETACH),
    detect=detect,
    parse=parse,
    map=to_reading,
    shared=True,
)
