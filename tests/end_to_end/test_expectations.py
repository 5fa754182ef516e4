"""The runs of `fixtures/`, held against what was read from them by eye and by vendors' readers.

`expected.json` of a fixture speaks of its one run, or maps the run ids of an experiment to what is
expected of each under `runs`. Every topic is optional but the status.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from archiver.workflows import collecting

Json = Any
Identity = tuple[str, str | None]
RUNS = Path(__file__).resolve().parents[2] / "fixtures" / "runs"
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@functools.cache
def expectations(fixture: str) -> dict[str | None, dict[str, Json]]:
    """Run id -> what is expected of it; one run without an id where a fixture holds one."""
    expected = json.loads((RUNS / fixture / "expected.json").read_bytes())
    runs: dict[str | None, dict[str, Json]] = expected.get("runs") or {None: expected}
    return runs


FIXTURES = sorted(path.parent.name for path in RUNS.glob("*/input"))
CASES: list[Identity] = [(name, run) for name in FIXTURES for run in expectations(name)]


@dataclass(frozen=True)
class Case:
    """One run of a fixture with its archive."""

    name: str
    expected: dict[str, Json]
    record: dict[str, Json]
    points: pd.DataFrame

    def written(self, key: str) -> pd.DataFrame:
        """Rows of a key as the trainer's own log has them."""
        log = "trainer_state.json" if self.name.startswith("hf_") else "logging.jsonl"
        return self.points[(self.points.key == key) & (self.points.source == log)]

    def step(self, step_id: str) -> dict[str, Json]:
        """A step of the record."""
        found: dict[str, Json] = next(
            step for step in self.record["steps"] if step["step_id"] == step_id
        )
        return found


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[str, Path]]:
    """The archives of a fixture by run id, made once."""

    @functools.cache
    def collected(fixture: str) -> dict[str, Path]:
        target = tmp_path_factory.mktemp("archives")
        expected = json.loads((RUNS / fixture / "expected.json").read_bytes())
        run = RUNS / fixture / expected["run_dir"]
        found = {}
        for outcome in collecting.collect(run, collecting.CollectOptions(target), NOW).outcomes:
            assert outcome.archive is not None
            assert outcome.refused == 0
            record = json.loads((outcome.archive / "record.json").read_bytes())
            found[record["run"]["run_id"]] = outcome.archive
        return found

    return collected


@pytest.fixture
def case(request: pytest.FixtureRequest, archives: Callable[[str], dict[str, Path]]) -> Case:
    """A run of a fixture, collected."""
    fixture, run_id = request.param
    found = archives(fixture)
    if run_id is None:
        (archive,) = found.values()
    else:
        archive = found[run_id]
    record = json.loads((archive / "record.json").read_bytes())
    table = archive / "metrics.parquet"
    points = pd.read_parquet(table) if table.exists() else pd.DataFrame()
    return Case(fixture, expectations(fixture)[run_id], record, points)


def holding(topic: str) -> pytest.MarkDecorator:
    """The runs whose expectation speaks of a topic."""
    cases = [(name, run) for name, run in CASES if topic in expectations(name)[run]]
    names = [name if run is None else f"{name}:{run}" for name, run in cases]
    return pytest.mark.parametrize("case", cases, ids=names, indirect=True)


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


@pytest.mark.parametrize("fixture", FIXTURES)
def test_runs(fixture: str, archives: Callable[[str], dict[str, Path]]) -> None:
    """These runs and no others are archived."""
    wanted = set(expectations(fixture))
    found = set(archives(fixture))
    assert len(found) == 1 if wanted == {None} else found == wanted


@holding("status")
def test_status(case: Case) -> None:
    """How the run ended."""
    status = case.record["fields"]["summary.status"]
    assert status["value"] == case.expected["status"]
    assert status["origin"] in ("recorded", "derived")


@holding("producers")
def test_producers(case: Case) -> None:
    """Who wrote the files of the run."""
    assert case.record["run"]["producers"] == case.expected["producers"]


@pytest.mark.parametrize("name", ["git_commit", "git_dirty"])
@holding("git_commit")
def test_git(case: Case, name: str) -> None:
    """What the run recorded of its code; nothing where it recorded nothing."""
    field = case.record["fields"].get(f"summary.{name}")
    assert (field and field["value"]) == case.expected[name]
    if field is None:
        assert case.record["coverage"]["fields"][f"summary.{name}"] == "not recorded"


@holding("fields")
def test_fields(case: Case) -> None:
    """Values of fields; null where the run recorded nothing."""
    fields = case.record["fields"]
    found = {name: fields.get(name, {}).get("value") for name in case.expected["fields"]}
    assert found == case.expected["fields"]


@holding("steps")
def test_steps(case: Case) -> None:
    """The steps in their order: id, name, stage, status."""
    found = [
        [step["step_id"], step["name"], step["stage"], step["status"]]
        for step in case.record["steps"]
    ]
    assert found == case.expected["steps"]


