"""Evaluation logs: every status, both containers, and nothing of it mistaken for training."""

from __future__ import annotations

import json
import math
import zipfile
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

HEADER = {
    "version": 2,
    "status": "success",
    "eval": {
        "created": "2026-06-20T11:00:00+02:00",
        "task": "words_tiny",
        "task_id": "T1",
        "task_registry_name": "pkg/words",
        "task_file": "tasks/words.py",
        "run_id": "R1",
        "model": "hf/tiny",
        "model_args": {"model_path": "/data/run/artifacts/epoch_3"},
        "dataset": {"name": "words", "samples": 5, "sample_ids": [1, 2, 3, 4, 5]},
        "config": {"epochs": 2},
        "packages": {"inspect_ai": "0.3.140"},
    },
    "results": {
        "total_samples": 10,
        "completed_samples": 10,
        "scores": [
            {"name": "match", "scorer": "match", "metrics": {"accuracy": {"value": 0.5}}},
        ],
    },
    "stats": {
        "started_at": "2026-06-20T11:00:01+02:00",
        "completed_at": "2026-06-20T11:00:05+02:00",
        "model_usage": {"hf/tiny": {"input_tokens": 110, "total_tokens": 440}},
    },
}


def log(header=None, **members) -> bytes:
    """A container of a header and other members."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as container:
        for name, value in members.items():
            container.writestr(name, json.dumps(value))
        if header is not None:
            container.writestr("header.json", json.dumps(header))
    return out.getvalue()


def changed(**parts):
    """The header with some parts replaced, those of `eval` by their own names."""
    spec = {**HEADER["eval"], **parts.pop("eval", {})}
    return {**HEADER, **parts, "eval": spec}


@pytest.fixture
def step(read_one):
    """The one step of a log."""

    def call(content, path="logs/a.eval"):
        (found,) = read_one(path, content).reading.steps
        return found

    return call


def test_case(bench, case):
    """Each fixture gives what the vendor's reader says."""
    bench.check("inspect_log", case)


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_wrong_types_never_raise(bench, data):
    """Any value may be of any JSON type, any key may be missing."""
    bench.survives(data, "inspect_log")


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "inspect_log")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("run/eval/words_epoch1/logs/x.eval", "eval:words_epoch1"),
        ("eval/words/logs/x.eval", "eval:words"),
        ("run/eval/logs/x.eval", "eval:words_epoch3"),
        ("logs/x.eval", "eval:x"),
        ("x.eval", "eval:x"),
    ],
)
def test_the_step_is_named_after_its_cell(step, path, name):
    """In the flat layout task and epoch tell, elsewhere the file's own name."""
    assert step(log(HEADER), path).step_id == name


def test_the_flat_layout_without_an_epoch(read):
    """The base model's evaluation is called after its task, unless another log lies there."""
    header = changed(eval={"model_args": {}})
    found = read({"a/eval/logs/x.eval": log(header)})
    assert [item.reading.steps[0].step_id for item in found.values()] == ["eval:words"]
    found = read({"a/eval/logs/y.eval": log(header)})
    names = [item.reading.steps[0].step_id for item in found.values()]
    assert names == ["eval:x", "eval:y"]


def test_several_logs_of_one_cell(read):
    """A retry beside the first try is another step, not the same one twice."""
    cell = "eval/words_epoch1/logs"
    found = read({f"{cell}/a.eval": log(HEADER), f"{cell}/b.eval": log(HEADER)})
    assert [item.reading.steps[0].step_id for item in found.values()] == [
        "eval:words_epoch1/a", "eval:words_epoch1/b",
    ]  # fmt: skip


def test_everything_is_the_evaluations_own(read_one):
    """No claim, no evidence and no attempt speaks of the training."""
    found = read_one("eval/c/logs/a.eval", log(HEADER))
    reading = found.reading
    assert found.claims == {}
    named = [*reading.steps, *reading.evidence, *reading.attempts, *reading.configs]
    assert {item.step_id for item in named} == {"eval:c"}


