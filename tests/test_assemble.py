"""Records put together: identity, scopes, coverage."""

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path

from archiver.assemble import _checkpoints, _copies, _strays, _timeline, _weights, planned
from archiver.collect import Collected
from archiver.model.claims import Location, StepPlan
from archiver.model.reading import Reading
from archiver.model.record import Checkpoint, DataCopy, Event, Step
from archiver.workflows.collecting import CollectOptions, Outcome, collect

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
ROW = '{"loss": %s, "epoch": 1.0, "global_step/max_steps": "%d/9", "elapsed_time": "%ds"}\n'


def archive(run: Path, archives: Path, **options: object) -> Outcome:
    chosen = CollectOptions(archives, **options)  # type: ignore[arg-type]
    (outcome,) = collect(run, chosen, NOW).outcomes
    return outcome


def test_unknown_directories_of_one_name_get_an_archive_each(tmp_path):
    """Without any recorded id, what a directory holds tells it from another."""
    for place in ("x", "y"):
        run = tmp_path / place / "same"
        run.mkdir(parents=True)
        (run / "notes.txt").write_text(place)
    first = archive(tmp_path / "x/same", tmp_path / "archives")
    second = archive(tmp_path / "y/same", tmp_path / "archives")
    assert first.archive != second.archive
    assert first.archive is not None
    assert first.archive.exists()
    assert not archive(tmp_path / "x/same", tmp_path / "archives").changed


def test_equal_names_in_two_trees_of_a_run_are_kept_apart(tmp_path):
    """Points, attempts and accounting of a `--with` tree never mix with the run's own."""
    run, logs = tmp_path / "run", tmp_path / "logs"
    for home, values in ((run, (3.0, 2.0)), (logs, (9.0, 8.0, 7.0))):
        home.mkdir()
        rows = [ROW % (value, step, step) for step, value in enumerate(values, 1)]
        (home / "logging.jsonl").write_text("".join(rows))
    record = archive(run, tmp_path / "archives", also=(logs,)).record
    told = {(item.at.scope, item.points, item.last) for item in record.series if item.key == "loss"}
    assert told == {("run", 2, 2.0), ("with-1", 3, 7.0)}
    assert {(item.scope, item.read) for item in record.accounting} == {("run", 2), ("with-1", 3)}
    assert not any(item.superseded for item in record.series)


def test_the_coverage_counts_every_field_of_the_template_once(tmp_path):
    """Answered, not recorded and not applicable add up to the registry."""
    run = tmp_path / "run"
    run.mkdir()
    (run / "logging.jsonl").write_text(ROW % ("1.0", 1, 1))
    outcome = archive(run, tmp_path / "archives", declared={"summary.user": "ann"})
    cover = outcome.record.coverage
    counts = [cover.recorded, cover.derived, cover.declared, cover.probed]
    assert sum(counts) + cover.not_recorded + cover.not_applicable == len(cover.fields)
    assert cover.fields["summary.user"] == "declared"
    assert cover.fields["summary.git_commit"] == "not recorded"
    assert cover.fields["data.raw_sft_dir"] == "n/a"
    assert outcome.archive is not None
    written = json.loads((outcome.archive / "record.json").read_text())
    assert written["probe"] == {}
    assert written["lockfiles"] == []


def test_a_preparation_that_was_run_again_copied_nothing_new():
    """Of several accounts of one copy the one that copied most is the copy."""
    at = Location("console.log")
    first = DataCopy(at=at, source="/a", destination="/b", files_copied=2, files_skipped=0)
    again = DataCopy(at=at, source="/a", destination="/b", files_copied=0, files_skipped=2)
    other = DataCopy(at=at, source="/c", destination="/b")
    assert _copies([again, first, again, other]) == (first, other)


def test_the_timeline_is_in_order():
    """An event without a time stays behind the one that its artifact tells before it."""

    def event(path, line, time=None):
        return Event(
            at=Location(path, f"L{line}"),
            time=time,
            clock="naive",
            kind="x",
            subject=f"{path}{line}",
        )

    found = [
        event("a", 1), event("a", 2, "2026-01-01T10"), event("a", 3),
        event("a", 4, "2026-01-01T12"), event("b", 1, "2026-01-01T11"), event("b", 2),
    ]  # fmt: skip
    subjects = [item.subject for item in _timeline(found)]
    assert subjects == ["a1", "a2", "a3", "b1", "b2", "a4"]


def test_checkpoints_of_one_training_stand_together():
    """In the order of their steps."""
    found = [
        Checkpoint(at=Location("x"), path=path, step=step)
        for path, step in (("m/sft/iter_60", 60), ("m/cpt/iter_200", 200), ("m/cpt/iter_100", 100))
    ]
    paths = [item.path for item in _checkpoints(found, [])]
    assert paths == ["m/cpt/iter_100", "m/cpt/iter_200", "m/sft/iter_60"]


def test_a_checkpoint_s_metric_keeps_its_own_name():
    """The name comes from the artifact that the value comes from."""
    at = Location("x")
    there = Checkpoint(at=at, path="a.ckpt", present=True, monitor="unused")
    told = Checkpoint(at=at, path="a.ckpt", metric=0.5, monitor="val_loss")
    (found,) = _checkpoints([there, told], [])
    assert (found.metric, found.monitor) == (0.5, "val_loss")
    (found,) = _checkpoints([replace(there, metric=0.1, monitor=None), told], [])
    assert (found.metric, found.monitor) == (0.1, None)


def test_weights_of_a_checkpoint_are_found_by_their_place():
    """At its path or below it, in its own tree; a name that only begins alike is another's."""
    paths = ["a-b/w.pt", "a.pt", "a/b/w.pt", "a/w.pt", "aa/w.pt"]
    hashed = sorted((scope, path, scope + path) for scope in ("run", "x") for path in paths)
    assert [path for path, _ in _weights("run", "a", hashed)] == ["a/b/w.pt", "a/w.pt"]
    assert list(_weights("x", "a.pt", hashed)) == [("a.pt", "xa.pt")]
    assert list(_weights("y", "a", hashed)) == []


def test_what_no_step_owns_is_told():
    """Of two trainings nobody can say which one a file beside them speaks of."""
    at = Location("notes/state.json")
    loose = Step(at=at, step_id="1", name="train")
    trainings = tuple(Step(at=Location("p"), step_id=n, name="train") for n in ("cpt", "sft"))
    plans = (StepPlan("cpt", 1), StepPlan("sft", 2))
    collected = Collected([Reading(steps=(loose, *trainings), plans=plans)])
    (problem,) = _strays(collected, planned(collected))
    assert (problem.code, problem.at) == ("unattributed-step", at)