@holding("attempts")
def test_attempts(case: Case) -> None:
    """Attempts of a step: id, status, the producer's word, start, end."""
    for step_id, wanted in case.expected["attempts"].items():
        found = [
            [item.get(key) for key in ("id", "status", "status_word", "started_at", "finished_at")]
            for item in case.step(step_id)["attempts"]
        ]
        assert found == wanted


@holding("step")
def test_what_a_step_holds(case: Case) -> None:
    """Single values of a step, by their path."""
    for step_id, wanted in case.expected["step"].items():
        step = case.step(step_id)
        for path, value in wanted.items():
            found: Json = step
            for part in path.split("."):
                found = (found or {}).get(part)
            wanted_value = pytest.approx(value, rel=1e-6) if isinstance(value, float) else value
            assert found == wanted_value, (step_id, path)


@holding("series")
def test_series(case: Case) -> None:
    """Points, first and last value of a series, and the series that it repeats."""
    found = {
        "|".join([item["key"], item.get("split") or "", item["source"]]): [
            item["points"],
            item["first"],
            item["last"],
            item.get("shadow_of"),
        ]
        for item in case.record["series"]
    }
    for name, (points, first, last, shadow_of) in case.expected["series"].items():
        assert name in found, sorted(found)
        assert found[name][0] == points, name
        assert found[name][1:3] == pytest.approx([first, last], rel=1e-6), name
        assert found[name][3] == shadow_of, name


@holding("locks")
def test_lockfiles(case: Case) -> None:
    """Recorded digests of lockfiles, held against what lies there."""
    found = [[item["path"], item["verdict"]] for item in case.record["lockfiles"]]
    assert found == case.expected["locks"]


@holding("artifacts")
def test_artifacts(case: Case) -> None:
    """Models and reports that the run left: path, kind, step."""
    found = [[item["path"], item["kind"], item.get("step_id")] for item in case.record["artifacts"]]
    assert found == case.expected["artifacts"]


@holding("problems")
def test_problems(case: Case) -> None:
    """What is wrong with the run, and where; nothing else is."""
    found = [[item["code"], item["at"]["path"]] for item in case.record.get("problems", ())]
    assert found == case.expected["problems"]


@holding("accounting")
def test_accounting(case: Case) -> None:
    """What was read, dropped and corrupt of an artifact."""
    found = {
        item["path"]: [item["read"], item["dropped"], item["corrupt"]]
        for item in case.record["accounting"]
    }
    wanted = case.expected["accounting"]
    assert {path: found.get(path) for path in wanted} == wanted


@holding("data_copies")
def test_data_copies(case: Case) -> None:
    """What was copied before the run: source, copied, skipped."""
    found = [
        [item["source"], item["files_copied"], item["files_skipped"]]
        for item in case.record["data_copies"]
    ]
    assert found == case.expected["data_copies"]


@holding("points")
def test_points(case: Case) -> None:
    """Every kept point of every expected series, to the last digit."""
    for key, wanted in case.expected["points"].items():
        rows = case.written(key)
        assert same(pairs(rows[rows.status == "kept"]), numbers(wanted)), key


@holding("superseded_steps")
def test_superseded_steps(case: Case) -> None:
    """Points that a resume overruled are kept in the table and marked, these and no others."""
    for key in case.expected["points"]:
        rows = case.written(key)
        steps = sorted(rows[rows.status == "superseded"].step.tolist())
        assert steps == case.expected["superseded_steps"].get(key, []), key


@holding("tfevents")
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


@holding("checkpoints")
def test_checkpoints(case: Case) -> None:
    """The checkpoints that are there; with tags, step and epoch where these are expected."""
    found = [item for item in case.record.get("checkpoints", ()) if item.get("present")]
    for item, wanted in zip(found, case.expected["checkpoints"], strict=True):
        if isinstance(wanted, str):
            assert item["path"] == wanted
        else:
            stated = [item["path"], item["tags"], item.get("step"), item.get("epoch")]
            assert stated == wanted


@holding("final_loss")
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


@holding("checkpoints")
def test_torn_files_are_named(case: Case) -> None:
    """Where a fixture was cut, the problem names the file."""
    named: dict[str, set[str]] = {"truncated": set(), "empty": set()}
    for item in case.record.get("problems", ()):
        named.setdefault(item["code"], set()).add(item["at"]["path"])
    assert named["truncated"] == set(case.expected.get("torn", ()))
    assert named["empty"] == set(case.expected.get("empty", ()))


@holding("metrics")
def test_results_of_an_evaluation(case: Case) -> None:
    """Results as recorded; -1.0 of pycocotools means undefined and becomes null."""
    results: dict[str, Any] = {}
    for step in case.record["steps"]:
        results |= (step.get("eval") or {}).get("results") or {}
    undefined = set(case.expected["undefined_metrics"])
    for name, value in case.expected["metrics"].items():
        assert results[name] == (None if name in undefined else value)
