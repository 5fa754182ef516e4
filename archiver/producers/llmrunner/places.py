"""Where the steps of an experiment of LLMRunner write: what their settings say and is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from archiver.producers.llmrunner import layout, settings
from archiver.producers.llmrunner.experiment import Experiment
from archiver.producers.llmrunner.plan import PlannedStep
from archiver.rundir import Tree

OUTPUTS = re.compile(r"OUTPUT_\w+|SAVE_DIR|(?:OUT_HF|HF_OUTPUT|REPORT)_DIR|REWRITE_OUTPUT_FILE")
"""Settings of a step that name what it writes."""
_OUTPUT_OPTIONS = frozenset({"--save", "--tensorboard-dir", "--wandb-save-dir"})
_HF_DIRECTORIES = ("OUT_HF_DIR", "OUTPUT_DIR", "HF_OUTPUT_DIR")
_HF_DEFAULT = "model/hf"


class Places:
    """Configured paths as places of the tree."""

    def __init__(self, experiment: Experiment, tree: Tree) -> None:
        self._experiment, self._tree = experiment, tree

    def written(self, step: PlannedStep) -> tuple[str, ...]:
        """Files and directories that the step writes and that are there."""
        values = self._experiment.steps[step.id].values
        named = [settings.plain(value) for value in settings.matching(values, OUTPUTS).values()]
        for key in ("TRAIN_CMD", "ARGS"):
            named += _options(settings.plain(values.get(key)) or "")
        found: dict[str, None] = {}
        for path in named:
            place = self.place(path)
            if place is None:
                continue
            if layout.there(self._tree, place):
                found[place] = None
            else:
                found.update(dict.fromkeys(self._with_prefix(place)))
        return tuple(found)

    def _with_prefix(self, prefix: str) -> Iterator[str]:
        """Files that a prefix such as `data/tokenized/cpt/qwen` names."""
        parent = prefix.rpartition("/")[0]
        for entry in self._tree.directories.get(parent, ()):
            if entry.path.startswith(prefix) and entry.parent == parent:
                yield entry.path

    def place(self, path: str | None) -> str | None:
        """A configured path as the tree would spell it; None where that is not known."""
        home = self._experiment.home
        if path is None or home is None:
            return None
        for root in ("${ROOT_DIR}/", self._root()):
            if root and path.startswith(root):
                inside = path.removeprefix(root).strip("/")
                return layout.below(home, inside) if ".." not in inside.split("/") else None
        if path.startswith(("/", "$", "..")):
            return None
        return layout.below(home, path.removeprefix("./").strip("/"))

    def _root(self) -> str:
        """LLMRunner's root as the settings spell it, where a standard place below it is named."""
        for key, tail in (("DATAPOOL_ROOT", "/datapool"), ("WORKDIR", "/.llmrunner")):
            value = self._experiment.plain(key) or ""
            head, found, rest = value.rstrip("/").partition(tail)
            if found and head.startswith("/") and (not rest or rest.startswith("/")):
                return head + "/"
        return ""

    def logs(self, step: PlannedStep) -> tuple[str, ...]:
        """The step's logs, of any run id; those of the run id that is set, where it has any."""
        name = step.id.partition("@")[0]
        found = layout.logs_of(self._tree, (name,))
        run_id = self._experiment.plain("RUN_ID")
        own = [path for path in found if run_id and path.split("/")[-2] == run_id]
        return tuple(own or found) if "@" not in step.id else ()

    def wiped(self) -> Iterator[tuple[str, str]]:
        """Conversions whose directory a later one clears before it begins."""
        last: dict[str, str] = {}
        pool = self._experiment.plain("DATAPOOL_ROOT") or ""
        for step in self._experiment.plan.steps:
            if step.type != "mg2hf" or not step.enabled or self._experiment.plan.era != "7-8":
                continue
            values = self._experiment.steps[step.id].values
            named = (settings.plain(values.get(key)) for key in _HF_DIRECTORIES)
            place = next((path.rstrip("/") for path in named if path), f"{pool}/{_HF_DEFAULT}")
            if place in last:
                yield last[place], step.id
            last[place] = step.id


def _options(command: str) -> Iterator[str]:
    """Directories that a trainer's command line says it writes to."""
    words = command.split()
    for word, following in pairwise(words):
        if word in _OUTPUT_OPTIONS:
            yield following
