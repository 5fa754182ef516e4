"""Contracts, and the runs below a tree."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from archiver import contracts, discover, registry
from archiver.artifact import Artifact, Match, Member
from archiver.extension import Reader, files
from archiver.limits import DEFAULT
from archiver.model.reading import Reading
from archiver.rundir import RunDir

LOG = '{"loss": 1.0, "global_step/max_steps": "1/2", "elapsed_time": "1s"}\n'


def roots(directory: Path) -> list[str]:
    with RunDir(directory, "run", DEFAULT) as run:
        found = discover.sites(run, run.walk(), registry.readers(), DEFAULT)
        return [site.root for site in found]


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


def test_whether_a_directory_is_a_run(tmp_path):
    """By what it holds where a marker may lie, whatever runs lie below it."""
    put(tmp_path, "a/runs/x/logging.jsonl")
    put(tmp_path, "a/checkpoint-5/old/trainer_state.json", '{"log_history": [], "global_step": 5}')
    put(tmp_path, "b/checkpoint-5/trainer_state.json", '{"log_history": [], "global_step": 5}')
    put(tmp_path, "c/logging.jsonl")
    put(tmp_path, "d/logging.jsonl", '{"level": "INFO", "message": "hello"}\n')

    def is_run(name):
        with RunDir(tmp_path / name, "run", DEFAULT) as run:
            return discover.is_run(run, registry.readers(), DEFAULT)

    assert [is_run(name) for name in ("", "a", "b", "c", "d")] == [False, False, True, True, False]


def test_a_run_that_flushed_nothing(tmp_path):
    """W&B's own name of its directory says what an empty log is; another name does not."""
    put(tmp_path, "wandb/run-20220317_142837-24a5vtdd/run-24a5vtdd.wandb", "")
    put(tmp_path, "wandb/offline-run-20220317_142837-x1/run-x1.wandb", "\0" * 64)
    put(tmp_path, "wandb/run-20220317_142838-notes/run-notes.wandb", "my notes\n")
    put(tmp_path, "wandb/run-7/run-7.wandb", "")
    put(tmp_path, "wandb/run-20220317_142839-y2/logs/debug.log", "")
    put(tmp_path, "run-20220317_142840-z3/trainer_state.json", "")
    found = ["wandb/offline-run-20220317_142837-x1", "wandb/run-20220317_142837-24a5vtdd"]
    assert sorted(roots(tmp_path)) == found
    assert roots(tmp_path / found[1]) == [""]


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
    assert contracts.producers(kinds)["coordexp"] == era


def test_every_contract_names_its_parts():
    """Markers and provenance are kinds that an era knows."""
    for contract in contracts.every():
        known = {kind for era in contract.eras for kind in (*era.required, *era.optional)}
        assert {marker.kind for marker in contract.markers} <= known
        assert set(contract.provenance) <= known


def listing(artifact: Artifact) -> tuple[Member, ...]:
    """Runs that a file `experiment.txt` names, a line each: name and places."""
    lines = artifact.data().decode().splitlines()
    home = artifact.directory
    return tuple(
        Member(name, tuple(f"{home}/{place}".lstrip("/") for place in places.split()), home)
        for name, _, places in (line.partition(":") for line in lines)
    )


LIST = Reader(
    name="listing",
    kind="test.listing",
    summary="names the runs of an experiment",
    select=files("experiment.txt"),
    detect=lambda _artifact: Match.YES,
    parse=lambda _artifact: None,
    map=lambda _shape, _artifact, _points: Reading(),
    members=listing,
)


def found(directory: Path) -> list[tuple[str, str, tuple[str, ...]]]:
    """Name, root and places of each run."""
    with RunDir(directory, "run", DEFAULT) as run:
        sites = discover.sites(run, run.walk(), [*registry.readers(), LIST], DEFAULT)
    return [(site.member.name, site.root, site.member.paths) for site in sites]


def test_an_experiment_names_its_runs(tmp_path):
    """A run may be one directory, several, or nothing yet; strangers are found beside them."""
    put(tmp_path, "exp/experiment.txt", "a: a\nb: b ck-b\nc: c\n")
    put(tmp_path, "exp/a/notes.txt", "no marker")
    put(tmp_path, "exp/b/logging.jsonl")
    put(tmp_path, "exp/ck-b/weights.bin")
    put(tmp_path, "other/logging.jsonl")
    assert found(tmp_path) == [
        ("a", "exp/a", ("exp/a",)),
        ("b", "", ("exp/b", "exp/ck-b")),
        ("c", "", ()),
        ("other", "other", ("other",)),
    ]


