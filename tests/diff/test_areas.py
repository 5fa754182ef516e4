"""Metrics, data, code, dependencies, environment and files of two records."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from archiver.case import Points
from archiver.diff.comparing import compare
from archiver.diff.options import Options
from archiver.model.claims import Location, Origin
from archiver.model.differences import MISSING, Area, Comparison, Difference
from archiver.model.record import (
    Command,
    Dataset,
    Dependency,
    Digest,
    Evaluation,
    FileEntry,
    Lockfile,
    Repository,
    RunRecord,
    Series,
    Step,
    Training,
)
from archiver.model.values import Value

Make = Callable[..., Any]
AT = Location("some/file")
LIBC = "x86_64-with-glibc2.35"


def lines(comparison: Comparison, area: Area) -> list[tuple[str, str, str, str]]:
    """Role, field, significance and direction of each difference of an area."""
    return [
        (item.role, item.field, item.significance.value, item.direction.value)
        for item in comparison.differences
        if item.area is area
    ]


def only(comparison: Comparison) -> Difference:
    """The one difference that there is."""
    (found,) = comparison.differences
    return found


def series(key: str, last: Value, **changes: Any) -> Series:
    """A series of three points."""
    given: dict[str, Any] = {"points": 3, "last_step": 30, "at": AT, "source": "log"}
    return Series(key=key, last=last, **(given | changes))


@pytest.mark.parametrize(
    ("key", "canonical", "direction"),
    [
        ("loss", "loss", "worse"),
        ("acc", "accuracy", "better"),
        ("val_f1", None, "better"),
        ("bleu-4", None, "better"),
        ("valid/rmse", None, "worse"),
        ("entropy", None, ""),
    ],
)
def test_direction(record: Make, compared: Make, key: str, canonical: str, direction: str) -> None:
    """Known for standard names, and told by the words of others."""
    a, b = (record(series=(series(key, value, canonical=canonical),)) for value in (0.5, 0.75))
    assert only(compared(a, b)).direction.value == direction
    back = {"better": "worse", "worse": "better", "": ""}[direction]
    assert only(compared(b, a)).direction.value == back


def test_costs_are_volatile(record: Make, compared: Make) -> None:
    """Speeds, memory and schedules differ from run to run."""
    names = ("train_runtime", "gpu_mem", "tokens_per_sec", "epoch", "grad_norm", "lr")
    a, b = (
        record(
            series=tuple(series(name, value) for name in names),
            fields={"resources.peak_vram_gb": value, "summary.duration_sec": value},
        )
        for value in (1.0, 2.0)
    )
    found = lines(compared(a, b), Area.METRICS)
    assert len(found) == len(names) + 2
    assert {item[2] for item in found} == {"volatile"}


def test_final_best_and_at_the_last_common_step(record: Make, data: Make) -> None:
    """With the points at hand, curves are compared where both have a value."""
    a = record(series=(series("loss", 1.0, canonical="loss", min=0.5, step_of_min=20),))
    b = record(
        series=(series("loss", 2.0, canonical="loss", min=0.25, step_of_min=10, last_step=20),)
    )
    curves = {30: ([10, 20, 30], [3.0, 0.5, 1.0]), 20: ([10, 20], [0.25, 2.0])}

    def points(item: Series) -> Points:
        steps, values = curves[item.last_step or 0]
        count = len(steps)
        return Points(
            np.array(steps), np.full(count, np.nan), np.array(values), np.zeros(count, np.int64),
            np.ones(count, np.bool_), np.full(count, np.nan),
        )  # fmt: skip

    found = compare(data(a, points=points), data(b, points=points)).differences
    assert [(item.role, item.a, item.b, item.direction.value) for item in found] == [
        ("at step 20", 0.5, 2.0, "worse"),
        ("best", 0.5, 0.25, "better"),
        ("final", 1.0, 2.0, "worse"),
    ]
    assert found[1].note == "at step 20 and at step 10"


@pytest.mark.parametrize("align", ["epoch", "tokens"])
def test_alignment(record: Make, data: Make, align: Any) -> None:
    """A series that tells the epoch (or the tokens) of each step lines the curves up."""
    name = {"epoch": "train/epoch", "tokens": "num_input_tokens_seen"}[align]
    sides = [
        record(
            series=(
                series("loss", last, canonical="loss", last_step=steps[-1], source=source),
                series(name, 9.0, source=source),
            )
        )
        for last, steps, source in ((1.0, [10, 20, 30], "a"), (4.0, [100, 200], "b"))
    ]
    curves = {
        ("a", True): ([10, 20, 30], [3.0, 2.0, 1.0]),
        ("b", True): ([100, 200], [5.0, 4.0]),
        ("a", False): ([10, 20, 30], [1.0, 2.0, 3.0]),
        ("b", False): ([100, 200], [1.0, 2.0]),
    }

    def points(item: Series) -> Points:
        steps, values = curves[item.source, item.canonical == "loss"]
        count = len(steps)
        return Points(
            np.array(steps), np.full(count, np.nan), np.array(values), np.zeros(count, np.int64),
            np.ones(count, np.bool_), np.full(count, np.nan),
        )  # fmt: skip

    found = compare(
        data(sides[0], points=points), data(sides[1], points=points), Options(align=align)
    ).differences
    told = [(item.role, item.a, item.b) for item in found if item.field == "train.loss"]
    assert (f"at {align} 2", 2.0, 4.0) in told
    # Without such a series nothing is claimed.
    bare = [
        data(RunRecord(side.run, side.coverage, series=side.series[:1]), points=points)
        for side in sides
    ]
    comparison = compare(*bare, Options(align=align))
    assert not any(item.role.startswith("at ") for item in comparison.differences)
    assert any(f"aligned by {align}" in text for text in comparison.cautions)


def test_what_is_not_finite_is_worse(record: Make, compared: Make) -> None:
    """Than anything that is; two of them are the same."""
    sides = [record(series=(series("loss", value, canonical="loss"),)) for value in (1.0, "NaN")]
    found = only(compared(*sides))
    assert found.direction.value == "worse"
    assert isinstance(found.b, float)
    assert math.isnan(found.b)
    assert compared(sides[1], sides[1]).identical


def test_tolerance_of_metrics(record: Make, compared: Make) -> None:
    """Within it they are equivalent, and neither better nor worse."""
    a, b = (record(series=(series("loss", value, canonical="loss"),)) for value in (1.0, 1.001))
    assert lines(compared(a, b, tolerance=0.01), Area.METRICS) == [
        ("final", "train.loss", "equivalent", "")
    ]


def test_shadows_and_other_sources_are_told_once(record: Make, compared: Make) -> None:
    """The preferred source speaks, and equal measurements of two sources count once."""
    a, b = (
        record(
            series=(
                series("loss", loss, canonical="loss"),
                series("train/loss", loss, shadow_of="log", source="tb"),
                series("train_loss", loss, source="csv", at=Location("metrics.csv")),
            )
        )
        for loss in (1.2345678901, 2.3456789012)
    )
    assert lines(compared(a, b), Area.METRICS) == [("final", "train.loss", "significant", "worse")]


def test_equal_metrics_of_one_source_are_two(record: Make, compared: Make) -> None:
    """An accuracy and a recall that happen to be alike are told both."""
    a, b = (
        record(series=(series("val_f1", value), series("val_recall", value)))
        for value in (0.7916666269302368, 0.3684640228748322)
    )
    assert [field for _, field, _, _ in lines(compared(a, b), Area.METRICS)] == [
        "val_f1",
        "val_recall",
    ]


def test_a_key_that_has_a_standard_name_elsewhere(record: Make, compared: Make) -> None:
    """A source that is an epoch late, or another axis, repeats the one that is preferred."""
    late = {"source": "json", "axis": "epoch", "attributes": {"skew": "1 epoch late"}}
    a, b = (
        record(
            series=(
                series("val_accuracy", value, canonical="accuracy", split="eval"),
                series("val_accuracy", value - 0.1, split="eval", **late),
                series("lm loss", 1 - value, canonical="loss", split="train"),
                series("lm loss vs samples", 1 - value, split="train", axis="samples"),
            )
        )
        for value in (0.5, 0.75)
    )
    assert lines(compared(a, b), Area.METRICS) == [
        ("final", "eval.accuracy", "significant", "better"),
        ("final", "train.loss", "significant", "better"),
    ]
    # Which of two keys has the standard name may differ; what one run lacks is still told.
    other = record(
        series=(
            series("train_loss_step", 0.5, canonical="loss", split="train"),
            series("lm loss", 0.375, split="train"),
        )
    )
    assert lines(compared(a, other), Area.METRICS) == [
        ("final", "eval.accuracy", "significant", ""),
    ]


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("iter_loss", ("significant", "worse")),
        ("train_loss_step", ("significant", "worse")),
        ("val_f1_epoch", ("significant", "better")),
        ("token_accuracy", ("significant", "better")),
        ("moe/load_balancing_loss", ("significant", "worse")),
        ("loss_per_token", ("significant", "worse")),
        ("bbox_AP50", ("significant", "better")),
        ("recall@10", ("significant", "better")),
        ("scores/simple", ("significant", "better")),
        ("loss_scale", ("volatile", "")),
        ("accuracy_stderr", ("volatile", "")),
        ("grad_norm", ("volatile", "")),
        ("num-zeros", ("volatile", "")),
        ("gpu0 temp", ("volatile", "")),
        ("epoch", ("volatile", "")),
    ],
)
def test_outcomes_and_costs(
    record: Make, compared: Make, key: str, expected: tuple[str, str]
) -> None:
    """The thing that is measured decides, not what it is measured over."""
    a, b = (record(series=(series(key, value),)) for value in (0.5, 0.75))
    assert [item[2:] for item in lines(compared(a, b), Area.METRICS)] == [expected]


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        # A float32 and its text with nine digits; two neighbours among the float32.
        (4.317817687988281, 4.31781769, "equivalent"),
        (0.3333333134651184, 0.3333333432674408, "equivalent"),
        (0.333333, 0.333334, "significant"),
        (16777216.0, 16777217.0, "significant"),
    ],
)
def test_single_precision(record: Make, compared: Make, a: float, b: float, expected: str) -> None:
    """What rounding makes of one number is neither better nor worse; counts are exact."""
    sides = [record(series=(series("val_f1", value),)) for value in (a, b)]
    direction = "" if expected == "equivalent" else "better"
    assert lines(compared(*sides), Area.METRICS) == [("final", "val_f1", expected, direction)]
    assert [item[2] for item in lines(compared(*sides[::-1]), Area.METRICS)] == [expected]


@pytest.mark.parametrize(
    ("steps", "segments", "direction"), [(60, 1, "better"), (50, 1, ""), (60, 2, "")]
)
def test_mean_over_the_run(
    record: Make, compared: Make, steps: int, segments: int, direction: str
) -> None:
    """Of other steps, or divided by steps that another process made, it is no better."""

    def run(value: float, steps: int, segments: int) -> RunRecord:
        found: RunRecord = record(
            series=(series("train_loss", value, canonical="mean_loss", points=1,
                           segments=segments),),
            steps=(Step(at=AT, step_id="1", name="train", training=Training(steps=steps)),),
        )  # fmt: skip
        return found

    assert lines(compared(run(4.4, 60, 1), run(2.5, steps, segments)), Area.METRICS) == [
        ("final", "train.mean_loss", "significant", direction)
    ]


def test_results_of_evaluations(record: Make, compared: Make) -> None:
    """By the step that evaluated; how many samples there were is no outcome."""
    a, b = (
        record(
            steps=(
                Step(
                    at=AT, step_id="eval:words", name="eval",
                    eval=Evaluation(results={"match/accuracy": value, "match/stderr": value / 9}),
                ),
            )
        )
        for value in (0.4, 0.9)
    )  # fmt: skip
    assert lines(compared(a, b), Area.METRICS) == [
        ("result", "eval:words.match/accuracy", "significant", "better"),
        ("result", "eval:words.match/stderr", "volatile", ""),
    ]


def test_results_that_are_series_as_well(record: Make, compared: Make) -> None:
    """Told by their step; data sets of series go by their names, wherever they lie."""

    def run(place: str, value: float) -> RunRecord:
        found: RunRecord = record(
            steps=(
                Step(at=AT, step_id="eval:x", name="eval", eval=Evaluation(results={"f1": value})),
            ),
            series=(
                series("f1", value, points=1, step_id="eval:x", dataset=f"{place}/words.jsonl"),
                series("exact", value, step_id="eval:x", dataset=f"{place}/words.jsonl"),
            ),
        )
        return found

    assert lines(compared(run("/home/a", 0.5), run("/mnt/b", 0.75)), Area.METRICS) == [
        ("result", "eval:x.f1", "significant", "better"),
        ("final", r"words\.jsonl.exact", "significant", "better"),
    ]


def test_learning_rate_by_its_curve(config: Make, record: Make, compared: Make) -> None:
    """Where no configuration states it, the peak is evidence of it."""
    parts = [(series("lr", 0.0, canonical="learning_rate", max=peak),) for peak in (1e-3, 2e-3)]
    comparison = compared(*(record(series=part) for part in parts))
    assert lines(comparison, Area.METRICS) == [("peak", "train.learning_rate", "significant", "")]
    stated = [record(series=part, configs=(config({"lr": 1}),)) for part in parts]
    assert compared(*stated).identical


def test_cautions(config: Make, record: Make, compared: Make) -> None:
    """Seeds, steps, ends and producers; none where nothing differs."""

    def run(loss: float, seed: int | None, status: str, steps: int, *producers: str) -> RunRecord:
        found: RunRecord = record(
            configs=(config({"seed": seed}),),
            series=(series("loss", loss, canonical="loss"),),
            steps=(Step(at=AT, step_id="1", name="train", training=Training(steps=steps)),),
            fields={"summary.status": status},
            producers=producers,
        )
        return found

    base = run(1.0, 1, "success", 10, "torchtune")
    assert compared(base, base).cautions == ()
    assert compared(base, run(2.0, 1, "success", 10, "torchtune", "wandb")).cautions == (
        "both runs are of one seed (1): what another seed would change is not known",
    )
    told = compared(base, run(2.0, 2, "failed", 5, "megatron")).cautions
    assert told[0].startswith("other software wrote the runs (torchtune and megatron)")
    assert told[1:] == (
        "the second run did not finish: failed",
        (
            "the runs made different numbers of steps (10 and 5): their final values are not of"
            " equal steps"
        ),
        "the seeds differ (1 and 2): a difference of metrics may be chance",
    )
    assert (
        "no seed is recorded of the second run"
        in compared(base, run(2.0, None, "success", 10, "torchtune")).cautions[0]
    )


def dataset(path: str, sha: str = "", **changes: Any) -> Dataset:
    """Data that a run trained on."""
    digests = (Digest("sha256", sha * 64, Origin.RECORDED),) if sha else ()
    given: dict[str, Any] = {"role": "train", "digests": digests, "at": AT}
    return Dataset(path=path, **(given | changes))


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (("/a/coco.jsonl", "1"), ("/b/lvis.jsonl", "1"), [("train.path", "volatile")]),
        (("/a/coco.jsonl",), ("/b/coco.jsonl",), [("train.coco\\.jsonl.path", "volatile")]),
        (("/a/coco.jsonl",), ("/a/lvis.jsonl",), [("train.path", "significant")]),
        (
            ("/a/coco.jsonl", "1"),
            ("/a/coco.jsonl", "2"),
            [("train.coco\\.jsonl.sha256", "significant")],
        ),
        (
            ("/a/coco.jsonl", "1"),
            ("/a/coco.jsonl",),
            [("train.coco\\.jsonl.sha256", "significant")],
        ),
    ],
)
def test_data(
    record: Make,
    compared: Make,
    a: tuple[str, ...],
    b: tuple[str, ...],
    expected: list[tuple[str, str]],
) -> None:
    """A digest is what data is; without one, the end of its path."""
    comparison = compared(record(datasets=(dataset(*a),)), record(datasets=(dataset(*b),)))
    assert [(item[1], item[2]) for item in lines(comparison, Area.DATA)] == expected


def test_counts_of_data(record: Make, compared: Make) -> None:
    """Lines and limits; a size that only one run recorded tells nothing."""
    a = record(datasets=(dataset("/a/x", lines=10, sample_limit=None, bytes=5),))
    b = record(datasets=(dataset("/a/x", lines=11, sample_limit=100),))
    assert lines(compared(a, b), Area.DATA) == [
        ("train", "train.x.lines", "significant", ""),
        ("train", "train.x.sample_limit", "significant", ""),
        ("train", "train.x.bytes", "volatile", ""),
    ]


def test_directories_of_data_that_was_told(record: Make, compared: Make) -> None:
    """Where told files lie is no difference of its own; where nothing was told, it is."""
    fields: dict[str, Value] = {"data.raw_dir": "/x/raw", "data.other_dir": "/x/other"}
    a = record(datasets=(dataset("/x/raw/a.jsonl"),), fields=fields)
    assert [field for _, field, _, _ in lines(compared(a, record()), Area.DATA)] == [
        "other_dir",
        "train.a\\.jsonl",
    ]


def repository(**changes: Any) -> Repository:
    """The run's own repository."""
    given: dict[str, Any] = {
        "at": AT, "role": "run", "name": "proj", "branch": "main", "commit": "a" * 40,
        "dirty": False, "remote": "git@github.com:lab/proj.git",
    }  # fmt: skip
    return Repository(**(given | changes))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"commit": "b" * 40}, [("proj.commit", "significant")]),
        ({"commit": "a" * 12}, [("proj.commit", "equivalent")]),
        ({"commit": None}, [("proj.commit", "significant")]),
        (
            {"commit": None, "branch": None, "dirty": None},
            [
                ("proj.commit", "significant"),
                ("proj.branch", "volatile"),
                ("proj.dirty", "volatile"),
            ],
        ),
        ({"branch": "dev"}, [("proj.branch", "volatile")]),
        (
            {"branch": "dev", "commit": "b" * 40},
            [("proj.branch", "significant"), ("proj.commit", "significant")],
        ),
        ({"dirty": True}, [("proj.dirty", "significant")]),
        ({"remote": "https://github.com/lab/proj"}, [("proj.remote", "equivalent")]),
        ({"remote": "https://github.com/other/proj"}, [("proj.remote", "significant")]),
        ({"path": "/home/b/proj"}, [("proj.path", "volatile")]),
    ],
)
def test_code(record: Make, compared: Make, change: Any, expected: list[tuple[str, str]]) -> None:
    """Of one commit, branches and places are names."""
    a, b = record(repositories=(repository(),)), record(repositories=(repository(**change),))
    for sides in ((a, b), (b, a)):
        found = lines(compared(*sides), Area.CODE)
        assert [(field.replace("run.", "proj."), weight) for _, field, weight, _ in found] == [
            (field, weight) for field, weight in expected
        ]


