"""Whose job a file of a torchtune run belongs to."""

from __future__ import annotations

import pytest

from archiver.producers import torchtune_places as places
from archiver.rundir import Entry, Tree


def tree(*paths: str) -> Tree:
    """A tree of files."""
    return Tree(tuple(Entry(path, path, "file", 1, 0) for path in paths))


@pytest.mark.parametrize(
    ("paths", "directory", "evaluates"),
    [
        (["r/finetune.yaml", "r/artifacts/a", "r/eval/x/cell.slurm"], "r/artifacts", False),
        (["r/artifacts/torchtune_config.yaml", "r/eval/x/a"], "r/artifacts", False),
        (["r/artifacts/a", "r/eval/x/cell.slurm"], "r/artifacts", True),
        (["artifacts/a", "eval/x/cell.slurm"], "artifacts", True),
        (["r/finetune.yaml", "r/artifacts/epoch_0/a"], "r/artifacts/epoch_0", True),
        (["r/finetune.yaml", "r/eval/a"], "r/eval", True),
        (["r/a"], "r", False),
        (["a"], "", False),
    ],
)
def test_which_directories_are_of_evaluations(paths, directory, evaluates):
    """By what lies there; where nothing shows a training, by the evaluations beside it."""
    assert places.evaluates(tree(*paths), directory) is evaluates


def test_cells_of_a_run():
    """Those of the nearest `eval` above; the flat layout has none."""
    paths = ("r/eval/b_epoch1/a", "r/eval/a/logs/x.eval", "r/eval/logs/y.eval", "r/eval/z", "s/t")
    assert places.cells_beside(tree(*paths), "r/artifacts/epoch_1") == ["a", "b_epoch1"]
    assert places.cells_beside(tree(*paths), "s") == []


@pytest.mark.parametrize(
    ("path", "step_id"),
    [
        ("r/eval/a/logs/x.eval", "eval:a"),
        ("eval/b/logs/x.eval", "eval:b/x"),
        ("r/eval/logs/x.eval", None),
        ("logs/x.eval", None),
    ],
)
def test_the_step_of_a_log(path, step_id):
    """A cell's name, made longer where it has several logs."""
    beside = "eval/b/logs/2026-01-01T00-00-00_words_y.json"
    assert places.step_of_log(tree(path, beside, "r/eval/a/logs/notes.txt"), path) == step_id
