"""Records put together: identity, scopes, coverage."""

import datetime as dt
import json
from pathlib import Path

from archiver.assemble import _strays, planned
from archiver.collect import Collected
from archiver.model.claims import Location, StepPlan
from archiver.model.reading import Reading
from archiver.model.record import Step
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


def test_what_no_step_owns_is_told():
    """Of two trainings nobody can say which one a file beside them speaks of."""
    at = Location("notes/state.json")
    loose = Step(at=at, step_id="1", name="train")
    trainings = tuple(Step(at=Location("p"), step_id=n, name="train") for n in ("cpt", "sft"))
    plans = (StepPlan("cpt", 1), StepPlan("sft", 2))
    collected = Collected([Reading(steps=(loose, *trainings), plans=plans)])
    (problem,) = _strays(collected, planned(collected))
    assert (problem.code, problem.at) == ("unattributed-step", at)