def test_code_of_fields_and_dirty_trees(record: Make, compared: Make) -> None:
    """The record's fields speak where no repository is described."""
    a = record(fields={"summary.git_commit": "a" * 40, "summary.git_dirty": True})
    b = record(fields={"summary.git_commit": "b" * 40, "summary.git_dirty": False})
    comparison = compared(a, b)
    assert [item[1] for item in lines(comparison, Area.CODE)] == ["run.commit", "run.dirty"]
    assert comparison.cautions[-1] == (
        "the first run had changes that were not committed: the commit does not tell all of the"
        " code"
    )
    assert compared(record(), record()).not_compared["code"] == "neither run records its code"


def packages(kind: str, **versions: str | None) -> tuple[Dependency, ...]:
    """Packages with their versions."""
    return tuple(
        Dependency(at=AT, name=name, version=version, kind=kind)
        for name, version in versions.items()
    )


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("2.9.0", "2.10.0", ("significant", "upgraded")),
        ("2.10.0", "2.9.0", ("significant", "downgraded")),
        ("2.10.0rc1", "2.10.0", ("significant", "upgraded")),
        ("2.9", "2.9.0", ("equivalent", "")),
        ("2.9.0", "2.9.0+cu128", ("equivalent", "")),
        ("2.9.0+cpu", "2.9.0+cu128", ("significant", "")),
        ("main", "dev", ("significant", "")),
        (None, "1.0", ("significant", "")),
    ],
)
def test_versions(
    record: Make, compared: Make, a: str | None, b: str | None, expected: tuple[str, str]
) -> None:
    """By PEP 440."""
    sides = [record(dependencies=packages("installed", torch=version)) for version in (a, b)]
    assert lines(compared(*sides), Area.DEPENDENCIES) == [("installed", "torch", *expected)]


