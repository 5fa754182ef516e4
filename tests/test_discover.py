"""Contracts and run roots."""

from pathlib import Path

import pytest

from archiver import discover, registry
from archiver.limits import DEFAULT
from archiver.rundir import RunDir

LOG = '{"loss": 1.0, "global_step/max_steps": "1/2", "elapsed_time": "1s"}\n'


def roots(directory: Path) -> list[str]:
    with RunDir(directory, "run", DEFAULT) as run:
        return discover.run_roots(run, run.walk(), registry.readers(), DEFAULT)


def put(directory: Path, path: str, text: str = LOG) -> None:
    file = directory / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_runs_below_an_experiment_are_found_and_the_topmost_wins(tmp_path):
    """What lies inside a run belongs to it."""
    put(tmp_path, "exp/v0/logging.jsonl")
    put(tmp_path, "exp/v0/again/logging.jsonl")
    put(tmp_path, "exp/v10/logging.jsonl")
    put(tmp_path, "exp/v2/logging.jsonl")
    assert roots(tmp_path) == ["exp/v0", "exp/v2", "exp/v10"]


def test_a_directory_that_is_a_run_is_its_own_root(tmp_path):
    """Nothing below it is looked at as another run."""
    put(tmp_path, "logging.jsonl")
    put(tmp_path, "old/logging.jsonl")
    assert roots(tmp_path) == [""]


def test_checkpoints_and_event_folders_belong_to_the_directory_above(tmp_path):
    """A run that kept nothing but a checkpoint, or its event files, is still that run."""
    put(tmp_path, "a/checkpoint-5/trainer_state.json", '{"log_history": [], "global_step": 5}')
    assert roots(tmp_path) == ["a"]


def test_decoys_are_no_runs(tmp_path):
    """A name alone makes no run."""
    put(tmp_path, "a/logging.jsonl", '{"level": "INFO", "message": "hello"}\n')
    put(tmp_path, "b/resolved_config.json", '{"stages": 3}')
    put(tmp_path, "c/run_metadata.json", "{}")
    put(tmp_path, "d/events.out.tfevents.1700000000.host", "no events")
    assert roots(tmp_path) == []


@pytest.mark.parametrize(
    ("kinds", "era"),
    [
        ({"coordexp.experiment_manifest", "coordexp.run_metadata"}, "2026-04-13"),
        ({"coordexp.effective_runtime", "coordexp.resolved_config"}, "2026-03-27"),
        ({"coordexp.resolved_config", "coordexp.run_metadata"}, "2026-02-20"),
        ({"coordexp.run_metadata"}, "2026-01-31"),
        ({"coordexp.infer_config"}, "infer"),
    ],
)
def test_the_newest_evidence_tells_the_era(kinds, era):
    """Files arrived over time; schema_version was never raised."""
    assert discover.producers(kinds)["coordexp"] == era


def test_every_contract_names_its_parts():
    """Markers and provenance are kinds that an era knows."""
    for contract in discover.contracts():
        known = {kind for era in contract.eras for kind in (*era.required, *era.optional)}
        assert {marker.kind for marker in contract.markers} <= known
        assert set(contract.provenance) <= known
