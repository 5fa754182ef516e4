"""Several runs: a table of what varies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from archiver.diff.options import Options
from archiver.diff.varying import vary
from archiver.model.claims import Location
from archiver.model.differences import MISSING, Area
from archiver.model.record import Series

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
        "how the first run ended is not known",
        "how the second run ended is not known",
        "both runs are of one seed (3): what another seed would change is not known",
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