def test_lists_of_packages(record: Make, compared: Make) -> None:
    """Names are normalised; a list that one run lacks is one difference."""
    a = record(dependencies=packages("installed", Foo_Bar="1.0", gone="1"))
    b = record(dependencies=packages("installed", **{"foo.bar": "1.0", "new": "1"}))
    assert lines(compared(a, b), Area.DEPENDENCIES) == [
        ("installed", "gone", "significant", ""),
        ("installed", "new", "significant", ""),
    ]
    # One or two of them say more by their names.
    assert lines(compared(a, record()), Area.DEPENDENCIES) == [
        ("installed", "foo-bar", "significant", ""),
        ("installed", "gone", "significant", ""),
    ]
    many = record(dependencies=packages("installed", one="1", two="2", three="3"))
    found = only(compared(many, record()))
    assert (found.field, found.a, found.b) == ("*", "3 packages", MISSING)
    # What a program imported is held against what the other run had installed.
    imported = record(dependencies=packages("imported", **{"foo-bar": "2.0", "more": "1"}))
    found_lines = lines(compared(a, imported), Area.DEPENDENCIES)
    assert ("imported", "foo-bar", "significant", "upgraded") in found_lines
    assert not any(field in ("gone", "more") for _, field, _, _ in found_lines)


def test_packages_that_changed_go_before_those_that_came_or_went(
    record: Make, compared: Make
) -> None:
    """After those that train; a name keeps the underscore that it begins with."""
    a = record(dependencies=packages("installed", _libgcc_mutex="0.1", wandb="0.12", alpha="1"))
    b = record(dependencies=packages("installed", torch="2.9", wandb="0.13", beta="1"))
    assert [field for _, field, _, _ in lines(compared(a, b), Area.DEPENDENCIES)] == [
        "torch",
        "wandb",
        "_libgcc-mutex",
        "alpha",
        "beta",
    ]


