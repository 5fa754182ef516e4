"""What configurations state of the settings that every trainer has."""

from __future__ import annotations

import pytest

from archiver import settings
from archiver.model.claims import Location
from archiver.model.record import Config
from archiver.model.values import Tagged, Value


def config(
    values: dict[str, Value], place: str = "", form: str = "json", reader: str = "r"
) -> Config:
    """A configuration of the file `a.json`."""
    return Config(
        at=Location("a.json", place), id="a.json", role="resolved", format=form, values=values,
        reader=reader,
    )  # fmt: skip


def said(values: dict[str, Value]) -> dict[str, tuple[tuple[str, ...], settings.Meaning]]:
    """Setting -> where it stands and what it means."""
    return {
        item.setting.name: (item.path, item.meaning) for item in settings.statements(config(values))
    }


def test_keys_at_the_top_and_in_sections() -> None:
    """A setting is found at the top, in a known section, and under a flat key of both."""
    assert said({"lr": 0.1, "training": {"seed": 3}, "trainer.epochs": "2"}) == {
        "learning rate": (("lr",), 0.1),
        "seed": (("training", "seed"), 3.0),
        "epochs": (("trainer.epochs",), 2.0),
    }


def test_spelling_of_keys() -> None:
    """Options and upper case are the same keys."""
    assert said({"--micro-batch-size": "4", "LR": "1e-4"}) == {
        "batch size per device": (("--micro-batch-size",), 4.0),
        "learning rate": (("LR",), 1e-4),
    }


def test_deeper_and_foreign_sections_do_not_count() -> None:
    """A scheduler's rate or an adapter's decay is a setting of something else."""
    assert said({"scheduler": {"lr": 1}, "custom": {"offset": {"lr": 1}}, "lr": {"base": 1}}) == {}


def test_first_filled_key_is_the_statement() -> None:
    """A key that is null leaves the word to the next."""
    values: dict[str, Value] = {"learning_rate": None, "lr": 0.1, "num_epochs": 3, "epochs": 2}
    assert said(values) == {"learning rate": (("lr",), 0.1), "epochs": (("epochs",), 2.0)}


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (3, 3.0), (0.5, 0.5), ("1e-5", 1e-5), (" 5 ", 5.0), ("+.5", 0.5), ("5.", 5.0),
        (True, None), (None, None), ("", None), ("five", None), ("1_000", None), ("٣", None),
        (10**400, None), (float("nan"), None), (float("inf"), None), ("1e999", None),
        ("9" * 100, None), ([1], None), (Tagged("float", "1"), None),
    ],
)  # fmt: skip
def test_numbers(value: Value, number: float | None) -> None:
    """A finite number, also as text; everything else is none."""
    assert settings.number(value) == number


def test_paths_agree_by_their_last_part() -> None:
    """Another machine may know only the name; two names are two models."""
    assert settings.agree("/data/models/qwen2", "qwen2")
    assert not settings.agree("qwen2", "qwen3")
    assert not settings.agree("/data/qwen2", "/data/qwen3")


def test_meanings_of_different_types_do_not_agree() -> None:
    """A flag is no number."""
    assert not settings.agree(True, 1.0)
    assert settings.agree(True, True)


@pytest.mark.parametrize(
    ("place", "form", "reader", "expected"),
    [
        ("", "json", "r", "/a~1b/c"),
        ("/runtime", "yaml", "r", "/runtime/a~1b/c"),
        ("data.pkl!/hyper_parameters", "pickle", "r", "data.pkl!/hyper_parameters/a~1b/c"),
        ("L3", "console", "r", "L3"),
        ("L3", "ndjson", "r", "L3"),
        ("", "json", "inspect_log", ""),
        ("", "yaml", "wandb_config", "/a~1b/value/c"),
    ],
)
def test_places(place: str, form: str, reader: str, expected: str) -> None:
    """A value's pointer where its configuration has pointers, else the configuration's place."""
    found = settings.place(config({}, place, form, reader), ("a/b", "c"))
    assert found == Location("a.json", expected)
