"""The runs of `fixtures/`, held against what was read from them by eye and by TensorBoard."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from archiver import workflows

RUNS = Path(__file__).resolve().parents[2] / "fixtures" / "runs"
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Case:
    """One fixture with its archive."""

    name: str
    expected: dict[str, Any]
    record: dict[str, Any]
    points: pd.DataFrame

    def written(self, key: str) -> pd.DataFrame:
        """Rows of a key as the trainer's own log has them."""
        log = "trainer_state.json" if self.name.startswith("hf_") else "logging.jsonl"
        return self.points[(self.points.key == key) & (self.points.source == log)]


@pytest.fixture(scope="module", params=sorted(path.parent.name for path in RUNS.glob("*/input")))
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    expected = json.loads((RUNS / request.param / "expected.json").read_bytes())
    archives = tmp_path_factory.mktemp("archives")
    run = RUNS / request.param / expected["run_dir"]
    (outcome,) = workflows.collect(run, workflows.CollectOptions(archives), NOW).outcomes
    assert outcome.archive is not None
    assert outcome.refused == 0
    record = json.loads((outcome.archive / "record.json").read_bytes())
    points = pd.read_parquet(outcome.archive / "metrics.parquet")
    return Case(request.param, expected, record, points)


def pairs(rows: pd.DataFrame) -> list[tuple[int, float]]:
    """(step, value), in step order."""
    return sorted(zip(rows.step.tolist(), rows.value.tolist(), strict=True), key=lambda p: p[0])


def numbers(wanted: list[list[Any]]) -> list[tuple[int, float]]:
    return [(step, float(value)) for step, value in wanted]


def same(found: list[tuple[int, float]], wanted: list[tuple[int, float]]) -> bool:
    """Equal, NaN to NaN."""
    return [(step, repr(value)) for step, value in found] == [
        (step, repr(value)) for step, value in wanted
    ]


def test_status(case: Case) -> None:
    """How the run ended."""
    status = case.record["fields"]["summary.status"]
    assert status["value"] == case.expected["status"]
    assert status["origin"] in ("recorded", "derived")


@pytest.mark.parametrize("name", ["git_commit", "git_dirty"])
def test_git(case: Case, name: str) -> None:
    """What the run recorded of its code; nothing where it recorded nothing."""
    field = case.record["fields"].get(f"summary.{name}")
    assert (field and field["value"]) == case.expected[name]
    if field is None:
        assert case.record["coverage"]["fields"][f"summary.{name}"] == "not recorded"


def test_points(case: Case) -> None:
    """Every kept point of every expected series, to the last digit."""
    for key, wanted in case.expected["points"].items():
        rows = case.written(key)
        assert same(pairs(rows[rows.status == "kept"]), numbers(wanted)), key


def test_superseded_steps(case: Case) -> None:
    """Points that a resume overruled are kept in the table and marked, these and no others."""
    for key in case.expected["points"]:
        rows = case.written(key)
        steps = sorted(rows[rows.status == "superseded"].step.tolist())
        assert steps == case.expected["superseded_steps"].get(key, []), key


def test_every_point_of_the_event_files(case: Case) -> None:
    """What TensorBoard's own loader gives of each tag, over all files of the run."""
    wanted: dict[str, list[tuple[int, float]]] = {}
    for tags in case.expected["tfevents"].values():
        for tag, points in tags.items():
            wanted.setdefault(tag, []).extend(numbers(points))
    events = case.points[case.points.source.astype(str).str.contains("tfevents")]
    for tag, points in wanted.items():
        found = pairs(events[events.key == tag])
        key = lambda point: (point[0], repr(point[1]))  # noqa: E731
        assert same(sorted(found, key=key), sorted(points, key=key)), tag


def test_checkpoints(case: Case) -> None:
    """The checkpoint directories that are there."""
    found = [item["path"] for item in case.record.get("checkpoints", ()) if item.get("present")]
    assert found == case.expected["checkpoints"]


def test_final_loss(case: Case) -> None:
    """The last loss of the step; the killed run's event file knows one more than its log."""
    (step, *_) = case.record["steps"]
    wanted = case.expected["final_loss"]
    if case.name == "coordexp-killed":
        (last,) = case.expected["tfevents"].values()
        wanted = float(last["train/loss"][-1][1])
    found = (step.get("training") or {}).get("final_loss")
    if wanted is None or isinstance(wanted, str):
        assert found == wanted
    else:
        assert found == pytest.approx(wanted, rel=1e-6)


def test_torn_files_are_named(case: Case) -> None:
    """Where a fixture was cut, the problem names the file."""
    named: dict[str, set[str]] = {"truncated": set(), "empty": set()}
    for item in case.record.get("problems", ()):
        named.setdefault(item["code"], set()).add(item["at"]["path"])
    assert named["truncated"] == set(case.expected.get("torn", ()))
    assert named["empty"] == set(case.expected.get("empty", ()))


def test_results_of_an_evaluation(case: Case) -> None:
    """Results as recorded; -1.0 of pycocotools means undefined and becomes null."""
    if "metrics" not in case.expected:
        return
    results: dict[str, Any] = {}
    for step in case.record["steps"]:
        results |= (step.get("eval") or {}).get("results") or {}
    undefined = set(case.expected["undefined_metrics"])
    for name, value in case.expected["metrics"].items():
        assert results[name] == (None if name in undefined else value)