def test_imports_that_one_run_does_not_record(record: Make, compared: Make) -> None:
    """One difference; what was not installed does not count."""
    given = packages("imported", torch="2.9", transformers="4.57", swift="3.10")
    absent = Dependency(at=AT, name="vllm", version=None, kind="imported", state="not_installed")
    (found,) = compared(record(dependencies=(*given, absent)), record()).differences
    assert (found.role, found.field, found.a, found.b) == (
        "imported", "*", "3 packages", MISSING,
    )  # fmt: skip


def test_a_version_is_told_by_one_area(record: Make, compared: Make) -> None:
    """The environment's torch is the installed one, unless the lists do not say so."""

    def run(version: str, *listed: str) -> RunRecord:
        found: RunRecord = record(
            fields={"summary.torch": version, "summary.python": "3.11"},
            dependencies=packages("installed", **dict.fromkeys(listed, version)),
        )
        return found

    comparison = compared(run("2.8.0", "torch", "numpy"), run("2.9.0", "torch", "numpy"))
    assert [field for _, field, _, _ in lines(comparison, Area.DEPENDENCIES)] == [
        "torch",
        "numpy",
    ]
    assert lines(comparison, Area.ENVIRONMENT) == [("", "torch", "equivalent", "upgraded")]
    assert lines(compared(run("2.8.0"), run("2.9.0")), Area.ENVIRONMENT) == [
        ("", "torch", "significant", "upgraded")
    ]