@pytest.mark.parametrize(
    ("status", "word", "kind"),
    [
        ("success", "success", "terminal-word"),
        ("error", "failed", "terminal-word"),
        ("cancelled", "interrupted", "terminal-word"),
        ("started", "unknown", "running-word"),
        ("resting", "unknown", "running-word"),
    ],
)
def test_statuses(read_one, status, word, kind):
    """The tool's own word decides; one that is not known decides nothing."""
    found = read_one("a.eval", log(changed(status=status)))
    assert (found.reading.steps[0].status, found.reading.steps[0].status_word) == (word, status)
    assert found.kinds == [kind]


def test_a_killed_evaluation(read_one):
    """Without a header the journal says what was to be done; its samples are counted."""
    start = {"version": 2, "eval": HEADER["eval"], "plan": {"steps": []}}
    rows = [{"id": 1, "completed": True}, {"id": 2, "completed": True, "error": "no"}]
    members = {
        "_journal/start.json": start,
        "samples/1_epoch_1.json": {},
        "samples/2_epoch_1.json": {},
        "_journal/summaries/1.json": rows,
    }
    found = read_one("a.eval", log(**members))
    step = found.reading.steps[0]
    assert (step.status, step.status_word) == ("unknown", "started")
    assert step.eval.samples == {"done": 1, "total": 10}
    assert step.eval.results == {}
    assert found.kinds == ["running-word"]
    assert found.codes == ["unfinished"]
    assert str(step.at) == "a.eval#_journal/start.json!"


def test_a_damaged_header(read_one):
    """What the torn header says counts, the start fills in the rest."""
    out = BytesIO()
    text = json.dumps({"version": 2, "status": "error", "error": {"message": "boom"}})
    with zipfile.ZipFile(out, "w") as container:
        container.writestr("_journal/start.json", json.dumps({"eval": HEADER["eval"]}))
        container.writestr("header.json", text[:-10])
    found = read_one("a.eval", out.getvalue())
    assert found.reading.steps[0].status == "failed"
    assert found.reading.steps[0].eval.checkpoint == "/data/run/artifacts/epoch_3"
    assert found.codes == ["truncated"]
    assert found.reading.accounting.corrupt == 1


def test_results_of_scorers_with_several_scores(step):
    """Names are made longer only where they would be the same."""
    scores = [
        {"name": "judge", "scorer": "judge", "reducer": "mean", "metrics": {"mean": {"value": 1}}},
        {"name": "judge", "scorer": "judge", "reducer": "max", "metrics": {"mean": {"value": 2}}},
        {"name": "style", "scorer": "judge", "metrics": {"mean": {"value": 3.5}}},
    ]
    found = step(log(changed(results={"scores": scores})))
    assert found.eval.results == {"judge/mean": 1, "judge/mean[max]": 2, "judge/style/mean": 3.5}


def test_nan_is_a_result(read_one):
    """A metric without a value is written as bare NaN, which is no fault of the log."""
    scores = [{"scorer": "m", "metrics": {"accuracy": {"value": math.nan}}}]
    found = read_one("a.eval", log(changed(results={"scores": scores})))
    assert math.isnan(found.reading.steps[0].eval.results["m/accuracy"])
    assert found.codes == []
    assert found.reading.accounting.reasons == {"non-finite-token": 1}
    assert found.points("m/accuracy", "eval") == [[None, "NaN"]]


def test_a_point_per_epoch(read_one):
    """Results lie at the checkpoint's epoch, on an axis of epochs, and at no step."""
    found = read_one("run/eval/c/logs/a.eval", log(changed(eval={"metadata": {"epoch": 7}})))
    (batch,) = found.batches
    assert (batch.spec.axis, batch.spec.source, batch.spec.clock) == ("epoch", "run/eval", "zoned")
    assert (list(batch.epochs), list(batch.values)) == ([7.0], [0.5])
    assert batch.spec.labels == (("task", "pkg/words"),)


@pytest.mark.parametrize(
    ("metadata", "path", "epoch"),
    [
        ({"epoch": 0}, "/x/epoch_4", 0),
        ({"epoch": "2"}, None, 2),
        ({"epoch": True}, None, None),
        (None, "/x/epoch_4/", 4),
        (None, "/x/base", None),
    ],
)
def test_the_epoch_of_the_checkpoint(read_one, metadata, path, epoch):
    """As recorded; else as its directory is called; inspect's own epochs are repetitions."""
    header = changed(eval={"metadata": metadata, "model_args": {"model_path": path}})
    found = read_one("a.eval", log(header))
    assert [list(batch.epochs) for batch in found.batches] == (
        [[epoch]] if epoch is not None else []
    )


