"""Steps put together from what several artifacts say of them."""

from dataclasses import replace

import pytest

from archiver import attempts, steps
from archiver.attempts import NO_ATTEMPTS
from archiver.model.claims import (
    AttemptMark,
    AttemptTrail,
    Evidence,
    EvidenceKind,
    Location,
    Origin,
    StepPlan,
)
from archiver.model.points import PLACEHOLDER
from archiver.model.record import (
    Command,
    Config,
    Evaluation,
    Resolved,
    Script,
    Series,
    Step,
    Training,
)
from archiver.plan import plan
from archiver.status import judge, per_attempt

AT = Location("a.json")


def context(**known):
    joined = known.pop("attempts", attempts.join([]))
    parts = {
        "fields": {},
        "plan": plan([], []),
        "attempts": {"1": joined},
        "verdicts": {"1": per_attempt([], joined)},
        "configs": (),
        "datasets": (),
        "checkpoints": (),
        "series": (),
        "stage": None,
    }
    return steps.Context(**{**parts, **known})


def assembled(partial, known):
    """The steps that these partial descriptions come to."""
    return steps.assemble(steps.merge(partial, known.plan), known)


def config(name, role, values):
    return Config(at=AT, id=name, role=role, format="json", values=values)


def train(**known):
    return Step(at=AT, step_id="1", name="train", **known)


def loss(**known):
    return Series(
        at=Location("logging.jsonl"), key="loss", source="logging.jsonl", canonical="loss",
        split="train", **known,
    )  # fmt: skip


def test_what_several_artifacts_say_of_a_step_is_joined():
    """The first statement stands, maps and lists are united, evaluations field by field."""
    first = Step(
        at=AT, step_id="2", name="eval", inputs={"a": 1}, logs=("x.log",),
        eval=Evaluation(results={"AP": 0.5}, script=Script(path="eval.py")),
    )  # fmt: skip
    second = Step(
        at=AT, step_id="2", name="eval", inputs={"a": 2, "b": 3}, logs=("y.log", "x.log"),
        error="boom", eval=Evaluation(results={"AP/cat": 0.25}, script=Script(version="1.2")),
    )  # fmt: skip
    (joined,) = assembled([first, second], context())
    assert joined.inputs == {"a": 1, "b": 3}
    assert joined.logs == ("x.log", "y.log")
    assert joined.error == "boom"
    assert joined.eval == Evaluation(
        results={"AP": 0.5, "AP/cat": 0.25}, script=Script("eval.py", "1.2")
    )


def test_parameters_are_those_of_the_most_executed_configuration_and_complete():
    """Effective values only; authored ones stay where they were authored."""
    configs = (
        config("args.json", "effective", {"lr": 1e-4, "ids": list(range(1000))}),
        config("runtime.json", "effective", {"lr": 2e-4, "seed": 17}),
        config("config.yaml", "authored", {"lr": "1e-4", "extends": "base"}),
    )
    (step,) = assembled([train()], context(configs=configs))
    assert step.params == {"ids": list(range(1000)), "lr": 1e-4, "seed": 17}
    assert step.params_from == ("args.json", "runtime.json")


def test_parameters_with_types_stand_before_texts():
    """A tracker's copy of the same settings knows only texts."""
    texts = config("mlruns/params", "resolved", {"lr": "5e-05", "note": "x"})
    configs = (replace(texts, typed=False), config("config.json", "resolved", {"lr": 5e-05}))
    (step,) = assembled([train()], context(configs=configs))
    assert step.params == {"lr": 5e-05, "note": "x"}


def test_parameters_of_an_evaluation_are_none_of_the_trainings():
    """What an evaluation ran with is effective, and its own."""
    configs = (
        replace(config("eval.json", "effective", {"temperature": 0.5}), step_id="eval:a"),
        config("config.yaml", "authored", {"lr": 1e-4}),
    )
    (step,) = assembled([train()], context(configs=configs))
    assert step.params == {"lr": 1e-4}