def test_lockfiles(record: Make, compared: Make) -> None:
    """Their digests matter where their packages were not compared."""
    a, b = (
        record(
            lockfiles=(
                Lockfile(
                    at=AT, path="uv.lock", recorded_sha256=sha * 64, actual_sha256=None,
                    verdict="no_lock",
                ),
            )
        )
        for sha in "ab"
    )  # fmt: skip
    assert lines(compared(a, b), Area.DEPENDENCIES) == [
        ("locked", "uv\\.lock.sha256", "significant", "")
    ]


@pytest.mark.parametrize(
    ("name", "sides", "expected"),
    [
        ("host", (["n1"], ["n2"]), [("volatile", "")]),
        ("user", ("a", "b"), [("volatile", "")]),
        ("gpus", (["H100", "A100"], ["A100", "H100"]), []),
        ("gpus", (["H100"], ["A100"]), [("significant", "")]),
        ("python", ("3.11.7 (main) [GCC 12]", "3.11.7"), [("equivalent", "")]),
        ("python", ("3.11.7 (main)", "3.12.1 (main)"), [("significant", "upgraded")]),
        ("cuda", ("12.8", "12.4"), [("significant", "downgraded")]),
        ("os", (f"Linux-5.15.0-105-generic-{LIBC}", f"Linux-6.1.0-9-generic-{LIBC}"),
         [("volatile", "")]),
        ("os", (f"Linux-5.15.0-105-generic-{LIBC}", f"Linux-5.15.0-105-generic-{LIBC}0"),
         [("significant", "")]),
    ],
)  # fmt: skip
def test_environment(
    record: Make, compared: Make, name: str, sides: tuple[Value, Value], expected: Any
) -> None:
    """The machine may be another, its kind may not."""
    a, b = (record(fields={f"summary.{name}": value}) for value in sides)
    assert [item[2:] for item in lines(compared(a, b), Area.ENVIRONMENT)] == expected


