"""Steps of a pipeline in every form of their history."""

from __future__ import annotations

import pytest

from archiver.producers.llmrunner.plan import name_and_stage, plan, step_type


def ids(values, files=(), **how):
    """Id, number and whether each step is on."""
    known = {stem: f"steps/{stem}.py" for stem in files}
    defaults = {"flat": False, "env": False, "included": False}
    found = plan(values, known, **{**defaults, **how})
    return [(step.id, step.number, step.enabled) for step in found.steps], found


def test_a_disabled_entry_uses_up_no_number():
    """Numbers count enabled entries of a type; positions count all."""
    entries = [{"type": "mg2hf", "enabled": False}, {"type": "mg2hf"}, {"type": "mg2hf"}]
    assert ids({"STEPS": entries})[0] == [
        ("mg2hf_0@1", 1, False), ("mg2hf_0", 2, True), ("mg2hf_1", 3, True),
    ]  # fmt: skip


def test_an_id_that_the_runner_would_refuse_is_told():
    """Ids must be `<type>_<k>`."""
    found = ids({"STEPS": [{"type": "eval", "id": "eval_7"}]})[1]
    assert [step.id for step in found.steps] == ["eval_7"]
    assert [code for code, _ in found.faults] == ["step-id"]


@pytest.mark.parametrize("entry", [7, {}, None, {"id": "x"}, []])
def test_an_entry_that_names_no_step(entry):
    """It is told and left out; the others keep their numbers."""
    steps, found = ids({"STEPS": [entry, {"type": "eval"}]})
    assert steps == [("eval_0", 2, True)]
    assert [code for code, _ in found.faults] == ["invalid-step"]


def test_an_enabled_that_stops_the_runner():
    """Nobody knows whether the step would have run."""
    steps, found = ids({"STEPS": [{"type": "eval", "enabled": "maybe"}]})
    assert steps == [("eval_0", 1, None)]
    assert [code for code, _ in found.faults] == ["invalid-enabled"]


def test_texts_with_numbered_files_are_of_the_newest_form():
    """Era 6 has unnumbered files; ids may be given as texts, too."""
    steps, found = ids({"STEPS": ["train_cpt", "eval_0"]}, ["train_cpt_0", "eval_0"])
    assert [name for name, _, _ in steps] == ["train_cpt_0", "eval_0"]
    assert found.era == "7-8"


def test_era_6_counts_files_by_occurrence_and_logs_by_position():
    """`train_cpt_2.log` is of the third step of the pipeline, not of the third training."""
    steps, found = ids({"STEPS": ["train_cpt", "eval", "train_cpt"]}, ["train_cpt", "train_cpt_1"])
    assert [name for name, _, _ in steps] == ["train_cpt", "eval_1", "train_cpt_2"]
    assert [step.config for step in found.steps] == [
        "steps/train_cpt.py", None, "steps/train_cpt_1.py",
    ]  # fmt: skip
    assert found.era == "6"


def test_steps_win_over_flags():
    """Flags were left in place when lists came."""
    values = {"STEPS": [{"type": "eval"}], "STEP_TRAIN_CPT_ENABLED": 1}
    assert ids(values)[0] == [("eval_0", 1, True)]


def test_flags_count_where_the_list_is_empty():
    """They were the fallback of that time."""
    assert ids({"STEPS": [], "STEP_EVAL_ENABLED": "1"})[0] == [("eval", 1, True)]


@pytest.mark.parametrize("count", [1000, 3])
def test_an_integer_is_no_list_of_steps(count):
    """A step's settings have an integer `STEPS` of their own."""
    assert ids({"STEPS": count, "STEP_EVAL_ENABLED": 1})[0] == [("eval", 1, True)]


def test_flags_have_a_fixed_order():
    """The numbers of files on disk may disagree with it."""
    values = {"STEP_EVAL_ENABLED": 0, "STEP_TRAIN_CPT_ENABLED": 1, "STEP_TOKENIZE_CPT_ENABLED": 1}
    steps, found = ids(values, ["3.train_cpt", "9.eval", "5.mg2hf"])
    assert steps == [
        ("tokenize_cpt", 1, True), ("train_cpt", 2, True), ("mg2hf", 3, None), ("eval", 4, False),
    ]  # fmt: skip
    assert found.steps[1].config == "steps/3.train_cpt.py"


@pytest.mark.parametrize(
    ("how", "era"),
    [
        ({"env": True, "flat": True}, "1"),
        ({"env": True}, "2"),
        ({}, "3-4"),
        ({"included": True}, "5"),
    ],
)
def test_eras_of_flags(how, era):
    """The form of the files tells them apart."""
    assert ids({"STEP_EVAL_ENABLED": 1}, **how)[1].era == era


def test_many_steps_are_bounded():
    """Of a list without end the beginning is looked at."""
    steps, found = ids({"STEPS": [{"type": "eval"}] * 5000})
    assert len(steps) == 1000
    assert [code for code, _ in found.faults] == ["too-many-steps"]


@pytest.mark.parametrize(
    ("stem", "kind"),
    [("train_cpt_0", "train_cpt"), ("3.train_cpt", "train_cpt"), ("tokenize", "tokenize"),
     ("tokenize_sft_12", "tokenize_sft"), ("trainer", None), ("eval_", None), ("0", None)],
)  # fmt: skip
def test_type_of_a_stem(stem, kind):
    """Files and logs are called after their step."""
    assert step_type(stem) == kind


@pytest.mark.parametrize(
    ("kind", "told"),
    [("train_cpt", ("train", "cpt")), ("tokenize_sft", ("tokenize", "sft")),
     ("mg2hf", ("mg2hf", "other")), ("x_y", ("x_y", "other"))],
)  # fmt: skip
def test_name_and_stage(kind, told):
    """The stage is the type's ending."""
    assert name_and_stage(kind) == told
