"""Which step a thing belongs to."""

from __future__ import annotations

from archiver.model.claims import (
    AttemptMark,
    AttemptTrail,
    Evidence,
    EvidenceKind,
    Location,
    StepPlan,
)
from archiver.model.record import Config, Step
from archiver.plan import plan

AT = Location("pipeline.py")
CPT, SFT = "train_cpt_0", "train_sft_0"


def step(name: str, kind: str = "train", path: str = "pipeline.py") -> Step:
    return Step(at=Location(path), step_id=name, name=kind)


def sign(path: str, step_id: str = "") -> Evidence:
    return Evidence(EvidenceKind.END_MARKER, "end", Location(path), step_id=step_id)


PIPELINE = (
    StepPlan("tokenize_cpt_0", 1, ("logs/tokenize_cpt_0.log",)),
    StepPlan(CPT, 2, ("logs/train_cpt_0.log", "model/cpt")),
    StepPlan(SFT, 3, ("logs/train_sft_0.log", "model/cpt/sft"), enabled=False),
)


def test_without_a_pipeline_everything_unnamed_is_the_training():
    """Readers of trainers call it 1, or nothing; evaluations keep their names."""
    found = plan([], [step("1"), step("eval:a", "eval")])
    assert [found.step(name, "x") for name in (None, "", "1", "eval:a")] == [
        "1",
        "1",
        "1",
        "eval:a",
    ]
    assert found.owner(None, "x") is None
    signs = found.evidence([sign("x"), sign("y", "eval:a")])
    assert {name: len(items) for name, items in signs.items()} == {"1": 1, "eval:a": 1}


def test_a_pipeline_numbers_its_steps_and_owns_places():
    """The longest place that holds a path decides."""
    found = plan(PIPELINE, [step(CPT), step(SFT)])
    assert found.step(SFT, "anywhere") == "3"
    assert found.step(None, "model/cpt/events") == "2"
    assert found.step(None, "model/cpt/sft/events") == "3"
    assert found.step(None, "model/cpt2/events") == "2", "the only training that was switched on"
    config = Config(
        at=Location("model/cpt/a.json"), id="a", role="effective", format="json", values={}
    )
    assert found.owned([config])[0].step_id == "2"


def test_with_two_trainings_what_nobody_owns_is_nobody_s():
    """It is never given to one of them."""
    both = (*PIPELINE[:2], StepPlan(SFT, 3))
    found = plan(both, [step(CPT), step(SFT)])
    assert found.training is None
    assert found.step("1", "notes/x") is None
    both_ways = [step("1", path="notes/x"), step("1", path="model/cpt/state.json")]
    assert found.steps(both_ways) == [step("2", path="model/cpt/state.json")]
    assert found.strays(both_ways) == [step("1", path="notes/x")]


def test_words_on_the_whole_pipeline_are_no_step_s():
    """Unless they stand in a step's own file."""
    found = plan(PIPELINE, [step(CPT)])
    signs = found.evidence([sign("console.log"), sign("logs/train_cpt_0.log"), sign("x", CPT)])
    assert {name: len(items) for name, items in signs.items()} == {None: 1, "2": 2}


def test_attempts_are_those_of_their_step():
    """Each step has a numbering of its own."""
    found = plan(PIPELINE, [step(CPT)])
    trails = [
        AttemptTrail("a", (AttemptMark(AT), AttemptMark(AT)), CPT),
        AttemptTrail("b", (AttemptMark(Location("logs/tokenize_cpt_0.log")),)),
    ]
    assert {name: len(item.all) for name, item in found.attempts(trails).items()} == {
        "2": 2,
        "1": 1,
    }


def test_what_a_step_wrote_is_its_own_whatever_it_is_called():
    """A report below the place of a pipeline's evaluation is no further evaluation."""
    plans = (*PIPELINE, StepPlan("eval_0", 4, ("reports",)))
    found = plan(plans, [step(CPT)])
    assert found.step("eval:reports/score", "reports/score.json") == "4"
    assert found.step("eval:other", "elsewhere/score.json") == "eval:other"


def test_settings_of_the_whole_pipeline_are_no_step_s():
    """Not even where there is but one training."""
    found = plan(PIPELINE, [step(CPT)])
    at = Location("pipeline.py")
    config = Config(at=at, id="a", role="resolved", format="python", values={})
    assert found.owned([config])[0].step_id is None
