"""Configurations compared like with like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from archiver.diff.settings_table import topic
from archiver.model.claims import Location
from archiver.model.differences import MISSING, Comparison, Difference, Kind, Significance
from archiver.model.record import Config, RunRecord, Step
from archiver.model.values import Tagged, Value

Told = Callable[..., list[Difference]]
Make = Callable[..., Any]
SIGNIFICANT, VOLATILE, EQUIVALENT = (
    Significance.SIGNIFICANT,
    Significance.VOLATILE,
    Significance.EQUIVALENT,
)


def lines(found: list[Difference] | tuple[Difference, ...]) -> list[tuple[str, str, str]]:
    """Field, kind and significance of each difference."""
    return [(item.field, item.kind.value, item.significance.value) for item in found]


def test_one_change_among_a_hundred_paths(told: Told) -> None:
    """The learning rate is the only line that matters, and it comes first."""
    sides: list[dict[str, Value]] = [
        {
            "paths": {f"place_{n}": f"/{user}/runs/{user}-{n}/file-{user}" for n in range(100)},
            "optimizer": {"lr": rate, "weight_decay": 0.1},
        }
        for user, rate in (("alice", 1e-4), ("bob", 2e-4))
    ]
    found = told(*sides)
    assert len(found) == 101
    assert lines(found[:1]) == [("optimizer.lr", "changed", "significant")]
    assert (found[0].a, found[0].b, found[0].rank) == (1e-4, 2e-4, 0)
    assert {item.significance for item in found[1:]} == {VOLATILE}


def test_number_read_as_text_is_significant_between_yaml_files(told: Told) -> None:
    """PyYAML reads `1e-5` as text, and text trains differently."""
    (found,) = told({"lr": "1e-5"}, {"lr": 1e-5}, format="yaml")
    assert (found.kind, found.significance) == (Kind.RETYPED, SIGNIFICANT)
    assert found.note == "text in the first run, a number in the second"
    (found,) = told({"lr": "1e-5"}, {"lr": 1e-5}, format="yaml", typed=False)
    assert (found.kind, found.significance) == (Kind.CHANGED, EQUIVALENT)


def test_a_setting_moves_under_its_other_name(told: Told) -> None:
    """With the same value it is the same, with another it changed."""
    (found,) = told({"training": {"learning_rate": 1e-3}}, {"optimizer": {"lr": 1e-3}})
    assert lines([found]) == [("optimizer.lr", "moved", "equivalent")]
    assert found.from_ == "training.learning_rate"
    (found,) = told({"training": {"learning_rate": 1e-3}}, {"optimizer": {"lr": 1e-2}})
    assert lines([found]) == [("optimizer.lr", "changed", "significant")]
    assert found.from_ == "training.learning_rate"
    (found,) = told({"per_device_train_batch_size": 4}, {"batch_size": 4})
    assert lines([found]) == [("batch_size", "moved", "equivalent")]


def test_a_key_moves_with_its_value(told: Told) -> None:
    """Where its last part and its value are found once on either side."""
    (found,) = told({"a": {"patience": 3}}, {"b": {"c": {"patience": 3.0}}})
    assert lines([found]) == [("b.c.patience", "moved", "equivalent")]
    ambiguous = told({"a": {"patience": 3}, "x": {"patience": 3}}, {"b": {"patience": 3}})
    assert {item.kind for item in ambiguous} == {Kind.ADDED, Kind.REMOVED}


def test_a_section_moves_with_all_of_its_keys(told: Told) -> None:
    """What changed in it changed, it was not removed and added."""
    a: dict[str, Value] = {"old": {"p": 1, "q": 2, "r2": 3}}
    b: dict[str, Value] = {"new": {"p": 1, "q": 2, "r2": 4}}
    assert sorted(lines(told(a, b))) == [
        ("new.p", "moved", "equivalent"),
        ("new.q", "moved", "equivalent"),
        ("new.r2", "changed", "significant"),
    ]


def test_null_and_nothing(told: Told) -> None:
    """One and the same, but for what people write about the optimisation."""
    assert lines(told({"x": None}, {})) == [("x", "removed", "equivalent")]
    assert lines(told({}, {"x": []})) == [("x", "added", "equivalent")]
    assert lines(told({"x": None}, {"x": ""})) == [("x", "changed", "equivalent")]
    assert lines(told({"max_grad_norm": None}, {}, reader="generic_config")) == [
        ("max_grad_norm", "removed", "significant")
    ]
    assert lines(told({"note_of": None}, {}, reader="generic_config")) == [
        ("note_of", "removed", "equivalent")
    ]
    assert lines(told({"x": "None"}, {}, typed=False)) == [("x", "removed", "equivalent")]


def test_secrets(told: Told) -> None:
    """They are never compared, and whether there is one says nothing about the outcome."""
    (found,) = told({"hub_token": "[redacted:token:1]"}, {"hub_token": "[redacted:token:2]"})
    assert (found.significance, found.note) == (EQUIVALENT, "secret, not compared")
    (found,) = told({"hub_token": "[redacted:token:1]"}, {"hub_token": None})
    assert (found.significance, found.note) == (VOLATILE, "secret, not compared")
    (found,) = told({"hub_token": "[redacted:token:1]"}, {})
    assert (found.significance, found.note) == (VOLATILE, "secret, not compared")


def test_order_matters_of_numbers_and_of_what_is_read_in_turn(told: Told) -> None:
    """Names are often written from sets."""
    for key, items, expected in (
        ("target_modules", ["q", "v"], EQUIVALENT),
        ("betas", [0.9, 0.999], SIGNIFICANT),
        ("datasets", ["a", "b"], SIGNIFICANT),
        ("lr_milestones", ["x", "y"], SIGNIFICANT),
    ):
        (found,) = told({key: items}, {key: items[::-1]})
        assert (found.kind, found.significance) == (Kind.CHANGED, expected), key
        assert found.note == "in another order"


def test_long_lists_are_told_by_their_first_differences(told: Told) -> None:
    """With counts; the values of a difference stay short."""
    a: list[Value] = [*range(10_000)]
    b = [-value if value % 100 == 17 else value for value in range(10_000)]
    (found,) = told({"ids": a}, {"ids": b})
    assert found.a == [17, 117, 217, 317, 417]
    assert found.b == [-17, -117, -217, -317, -417]
    assert found.note == "10000 items, 100 differ, first at 17; the first 5 are shown"
    (found,) = told({}, {"ids": a})
    assert found.b == [*range(20)]
    assert found.note == "a list of 10000, its first 20"


def test_dots_inside_of_keys_are_escaped(told: Told) -> None:
    """So that a field can be taken apart again."""
    assert [item.field for item in told({"a.b": {"c": 1}}, {"a.b": {"c": 2}})] == [r"a\.b.c"]


def test_command_lines_are_told_by_option(told: Told) -> None:
    """A learning rate in a command is one line, whatever else the command says."""
    base = "torchrun --nproc_per_node=2 --master_port=29500 train.py --data-path /a/coco --lr {}"
    found = told({"CMD": base.format("6.0e-4")}, {"CMD": base.format("6e-4")})
    assert lines(found) == [("CMD.lr", "changed", "equivalent")]
    found = told({"CMD": base.format("1e-3")}, {"CMD": base.format("6e-4").replace("/a/", "/b/")})
    assert lines(found) == [
        ("CMD.lr", "changed", "significant"),
        ("CMD.data_path", "changed", "volatile"),
    ]


def test_printed_objects_are_told_by_field(told: Told) -> None:
    """`Namespace(...)` and the like; what stands beside them is told once."""
    a: dict[str, Value] = {"seed": 1, "args": "TrainingArguments(seed=1, fp16=False, x=<A.B: 'c'>)"}
    b: dict[str, Value] = {"seed": 2, "args": "TrainingArguments(seed=2, fp16=True, x=<A.B: 'd'>)"}
    assert [item.field for item in told(a, b)] == ["args.fp16", "seed", "args.x"]


def test_each_fact_is_told_once(config: Make, record: Make, compared: Make) -> None:
    """By the most resolved configuration that tells it; what repeats it is there, as equivalent."""
    sides = [
        record(
            configs=(
                config({"lr": rate}, id="authored.yaml", role="authored", format="yaml"),
                config({"training": {"learning_rate": rate}}, id="resolved.json"),
                config({"learning_rate": rate, "x": 1}, id="args.json", role="effective"),
            )
        )
        for rate in (1e-3, 2e-3)
    ]
    found, *repeated = compared(*sides).differences
    assert (found.role, found.field) == ("effective", "learning_rate")
    assert found.at_a == Location("config.json")
    assert sorted(lines(repeated)) == [
        ("lr", "changed", "equivalent"),
        ("training.learning_rate", "changed", "equivalent"),
    ]


def test_references_that_a_resolved_configuration_replaced(
    config: Make, record: Make, compared: Make
) -> None:
    """What `${BASE}` stands for is told where it is resolved."""

    def run(base: str, written: dict[str, Value]) -> RunRecord:
        found: RunRecord = record(
            configs=(
                config({"base_model": base, "seed": 1}, id="r.json"),
                config({"x": 1} | written, id="a.py", role="authored"),
            )
        )
        return found

    comparison = compared(run("Qwen3-1.7B", {"load": "${BASE}/hf"}), run("Qwen3-4B", {}))
    assert lines(comparison.differences) == [
        ("base_model", "changed", "significant"),
        ("load", "removed", "equivalent"),
    ]


def test_settings_of_one_configuration_are_each_their_own(told: Told) -> None:
    """Two groups whose rates changed alike changed both; two names of one setting did once."""
    a: dict[str, Value] = {"encoder": {"lr": 1e-3}, "decoder": {"lr": 1e-3}}
    b: dict[str, Value] = {"encoder": {"lr": 1e-4}, "decoder": {"lr": 1e-4}}
    assert lines(told(a, b)) == [
        ("decoder.lr", "changed", "significant"),
        ("encoder.lr", "changed", "significant"),
    ]
    one: dict[str, Value] = {"eval_strategy": "steps", "evaluation_strategy": "steps"}
    two: dict[str, Value] = {"eval_strategy": "no", "evaluation_strategy": "no"}
    assert lines(told(one, two)) == [
        ("eval_strategy", "changed", "significant"),
        ("evaluation_strategy", "changed", "equivalent"),
    ]


@pytest.mark.parametrize(
    "keys",
    [
        ("encoder.dropout", "decoder.dropout"),
        ("encoder.lr", "decoder.lr"),
        ("批量", "层数"),
        ("α", "β", "γ"),
        ("<10", ">10"),
        ("-1", "1"),
        ("beta", "Beta"),
    ],
)
def test_flat_keys_that_end_alike_are_each_their_own(told: Told, keys: tuple[str, ...]) -> None:
    """As MLflow, W&B and hparams.yaml hold them; also in other scripts, and of signs alone."""
    sides: list[dict[str, Value]] = [dict.fromkeys(keys, value) for value in (0.125, 0.25)]
    found = told(*sides)
    assert {item.field for item in found} == {key.replace(".", "\\.") for key in keys}
    assert {item.significance for item in found} == {SIGNIFICANT}


def test_nothing_of_another_configuration_is_lost(
    config: Make, record: Make, compared: Make
) -> None:
    """A setting of another section of another file is one of its own."""
    sides = [
        record(
            configs=(
                config({"model": {"dropout": rate}}, id="config.json"),
                config({"head": {"dropout": rate}}, id="model_config.json"),
            )
        )
        for rate in (0.1, 0.2)
    ]
    assert sorted(lines(compared(*sides).differences)) == [
        ("head.dropout", "changed", "significant"),
        ("model.dropout", "changed", "significant"),
    ]


def test_a_section_that_repeats_the_one_beside_it(told: Told) -> None:
    """inspect-ai keeps `params` and, of them, `params_passed`."""
    a: dict[str, Value] = {"params": {"x": 5, "y": 1}, "params_passed": {"x": 5}}
    b: dict[str, Value] = {"params": {"x": 6, "y": 1}, "params_passed": {}}
    assert lines(told(a, b)) == [
        ("params.x", "changed", "significant"),
        ("params_passed.x", "removed", "equivalent"),
    ]


def test_what_one_run_wrote_down_and_the_other_left_to_its_default(
    config: Make, record: Make, compared: Make
) -> None:
    """The effective configuration tells both values; the written one would repeat its own."""

    def run(level: int, written: dict[str, Value]) -> RunRecord:
        found: RunRecord = record(
            configs=(
                config({"log_level": level}, id="args.json", role="effective"),
                config(written, id="a.yaml", role="authored"),
            )
        )
        return found

    comparison = compared(run(1, {"x": 1, "log_level": 1}), run(0, {"x": 1}))
    assert lines(comparison.differences) == [
        ("log_level", "changed", "significant"),
        ("log_level", "removed", "equivalent"),
    ]


def test_configurations_that_a_list_of_steps_names(
    config: Make, record: Make, compared: Make
) -> None:
    """A step that only one pipeline has is one difference, not one for its file besides."""

    def run(*names: str) -> RunRecord:
        listed = [{"id": name, "config": f"steps/{name}.py"} for name in names]
        files = (
            config({"y": 1}, id=name, step_id=name, at=Location(f"configs/steps/{name}.py"))
            for name in names
        )
        found: RunRecord = record(configs=(config({"STEPS": listed}), *files))
        return found

    found = compared(run("train", "export"), run("train")).differences
    assert lines(found) == [
        ("STEPS.export", "removed", "significant"),
        ("export", "removed", "equivalent"),
    ]


def test_what_one_run_left_to_a_default_came_to_the_same(
    config: Make, record: Make, compared: Make
) -> None:
    """An authored setting that the other run did not write down, and had all the same."""
    effective = config({"warmup_steps": 10, "seed": 1}, id="args.json", role="effective")
    written = config({"warmup_steps": 10, "x": 1}, id="a.yaml", role="authored")
    left_out = config({"x": 1}, id="a.yaml", role="authored")
    (found,) = compared(
        record(configs=(written, effective)), record(configs=(left_out, effective))
    ).differences
    assert lines([found]) == [("warmup_steps", "removed", "equivalent")]


def test_roles_that_do_not_pair(config: Make, record: Make, compared: Make) -> None:
    """The most resolved of each are compared, with a caution; what only that fills in is not."""
    authored = config({"lr": 1e-3}, id="a.yaml", role="authored")
    effective = config(
        {"lr": "0.002", "rope": 1}, id="log", role="effective", typed=False, reader="x"
    )
    comparison: Comparison = compared(record(configs=(authored,)), record(configs=(effective,)))
    assert lines(comparison.differences) == [
        ("lr", "changed", "significant"),
        ("rope", "added", "equivalent"),
    ]
    assert any("unlike roles" in text for text in comparison.cautions)


def test_configuration_of_one_run_only(config: Make, record: Make, compared: Make) -> None:
    """Unknown on one side is a difference, never equal."""
    (found,) = compared(record(configs=(config({"lr": 1}),)), record()).differences
    assert (found.kind, found.significance, found.field) == (Kind.REMOVED, SIGNIFICANT, "*")
    assert (found.a, found.b) == (["resolved: config.json"], MISSING)
    assert compared(record(), record()).not_compared["config"] == (
        "neither run records a configuration"
    )


def test_steps_of_pipelines_go_by_name(config: Make, record: Make, compared: Make) -> None:
    """The third step of one pipeline may be the second of another."""

    def run(rate: float, *names: str) -> RunRecord:
        at = Location("pipeline.py")
        steps = tuple(
            Step(at=at, step_id=str(n), name="train", config=f"steps/{name}_0.py")
            for n, name in enumerate(names, 1)
        )
        configs: tuple[Config, ...] = tuple(
            config({"lr": rate}, id=f"{name}.py", step_id=str(n)) for n, name in enumerate(names, 1)
        )
        found: RunRecord = record(steps=steps, configs=configs)
        return found

    comparison = compared(run(1.0, "tokenize", "cpt", "sft"), run(2.0, "cpt", "sft"))
    assert lines(comparison.differences) == [
        ("cpt.lr", "changed", "significant"),
        ("sft.lr", "changed", "significant"),
        ("tokenize", "removed", "significant"),
    ]


def test_numbers_of_steps_are_kept_where_any_run_needs_them(
    config: Make, record: Make, compared: Make
) -> None:
    """The only export of one pipeline is the first of the other's two."""

    def run(rate: int, *names: str) -> RunRecord:
        at = Location("pipeline.py")
        steps = tuple(
            Step(at=at, step_id=str(n), name="x", config=f"steps/{name}.py")
            for n, name in enumerate(names, 1)
        )
        configs: tuple[Config, ...] = tuple(
            config({"x": rate}, id=f"{name}.py", step_id=str(n)) for n, name in enumerate(names, 1)
        )
        found: RunRecord = record(steps=steps, configs=configs)
        return found

    comparison = compared(run(1, "cpt_0", "export_0"), run(2, "cpt_0", "export_0", "export_1"))
    assert lines(comparison.differences) == [
        ("cpt.x", "changed", "significant"),
        ("export_0.x", "changed", "significant"),
        ("export_1", "added", "significant"),
    ]