def test_environment_variables_compare_by_value(record: Make, compared: Make) -> None:
    """They never had types."""
    a = record(
        fields={"repro.env.ALPHA": "1e-5", "repro.env.MASTER_PORT": "29500", "repro.env.X": "a"}
    )
    b = record(
        fields={"repro.env.ALPHA": "0.00001", "repro.env.MASTER_PORT": "29501", "repro.env.X": "b"}
    )
    assert lines(compared(a, b), Area.ENVIRONMENT) == [
        ("", "env.X", "significant", ""),
        ("", "env.MASTER_PORT", "volatile", ""),
        ("", "env.ALPHA", "equivalent", ""),
    ]


def test_launch(record: Make, compared: Make) -> None:
    """How many processes shared the work."""
    a, b = (
        record(steps=(Step(at=AT, step_id="1", name="train", command=Command(world_size=size)),))
        for size in (1, 8)
    )
    assert lines(compared(a, b), Area.ENVIRONMENT) == [
        ("launch", "1.world_size", "significant", "")
    ]


def test_launch_of_one_run_only(record: Make, compared: Make) -> None:
    """All that one run says of it is one difference."""
    command = Command(world_size=2, parallel={"tensor-model-parallel": 2})
    a, b = (
        record(steps=(Step(at=AT, step_id="1", name="train", command=item),))
        for item in (Command(), command)
    )
    (found,) = compared(a, b).differences
    assert (found.role, found.field, found.kind.value) == ("launch", "1", "added")
    assert found.b == {"world_size": 2, "tensor-model-parallel": 2}