def test_results_name_their_rule_and_their_source():
    """Final and best loss are derived from the curve."""
    series = (loss(points=3, last=0.5, min=0.25, step_of_min=2, last_step=3),)
    (step,) = assembled([train()], context(series=series))
    assert step.training is not None
    assert (step.training.final_loss, step.training.best_loss, step.training.steps) == (
        0.5,
        0.25,
        3,
    )
    assert step.sources["training.final_loss"].origin is Origin.DERIVED
    assert step.sources["training.best_loss"].note == "at step 2"


def test_of_several_losses_the_longest_curve_tells():
    """A single value that was logged beside the curve is no end of the training."""
    once = loss(points=1, last=2.05, min=2.05, step_of_min=0, last_step=0)
    curve = loss(points=240, last=0.3, min=0.25, step_of_min=119, last_step=240)
    (step,) = assembled([train()], context(series=(once, curve)))
    assert step.training is not None
    assert (step.training.final_loss, step.training.best_loss) == (0.3, 0.25)


def test_a_key_of_several_splits_hides_none():
    """Each is told under its own name; a key of one split keeps the name that was written."""
    evaluated = replace(loss(points=6, last=0.4), canonical="eval_loss", split="eval")
    rate = replace(loss(points=240, last=0.025), key="lr", canonical="learning_rate")
    series = (loss(points=240, last=0.3), evaluated, rate)
    (step,) = assembled([train()], context(series=series))
    assert step.metrics == {"eval/loss": 0.4, "lr": 0.025, "train/loss": 0.3}


def test_a_curve_that_nobody_described_is_a_training_step():
    """Event files alone still make a run with one step."""
    (step,) = assembled([], context(series=(loss(points=1, last=1.0, last_step=1),)))
    assert (step.name, step.origin) == ("train", Origin.DERIVED)


def test_nothing_known_is_no_step():
    """An unknown directory has none."""
    assert assembled([], context()) == ()


def test_time_per_step_is_only_told_where_one_attempt_did_all_steps():
    """A resumed trainer divides all steps by the time of its last process."""
    time = {"resources.train_time_sec": Resolved(10.0, Origin.RECORDED, AT, "r")}
    series = (loss(points=1, last=1.0, last_step=5),)
    (once,) = assembled([train()], context(fields=time, series=series))
    assert once.training is not None
    assert once.training.step_time_sec_avg == 2.0
    marks = (AttemptMark(AT, resume_step=0), AttemptMark(AT, resume_step=3))
    joined = attempts.join([AttemptTrail("log", marks)])
    known = context(fields=time, series=series, attempts=joined)
    (twice,) = assembled([train()], known)
    assert twice.training is not None
    assert twice.training.step_time_sec_avg is None
    assert (twice.retries, [attempt.n for attempt in twice.attempts]) == (1, [1, 2])


PIPELINE = plan(
    [StepPlan("tok", 1), StepPlan("cpt", 2), StepPlan("hf", 3), StepPlan("eval", 4)],
    [Step(at=AT, step_id="cpt", name="train")],
)


