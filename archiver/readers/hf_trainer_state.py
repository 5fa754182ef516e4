"""Hugging Face `trainer_state.json`: the log history up to a checkpoint, in full doubles.

It stands in every `checkpoint-<step>` and, when the script called `save_state`, in the run's
root, where alone the end row (`train_runtime`) is part of the history. Every file repeats the
rows of the ones before it: each is a source of its own, the fullest one is preferred later.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from archiver.extension import Artifact, PointSink, Reader, Reading, files, json_object
from archiver.model.claims import Claim, Evidence, EvidenceKind, Trust
from archiver.model.points import NO_STEP
from archiver.model.record import Accounting, Checkpoint, Step
from archiver.producers.trainer_rows import METRICS, Layout, Row, RowTable
from archiver.view import View

_CHECKPOINT = re.compile(r"checkpoint-\d+[^/]*\Z")


def parse(artifact: Artifact) -> View:
    """The document as a typed view."""
    return View.of(artifact, artifact.json().value)


def to_reading(view: View, artifact: Artifact, points: PointSink) -> Reading:
    """Points to the sink; best checkpoint and progress into the reading."""
    document = artifact.json()
    history = view.items("log_history")
    rows: list[Row] = [row for row in history if isinstance(row, dict)]
    table = RowTable(Layout(artifact.path, artifact.path), points)
    table.add(rows, [_step(row) for row in rows], 0)
    end = next((row for row in reversed(rows) if "train_runtime" in row), None)
    return Reading(
        claims=tuple(_claims(view, end)),
        steps=(Step(at=artifact.at(), step_id="1", name="train"),),
        checkpoints=tuple(_best(view, artifact)),
        evidence=tuple(_evidence(view, artifact, end)),
        problems=(*artifact.problems(document.flaws), *view.problems),
        accounting=Accounting(
            artifact.path,
            READER.kind,
            artifact.size,
            read=len(rows),
            corrupt=len(history) - len(rows) + (not document.complete),
            reasons=dict(document.flaws.counts),
            scope=artifact.run.scope,
        ),
        extras={key: value for key, value in view.value.items() if key != "log_history"},
    )


def _source(artifact: Artifact) -> str:
    """One name for the state files of a run, wherever they were saved."""
    parent, _, last = artifact.directory.rpartition("/")
    home = parent if _CHECKPOINT.match(last) else artifact.directory
    return f"{home}/trainer_state.json" if home else "trainer_state.json"


def _step(row: Row) -> int:
    step = row.get("step")
    if isinstance(step, int) and not isinstance(step, bool) and abs(step) < 2**62:
        return step
    return NO_STEP


def _claims(view: View, end: Row | None) -> Iterator[Claim]:
    runtime = end.get("train_runtime") if end is not None else None
    if isinstance(runtime, int | float) and not isinstance(runtime, bool):
        yield Claim("resources.train_time_sec", runtime, view.at("log_history"), Trust.STATED)


def _best(view: View, artifact: Artifact) -> Iterator[Checkpoint]:
    path = view.filled("best_model_checkpoint")
    if path is None:
        return
    name = path.rstrip("/").rpartition("/")[2]
    home = _source(artifact).rpartition("/")[0]
    local = f"{home}/{name}" if home else name
    there = local in artifact.tree.directories
    yield Checkpoint(
        at=view.at("best_model_checkpoint"),
        path=local if there else path,
        present=None if there else False,
        # An earlier checkpoint's best may have been beaten since; only the newest state tells.
        tags=("best",) if _is_newest(view, artifact) else (),
        metric=view.value.get("best_metric"),
        step=view.integer("best_global_step"),
    )


def _is_newest(view: View, artifact: Artifact) -> bool:
    """Whether no sibling state belongs to a later checkpoint."""
    own = _source(artifact)
    step = view.integer("global_step") or 0
    if not _CHECKPOINT.match(artifact.directory.rpartition("/")[2]):
        return True
    for entry in artifact.tree.named("trainer_state.json"):
        parent, _, last = entry.parent.rpartition("/")
        home = f"{parent}/trainer_state.json" if parent else "trainer_state.json"
        digits = re.match(r"checkpoint-(\d{1,15})", last)
        if home == own and digits is not None and int(digits[1]) > step:
            return False
    return True


def _evidence(view: View, artifact: Artifact, end: Row | None) -> Iterator[Evidence]:
    if end is not None:
        detail = "the history holds the end row with train_runtime"
        yield Evidence(EvidenceKind.END_MARKER, detail, view.at("log_history"))
        return
    step, total = view.integer("global_step"), view.integer("max_steps")
    if step is not None:
        detail = f"state saved at step {step}" + (f" of {total}" if total else "")
        yield Evidence(EvidenceKind.PROGRESS, detail, artifact.at("/global_step"))


READER = Reader(
    name="hf_trainer_state",
    kind="hf.trainer_state",
    summary="Hugging Face trainer_state.json, in checkpoints or in the run's root",
    select=files("trainer_state.json"),
    detect=json_object("log_history", "global_step"),
    parse=parse,
    map=to_reading,
    metrics=METRICS,
)