def test_launch_and_environment_that_a_configuration_tells(
    config: Make, record: Make, compared: Make
) -> None:
    """By the setting's name and values; of another step or value they are their own."""

    def run(size: int, dry: str, other: int) -> RunRecord:
        steps = tuple(
            Step(at=AT, step_id=name, name="train", command=Command(
                parallel={"tensor-model-parallel": value}))
            for name, value in (("cpt", size), ("sft", other))
        )  # fmt: skip
        found: RunRecord = record(
            steps=steps,
            configs=(
                config({"tensor_model_parallel_size": str(size)}, id="a", step_id="cpt"),
                config({"seed": 1}, id="b", step_id="sft"),
                config({"DRY_RUN": dry}, id="c"),
            ),
            fields={"repro.env.DRY_RUN": dry},
        )
        return found

    comparison = compared(run(1, "0", 1), run(2, "1", 2))
    assert lines(comparison, Area.ENVIRONMENT) == [
        ("launch", "sft.tensor-model-parallel", "significant", ""),
        ("launch", "cpt.tensor-model-parallel", "equivalent", ""),
        ("", "env.DRY_RUN", "equivalent", ""),
    ]


def entry(path: str, sha: str | None = "0", **changes: Any) -> FileEntry:
    """A file of the run."""
    given: dict[str, Any] = {"scope": "run", "type": "file", "bytes": 3}
    return FileEntry(path=path, sha256=sha * 64 if sha else None, **(given | changes))


