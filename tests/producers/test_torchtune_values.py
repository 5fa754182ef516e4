"""What torchtune configurations say."""

from __future__ import annotations

from archiver.model.claims import Location
from archiver.producers import torchtune_values as values

AT = Location("finetune.yaml")


def test_data_of_both_splits():
    """Files before the name of a loader; a doubled slash is one."""
    config = {
        "seed": 3,
        "dataset": {"source": "json", "data_files": "/d//words.json", "split": "train"},
        "dataset_val": {"source": "org/words"},
    }
    found = list(values.datasets(config, AT))
    assert [(item.role, item.path, item.split, item.seed) for item in found] == [
        ("train", "/d/words.json", "train", 3), ("validation", "org/words", None, 3),
    ]  # fmt: skip


def test_data_that_is_not_said_in_full():
    """An interpolation is no path, and neither is a number."""
    assert list(values.datasets({"dataset": {"data_files": "${a}/b"}, "dataset_val": 3}, AT)) == []


def test_what_changed():
    """Changed and new parameters by dotted names; types count."""
    before = {"a": 1, "b": {"c": 1, "d": [1]}, "gone": 1}
    after = {"a": 1.0, "b": {"c": 1, "d": [2]}, "new": None}
    assert values.changed(before, after) == (("a", 1.0), ("b.d", [2]), ("new", None))