def test_what_governs_optimisation_is_told_first(told: Told) -> None:
    """In the order in which people ask."""
    order = [
        "lr", "batch_size", "max_steps", "optim", "lr_scheduler_type", "warmup_steps",
        "weight_decay", "bf16", "lora_rank", "seed", "model", "dataset", "save_steps",
    ]  # fmt: skip
    a: dict[str, Value] = {key: f"{key} one" for key in reversed(order)}
    b: dict[str, Value] = {key: f"{key} two" for key in order}
    assert [item.field for item in told(a, b)] == order


@pytest.mark.parametrize(
    "unit", ['"\\\\', "'\\\\", "\"'\\\\", '"', "'a\\", "--a '\"", "x=(", '1="a",']
)
def test_hostile_repetition_is_linear(told: Told, unit: str) -> None:
    """No expression runs away over a printed object: this would take minutes if one did."""
    text = f"Namespace({unit * (99_000 // len(unit))})"
    assert told({"k": text}, {"k": text.replace("(", "(a=1,", 1)}) != []


def test_quotes_that_are_not_closed(told: Told) -> None:
    """They are no strings: what stands behind them is parted like the rest."""
    text = 'Name(a=it\'s, b={}, c=\\"x, d="y)'
    (found,) = told({"k": text.format(1)}, {"k": text.format(2)})
    assert found.field == "k.b"


def test_a_list_of_steps_is_no_number_of_steps(told: Told) -> None:
    """It comes after what governs the optimisation."""
    a: dict[str, Value] = {"STEPS": [{"id": "train"}], "lora_rank": 4, "steps": 5}
    found = told(a, {"lora_rank": 8, "steps": 6})
    assert [item.field for item in found] == ["steps", "lora_rank", "STEPS"]


def test_hostile_values_are_compared(told: Told) -> None:
    """Whatever stands there."""
    odd: list[Value] = [
        Tagged("argument", "x"), Tagged("redacted", "["), "[redacted:", "\ud800", 10**5000, -0.0,
        "(" * 9999, "Namespace(" + "a=1," * 9999 + ")", "--" * 9999, "a\0b", [[]], {"": {"": None}},
    ]  # fmt: skip
    for one in odd:
        for other in odd:
            found = told({"k": one}, {"k": other})
            assert bool(found) == (one is not other), (one, other)


def test_a_key_that_moved_speaks_of_one_thing_either_way_round() -> None:
    """Which of its names it has in the second run does not matter to what is told once."""
    names = ("batch_size",), ("per_device_train_batch_size",)
    assert topic(*names) == topic(*reversed(names))
