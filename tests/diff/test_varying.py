"""Several runs: a table of what varies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from archiver.case import Points
from archiver.diff.options import Options
from archiver.diff.varying import vary
from archiver.model.claims import Location
from archiver.model.differences import MISSING, Area
from archiver.model.record import Command, Dependency, Series, Step

Make = Callable[..., Any]


def test_fields_that_vary(config: Make, record: Make, data: Make) -> None:
    """One value per run, metrics last; a run that equals the first has its value."""
    runs = [
        data(
            record(
                run_id=f"run-{n}",
                configs=(config({"lr": rate, "seed": 3, "output_dir": f"/x/{n}"} | more),),
                series=(
                    Series(
                        at=Location("log"), key="loss", canonical="loss", source="log", points=1,
                        last=loss,
                    ),
                ),
            )
        )
        for n, (rate, loss, more) in enumerate(
            [(1e-3, 0.5, {}), ("0.001", 0.5, {"extra": 1}), (1e-2, 0.25, {}), (1e-3, 0.5, {})]
        )
    ]  # fmt: skip
    variation = vary(runs)
    assert [item.run_id for item in variation.runs] == ["run-0", "run-1", "run-2", "run-3"]
    assert [(item.area, item.role, item.field, item.values) for item in variation.fields] == [
        (Area.CONFIG, "resolved", "lr", (1e-3, "0.001", 1e-2, 1e-3)),
        (Area.CONFIG, "resolved", "extra", (MISSING, 1, MISSING, MISSING)),
        (Area.METRICS, "final", "train.loss", (0.5, 0.5, 0.25, 0.5)),
    ]
    assert variation.cautions == (
        "how run 1 ended is not known",
        "how run 2, 3 ended is not known",
        "the runs are of one seed (3): what another seed would change is not known",
    )
    every = vary(runs, Options(all_=True)).fields
    assert [item.field for item in every] == ["lr", "extra", "output_dir", "train.loss"]
    assert vary([runs[0], runs[3]]).fields == ()


def test_moved_fields_stand_where_the_first_run_has_them(
    config: Make, record: Make, data: Make
) -> None:
    """So that the others' values are in one row."""
    sides = ({"lr": 1.0}, {"optimizer": {"lr": 2.0}}, {"training": {"learning_rate": 3.0}})
    (found,) = vary([data(record(configs=(config(values),))) for values in sides]).fields
    assert (found.field, found.values) == ("lr", (1.0, 2.0, 3.0))


def test_values_that_no_comparison_tells(config: Make, record: Make, data: Make) -> None:
    """A best value that is the final one, and what a run has nothing of, are not the first's."""

    def run(name: str, best: tuple[float, float], *, lists: bool = True, step: bool = True) -> Any:
        at = Location("log")
        loss = Series(
            at=at, key="val_loss", canonical="eval_loss", split="eval", source="log", points=3,
            min=best[0], last=best[1], step_of_min=1,
        )  # fmt: skip
        versions = {"torch": name, "numpy": "2.4", "tqdm": "4.67"}
        packages = tuple(
            Dependency(at=at, name=package, version=version, kind="installed")
            for package, version in versions.items()
        )
        steps = (Step(at=at, step_id="sft", name="train", command=Command(world_size=2)),)
        own = config({"x": name}, id="b", step_id="sft", at=Location("b.json"))
        configs = (config({"lr": 1}, id="a"), own)
        return data(
            record(
                run_id=name,
                series=(loss,),
                dependencies=packages if lists else (),
                steps=steps if step else (),
                configs=configs if step else configs[:1],
            )
        )

    runs = [
        run("2.8", (0.5, 0.5)),
        run("2.9", (0.25, 0.75)),
        run("2.8", (1.5, 1.5), lists=False, step=False),
    ]
    found = {(item.area.value, item.role, item.field): item.values for item in vary(runs).fields}
    assert found == {
        ("config", "resolved", "sft"): (["resolved: b"], ["resolved: b"], MISSING),
        ("config", "resolved", "sft.x"): ("2.8", "2.9", MISSING),
        ("dependencies", "installed", "*"): ("3 packages", "3 packages", MISSING),
        ("dependencies", "installed", "torch"): ("2.8", "2.9", MISSING),
        ("metrics", "best", "eval_loss"): (0.5, 0.25, 1.5),
        ("metrics", "final", "eval_loss"): (0.5, 0.75, 1.5),
    }


def test_values_at_the_last_place_that_all_share(record: Make, data: Make) -> None:
    """Three curves of 10, 20 and 30 steps are compared at the tenth."""
    curves = []
    for number, length in enumerate((10, 20, 30)):
        item = Series(
            at=Location("log"), key="loss", canonical="loss", source="log", points=length,
            last=float(length),
        )  # fmt: skip
        steps = np.arange(1, length + 1, dtype=np.int64)
        values = steps / (number + 1)
        unknown = np.full(length, np.nan)
        points = Points(
            steps, unknown, values, np.zeros(length, np.int64), np.ones(length, bool), unknown
        )
        curves.append(data(record(series=(item,)), points=lambda _, found=points: found))
    fields = {(item.role, item.field): item.values for item in vary(curves).fields}
    assert fields["at step 10", "train.loss"] == (10.0, 5.0, 10 / 3)
    assert [role for role, _ in fields] == ["at step 10", "final"]
