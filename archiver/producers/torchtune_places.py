"""Which job of a torchtune run a file beside its weights belongs to.

Training jobs write to the run's directory or its `artifacts/`; evaluation jobs write to
`epoch_<N>/` beside the weights, to `eval/`, and where nothing was trained to `artifacts/` too.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from itertools import islice

from archiver.producers.experiment_jobs import EVAL
from archiver.rundir import Tree

LOG_NAMES = ("*.eval", "[0-9]*T[0-9]*_*.json")
"""Evaluation logs: the container, and documents by the default pattern of their names."""
_EPOCH = re.compile(r"epoch_\d{1,9}\Z", re.ASCII)
_TRAINS = ("finetune.yaml", "setup_finetune.yaml", "finetune.slurm", "torchtune_config.yaml")


def evaluates(tree: Tree, directory: str) -> bool:
    """Whether files of jobs in this directory are those of evaluations."""
    parts = directory.split("/")
    if _EPOCH.match(parts[-1]) or "eval" in parts:
        return True
    parent = directory.rpartition("/")[0]
    return not trains(tree, directory) and f"{parent}/eval".lstrip("/") in tree.directories


def trains(tree: Tree, directory: str) -> bool:
    """Whether something that only a training has lies in this directory or the one above."""
    homes = {directory, directory.rpartition("/")[0]}
    return any(f"{home}/{name}".lstrip("/") in tree.by_path for home in homes for name in _TRAINS)


def is_log(name: str) -> bool:
    """Whether a file is named like an evaluation log."""
    return any(fnmatchcase(name, pattern) for pattern in LOG_NAMES)


def step_of_log(tree: Tree, path: str) -> str | None:
    """The step of a log in `eval/<cell>/logs/`; None for one that lies elsewhere."""
    directory, _, name = path.rpartition("/")
    *_, above, cell, folder = ("", "", *directory.split("/"))
    if above != "eval" or folder != "logs":
        return None
    stem = name.rpartition(".")[0]
    return f"{EVAL}{cell}" if alone(tree, path) else f"{EVAL}{cell}/{stem}"


def alone(tree: Tree, path: str) -> bool:
    """Whether no other evaluation log lies beside one."""
    directory = path.rpartition("/")[0]
    beside = tree.directories.get(directory, ()) if directory else tree.files
    logs = (entry for entry in beside if entry.parent == directory and is_log(entry.name))
    return len(list(islice(logs, 2))) <= 1


def cells_beside(tree: Tree, directory: str) -> list[str]:
    """Names of the evaluation cells of the run that a directory of artifacts belongs to."""
    parts = directory.split("/")
    for depth in range(len(parts) - 1, -1, -1):
        home = "/".join([*parts[:depth], "eval"])
        if home in tree.directories:
            below = {
                entry.path.removeprefix(home + "/").partition("/")[0]
                for entry in tree.directories[home]
                if entry.parent != home
            }
            return sorted(below - {"logs"})
    return []