def test_a_pipeline_fills_each_step_from_its_own():
    """Curves, parameters and signs of one step are not those of another."""
    partial = [
        Step(at=AT, step_id="tok", name="tokenize"),
        Step(at=AT, step_id="cpt", name="train", training=Training(ppl=3.5)),
        Step(at=AT, step_id="hf", name="mg2hf"),
        Step(at=AT, step_id="eval", name="eval", status="skipped", status_word="disabled"),
    ]
    signs = {
        "1": (judge([Evidence(EvidenceKind.END_MARKER, "done", AT)]),),
        "2": (judge([Evidence(EvidenceKind.FAILURE, "boom", AT)]),),
    }
    configs = (
        replace(config("dump", "effective", {"lr": "1e-4"}), step_id="2"),
        replace(config("cpt.py", "resolved", {"lr": "2e-4", "gbs": "8"}), step_id="2"),
        replace(config("tok.py", "authored", {"workers": "4"}), step_id="1"),
        config("pipeline.py", "resolved", {"ROOT": "/x"}),
    )
    series = (
        loss(step_id="2", points=1, last=2.5, last_step=9),
        loss(step_id="9", points=1, last=1.0),
    )
    known = context(plan=PIPELINE, configs=configs, series=series, attempts=NO_ATTEMPTS)
    known = replace(known, verdicts=signs)
    tok, cpt, hf, evaluation = assembled(partial, known)
    assert (tok.status, tok.params) == ("success", {"workers": "4"})
    assert (cpt.status, cpt.params) == ("failed", {"gbs": "8", "lr": "1e-4"})
    assert cpt.training is not None
    assert (cpt.training.ppl, cpt.training.final_loss, cpt.training.steps) == (3.5, 2.5, 9)
    assert (hf.status, hf.status_word) == ("skipped", "not reached")
    assert hf.sources["status"].rule == "after-a-failed-step"
    assert (evaluation.status, evaluation.status_word) == ("skipped", "disabled")


def test_attempts_tell_their_jobs():
    """A scheduler's id, word, exit code and what was changed for the retry."""
    marks = (
        AttemptMark(AT, id="101", status_word="FAILED", exit_code=1, logs=("slurm-101.out",)),
        AttemptMark(AT, id="102", params_changed=(("batch_size", 2),)),
    )
    joined = attempts.join([AttemptTrail("slurm", marks)])
    (step,) = assembled([train()], context(attempts=joined))
    first, second = step.attempts
    assert (first.id, first.status_word, first.exit_code) == ("101", "FAILED", 1)
    assert first.logs == ("slurm-101.out",)
    assert (second.id, second.params_changed, step.retries) == ("102", {"batch_size": 2}, 1)


def test_steps_that_are_counted_from_0_are_one_more():
    """The last step's number is not how many were done."""
    series = (loss(points=3, last=0.5, last_step=47, attributes={"first_step": "0"}),)
    (step,) = assembled([train()], context(series=series))
    assert step.training is not None
    assert step.training.steps == 48


def test_commands_of_several_artifacts_are_joined():
    """One knows the words, another the directory and the processes."""
    known = context()
    words = train(command=Command(argv=("torchrun", "x.py"), cwd="/settings"))
    place = train(command=Command(cwd="/log", world_size=8, parallel={"tensor": 2}))
    (step,) = assembled([place, words], known)
    assert step.command == Command(
        argv=("torchrun", "x.py"), cwd="/log", world_size=8, parallel={"tensor": 2}
    )


def test_parameters_of_an_evaluation_are_not_the_trainings():
    """Although they are the only ones that were in effect."""
    known = context(
        configs=(
            replace(config("eval.json", "effective", {"temperature": 0}), step_id="eval:a"),
            replace(config("mine", "authored", {"lr": 1}), step_id="1"),
            config("all", "authored", {"epochs": 2}),
        )
    )
    (step,) = assembled([train()], known)
    assert (step.params, step.params_from) == ({"epochs": 2, "lr": 1}, ("mine", "all"))


def test_evaluations_of_a_training_that_broke_were_skipped():
    """Where there is no trace of them; those that ran are what they are."""
    sign = Evidence(EvidenceKind.INTERRUPTION, "TIMEOUT", Location("state.json", "/1"))
    known = context(verdicts={"1": (judge([sign]),)})
    traces = {
        "a": {}, "b": {"logs": ("x.out",)}, "c": {"eval": Evaluation(results={"acc": 1})},
        "d": {"status": "failed"},
    }  # fmt: skip
    partial = [
        Step(at=AT, step_id=f"eval:{name}", name="eval", **trace) for name, trace in traces.items()
    ]
    first, *others = assembled([train(), *partial], known)
    assert first.status == "interrupted"
    assert [(s.step_id, s.status, s.status_word) for s in others] == [
        ("eval:a", "skipped", "not reached"), ("eval:b", "unknown", None),
        ("eval:c", "unknown", None), ("eval:d", "failed", None),
    ]  # fmt: skip
    source = others[0].sources["status"]
    assert (source.rule, str(source.at)) == ("after-a-failed-step", "state.json#/1")