def test_clocks(read_one):
    """Stamps have offsets inside, whatever the file's name says."""
    found = read_one("logs/2026-06-20T11-00-00-05-00_words_T1.eval", log(HEADER))
    (mark,) = found.marks
    assert (mark.started.iso(), mark.ended.iso()) == (
        "2026-06-20T09:00:01+00:00", "2026-06-20T09:00:05+00:00",
    )  # fmt: skip
    assert [event.kind for event in found.reading.events] == ["eval_started", "eval_finished"]


def test_empty_stamps_of_an_interrupted_evaluation(read_one):
    """What was never reached is an empty text; the creation is the best that is known."""
    stats = {"started_at": "", "completed_at": ""}
    found = read_one("a.eval", log(changed(stats=stats, status="cancelled")))
    assert found.marks[0].started.iso() == "2026-06-20T09:00:00+00:00"
    assert found.marks[0].ended is None


@pytest.mark.parametrize(
    ("dirty", "version"), [(True, "a659e51 (dirty)"), (False, "a659e51"), (None, "a659e51")]
)
def test_the_revision_is_the_task_scripts(read_one, dirty, version):
    """A short hash of the repository that holds the script; it says nothing of the training."""
    revision = {"type": "git", "origin": "https://host/me/tasks.git", "commit": "a659e51"}
    if dirty is not None:
        revision["dirty"] = dirty
    found = read_one("a.eval", log(changed(eval={"revision": revision})))
    (repository,) = found.reading.repositories
    assert (repository.role, repository.name, repository.dirty) == ("dependency", "tasks", dirty)
    assert found.reading.steps[0].eval.script.version == version


def test_model_usage_and_unscored_samples(step):
    """Tokens are figures of the step; samples without a score are told."""
    scores = [{"scorer": "m", "unscored_samples": 2, "metrics": {"accuracy": {"value": 1.0}}}]
    found = step(log(changed(results={"scores": scores}, invalidated=True)))
    assert found.metrics == {
        "m/accuracy": 1.0, "hf/tiny/input_tokens": 110, "hf/tiny/total_tokens": 440,
    }  # fmt: skip
    assert found.warnings == (
        "the log was marked as invalid after it was written", "2 samples were not scored by m",
    )  # fmt: skip


def test_error_and_traceback(step):
    """The message, and the end of a traceback that is longer than the limit."""
    error = {"message": "boom", "traceback": "x" * 200_000 + "ValueError: boom"}
    found = step(log(changed(status="error", error=error, results=None)))
    assert found.error == "boom"
    assert found.error_stack.endswith("xValueError: boom")
    assert len(found.error_stack) == 64 * 1024


def test_the_configuration_has_no_list_of_samples(read_one):
    """Arguments, model and plan are kept; the ids of all samples are no setting."""
    (config,) = read_one("a.eval", log(changed(plan={"name": "plan"}))).reading.configs
    assert config.values["dataset"] == {"name": "words", "samples": 5}
    assert config.values["plan"] == {"name": "plan"}
    assert config.values["model_args"] == {"model_path": "/data/run/artifacts/epoch_3"}


def test_a_json_log_that_breaks_off(read_one):
    """What stands before the break counts, and that it is not all."""
    text = json.dumps({**HEADER, "samples": [{"id": 1}, {"id": 2, "error": "x"}]})
    found = read_one("logs/2026-06-20T11-00-00_words_T1.json", text[:-5])
    assert found.codes == ["truncated"]
    assert found.reading.steps[0].eval.results == {"match/accuracy": 0.5}
    assert found.kinds == ["terminal-word", "death"]


def test_a_bomb_for_a_header(read_one):
    """A header that unpacks to a thousand times its size is left, and told."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as container:
        container.writestr("_journal/start.json", json.dumps({"eval": HEADER["eval"]}))
        container.writestr("header.json", b" " * (100 << 20))
    found = read_one("a.eval", out.getvalue())
    assert "ratio" in found.codes or "size-limit" in found.codes
    assert found.reading.steps[0].status == "unknown"