def test_a_description_inside_of_a_run_is_that_run_s(tmp_path):
    """The topmost description wins."""
    put(tmp_path, "experiment.txt", "a: a\n")
    put(tmp_path, "a/experiment.txt", "b: b\n")
    put(tmp_path, "a/b/logging.jsonl")
    assert found(tmp_path) == [("a", "a", ("a",))]


def test_a_run_may_be_the_whole_tree(tmp_path):
    """Then nothing lies beside it."""
    put(tmp_path, "experiment.txt", "a: \n")
    put(tmp_path, "deep/logging.jsonl")
    with RunDir(tmp_path, "run", DEFAULT) as run:
        whole = replace(LIST, members=lambda _artifact: (Member("a", ("",)),))
        (site,) = discover.sites(run, run.walk(), [whole], DEFAULT)
    assert site.whole


@pytest.fixture
def as_store(monkeypatch):
    """ms-swift as if it were a tracker that keeps many runs, and copies its latest one."""
    every = [
        replace(item, store=True, aliases=frozenset({"latest-run"}))
        if item.name == "ms_swift"
        else item
        for item in contracts.every()
    ]
    monkeypatch.setattr(contracts, "every", lambda: tuple(every))


STATE = '{"log_history": [], "global_step": 5}'


@pytest.mark.usefixtures("as_store")
def test_several_runs_of_a_store_inside_of_a_run_are_runs_of_their_own(tmp_path):
    """They are left out of the run around them."""
    put(tmp_path, "run/checkpoint-5/trainer_state.json", STATE)
    put(tmp_path, "run/store/1/logging.jsonl")
    put(tmp_path, "run/store/2/logging.jsonl")
    with RunDir(tmp_path, "run", DEFAULT) as run:
        sites = discover.sites(run, run.walk(), registry.readers(), DEFAULT)
    assert [(site.root, site.without) for site in sites] == [
        ("run", ("run/store/1", "run/store/2")),
        ("run/store/1", ()),
        ("run/store/2", ()),
    ]


@pytest.mark.usefixtures("as_store")
def test_the_only_run_of_a_store_belongs_to_the_run_around_it(tmp_path):
    """Two accounts of one run make one archive."""
    put(tmp_path, "run/checkpoint-5/trainer_state.json", STATE)
    put(tmp_path, "run/store/1/logging.jsonl")
    assert roots(tmp_path) == ["run"]


@pytest.mark.usefixtures("as_store")
def test_a_copy_of_the_latest_run_is_no_other_run(tmp_path):
    """Alone it is the run, beside others it is one of them once more."""
    put(tmp_path, "a/run-1/logging.jsonl")
    put(tmp_path, "a/latest-run/logging.jsonl")
    put(tmp_path, "b/latest-run/logging.jsonl")
    assert roots(tmp_path) == ["a/run-1", "b/latest-run"]


def fails(artifact):
    raise ValueError(artifact.path)


@pytest.mark.parametrize("part", ["detect", "members"])
def test_a_reader_that_crashes_hides_no_other_run(tmp_path, part):
    """What it would have found is missed; the rest is found all the same."""
    put(tmp_path, "experiment.txt", "a: a\n")
    put(tmp_path, "a/logging.jsonl")
    with RunDir(tmp_path, "run", DEFAULT) as run:
        readers = [*registry.readers(), replace(LIST, **{part: fails})]
        found = discover.sites(run, run.walk(), readers, DEFAULT)
    assert [site.root for site in found] == ["a"]


def test_a_stray_marker_beside_described_runs_hides_no_other(tmp_path):
    """What lies around an experiment that names its runs is no run, whatever else lies in it."""
    sweep = Path(__file__).resolve().parent.parent / "fixtures/runs/run_experiment-sweep/input"
    shutil.copytree(sweep, tmp_path / "sweep")
    put(tmp_path, "other/logging.jsonl")
    before = roots(tmp_path)
    assert "other" in before
    put(tmp_path, "logging.jsonl")
    assert roots(tmp_path) == before