def test_files(record: Make, data: Make) -> None:
    """Weights and code are significant, what moved is equivalent, the rest is volatile."""
    a = [
        entry("same.txt"), entry("log.txt", "1"), entry("old/name.bin", "2"), entry("gone", "9"),
        entry("ckpt/model-1.safetensors", "3"), entry("ckpt/model-2.safetensors", "4"),
        entry("ckpt/optimizer.pt", "5"), entry("train.py", "6"),
        entry("x.yaml", "a", scope="experiment"),
    ]  # fmt: skip
    b = [
        entry("same.txt"), entry("log.txt", "a"), entry("new/name.bin", "2"),
        entry("ckpt/model-1.safetensors", "b"), entry("ckpt/model-2.safetensors", "c"),
        entry("ckpt/optimizer.pt", "d"), entry("train.py", "e"),
        entry("x.yaml", "b", scope="experiment"),
    ]  # fmt: skip
    comparison = compare(data(record(), files=tuple(a)), data(record(), files=tuple(b)))
    found = [
        (item.field, item.kind.value, item.significance.value, item.from_)
        for item in comparison.differences
    ]
    assert found == [
        ("ckpt", "changed", "significant", ""),
        ("train\\.py", "changed", "significant", ""),
        ("ckpt/optimizer\\.pt", "changed", "volatile", ""),
        ("log\\.txt", "changed", "volatile", ""),
        ("gone", "removed", "volatile", ""),
        ("new/name\\.bin", "moved", "equivalent", "old/name\\.bin"),
    ]


def test_files_that_were_not_hashed(record: Make, data: Make) -> None:
    """Their sizes are all there is, and that is said."""
    a, b = ((entry("a.txt", None), entry("b.txt", None, bytes=size)) for size in (3, 4))
    comparison = compare(data(record(), files=a), data(record(), files=b))
    assert [item.field for item in comparison.differences] == ["b\\.txt"]
    assert "not hashed" in comparison.not_compared["files"]


def test_areas_and_ignored_fields(config: Make, record: Make, compared: Make) -> None:
    """What was not asked for is named as such; patterns leave fields out."""
    a, b = (
        record(configs=(config({"s": {"lr": n, "x": n}}),), fields={"summary.python": f"3.{n}"})
        for n in (1, 2)
    )
    comparison = compared(a, b, areas=frozenset({Area.CONFIG}), ignore=("*.lr",))
    assert [item.field for item in comparison.differences] == ["s.x"]
    assert comparison.not_compared["environment"] == "not asked for"
    assert not compared(a, b, ignore=("config.*",)).significant[0].field.startswith("s.")
    assert compared(a, b, ignore=("lr", "x", "environment.python")).identical