def test_signs_against_a_step_s_status_are_kept():
    """A reader of the step sees what its producer's word stands against."""
    word = Evidence(EvidenceKind.TERMINAL_WORD, "done", AT, "success")
    trace = Evidence(EvidenceKind.FAILURE, "Traceback", AT)
    (step,) = assembled([train()], context(verdicts={"1": (judge([trace, word]),)}))
    assert step.status == "success"
    assert [item.value for item in step.sources["status"].others] == ["failed"]


def test_evaluations_of_a_training_that_ended_are_not_skipped():
    """Nobody knows why they left no trace."""
    sign = Evidence(EvidenceKind.END_MARKER, "COMPLETED", AT)
    known = context(verdicts={"1": (judge([sign]),)})
    _, step = assembled([train(), Step(at=AT, step_id="eval:a", name="eval")], known)
    assert step.status == "unknown"


def test_a_placeholder_is_no_metric():
    """It stands where a producer had nothing to write."""
    odd = Series(
        at=AT, key="hp_metric", source="e", points=1, last=-1.0, attributes=dict(PLACEHOLDER)
    )
    (step,) = assembled([train()], context(series=(loss(points=1, last=2.0), odd)))
    assert step.metrics == {"loss": 2.0}


def test_steps_that_are_counted_from_0():
    """The last training row stands at 17; what is logged after it at the 18 steps done."""
    zero = {"first_step": "0"}
    series = (
        loss(points=6, last_step=17, attributes=zero),
        Series(at=AT, key="test_loss", source="f", split="test", points=1, last_step=18),
    )
    (step,) = assembled([train()], context(series=series))
    assert step.training.steps == 18


@pytest.mark.parametrize(
    ("status", "done", "most", "told"),
    [
        ("success", 6, 40, "after 6 of at most 40 epochs"),
        ("success", 40, 40, None),
        ("success", 0, 40, None),
        ("failed", 6, 40, None),
        ("success", 6, None, None),
        ("success", None, 40, None),
    ],
)
def test_a_training_that_ended_early(status, done, most, told):
    """An early stop is only visible as fewer epochs; it is told, as derived."""
    training = Training(epochs=done, max_epochs=most)
    (step,) = assembled([train(status=status, training=training)], context())
    assert step.outputs.get("ended_early") == told
    source = step.sources.get("outputs.ended_early")
    assert (source and source.rule) == (told and "fewer-epochs-than-allowed")


def test_a_step_s_own_log_is_its_curve():
    """What a trainer prints is quoted, although an event file holds more points."""
    printed = loss(points=2, last=0.5, last_step=20)
    events = replace(printed, source="tb", at=Location("tb"), points=20, last=0.4)
    (step,) = assembled([train(logs=("logging.jsonl",))], context(series=(events, printed)))
    assert step.training is not None
    assert step.training.final_loss == 0.5
    (other,) = assembled([train()], context(series=(printed, events)))
    assert other.training is not None
    assert other.training.final_loss == 0.4


def test_the_clock_is_chosen_once_for_all_steps(monkeypatch):
    """A run of a thousand evaluations does not weigh all their attempts for each of them."""
    asked = []
    monkeypatch.setattr(steps, "common_clock", lambda groups: bool(asked.append(len([*groups]))))
    many = [Step(at=AT, step_id=f"eval:{number}", name="eval") for number in range(30)]
    known = context(attempts=NO_ATTEMPTS)
    assert len(assembled(many, known)) == 30
    assert asked == [1]
