"""Where LLMRunner puts things, told from names alone, and whose a log is.

Below LLMRunner's root lie `configs/experiments/<experiment>/`, `configs/common/`, the data pool
`datapool/experiments/<experiment>/` and `.llmrunner/logs/<run id>/<step id>.log`. Paths inside
logs are those of the training machine; they are text, never opened, and are only matched with
names of the tree.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from archiver.rundir import Tree

CONFIGS = "configs"
EXPERIMENTS = "configs/experiments"
PIPELINES = ("pipeline.py", "pipeline.env")
"""The newer form first: it is the one that a runner of that time preferred."""
_SPECIAL = re.compile(r"([*?\[])")
_EXPERIMENT = re.compile(rb"/experiments/([^/\s'\"\\:,;)\]}]{1,200})(?=[/\s'\":,;)\]}]|\Z)")


def pipelines(tree: Tree) -> list[str]:
    """Directories that hold a pipeline's settings, in natural order."""
    return list(dict.fromkeys(entry.parent for entry in tree.named(*PIPELINES)))


def home_of(directory: str) -> str | None:
    """LLMRunner's root for a directory of settings; None where that stands alone."""
    parts = directory.split("/")
    if len(parts) >= 3 and parts[-3:-1] == EXPERIMENTS.split("/"):
        return "/".join(parts[:-3])
    if parts[-1] == CONFIGS:
        return "/".join(parts[:-1])
    return None


def experiments(tree: Tree) -> dict[str, list[str]]:
    """LLMRunner root -> the directories of its experiments."""
    found: dict[str, list[str]] = {}
    for directory in pipelines(tree):
        home = home_of(directory)
        if home is not None and directory.rpartition("/")[2] != CONFIGS:
            found.setdefault(home, []).append(directory)
    return found


def named_experiments(text: bytes) -> list[str]:
    """Experiments that the paths in a text speak of, in order of appearance."""
    return list(
        dict.fromkeys(name.decode("utf-8", "replace") for name in _EXPERIMENT.findall(text))
    )


def stranger(text: bytes, tree: Tree) -> str | None:
    """The experiment that a log belongs to, where it plainly is none of those in the tree.

    All of them share the log directory by default, and a later one overwrites. None where the
    text names no experiment, or one that is here.
    """
    named = named_experiments(text)
    here = {
        directory.rpartition("/")[2] for dirs in experiments(tree).values() for directory in dirs
    }
    if not named or not here:
        return None
    pools = {
        path.rpartition("/")[2]
        for path in tree.directories
        if path.rpartition("/")[0].endswith("experiments")
    }
    return None if (here | pools) & set(named) else named[0]


def below(home: str, path: str) -> str:
    """A path below LLMRunner's root as the tree spells it."""
    return f"{home}/{path}" if home else path


def there(tree: Tree, path: str) -> bool:
    """Whether the tree holds a file or a directory of that path."""
    return bool(path) and (path in tree.directories or path in tree.by_path)


def local(tree: Tree, path: str, root: str, home: str) -> str | None:
    """Where a path of the training machine lies in the tree, if it does.

    `root` is LLMRunner's root as the training machine spelled it, `home` as the tree does.
    """
    trimmed = path.rstrip("/")
    if not root or not trimmed.startswith(root.rstrip("/") + "/"):
        return None
    inside = below(home, trimmed[len(root.rstrip("/")) + 1 :])
    return inside if there(tree, inside) else None


def root_of(config_dir: str) -> str:
    """LLMRunner's root on the training machine, from its directory of settings; empty if unknown.

    Only the standard layout tells.
    """
    head, found, name = config_dir.rstrip("/").rpartition(f"/{EXPERIMENTS}/")
    if found and name and "/" not in name:
        return head
    head, found, rest = config_dir.rstrip("/").rpartition(f"/{CONFIGS}")
    return head if found and not rest else ""


def home_for(tree: Tree, config_dir: str) -> str | None:
    """LLMRunner's root in the tree for a recorded directory of settings; None where it is not."""
    name = config_dir.rstrip("/").rpartition("/")[2]
    for home, directories in experiments(tree).items():
        if any(directory.rpartition("/")[2] == name for directory in directories):
            return home
    return None


def logs_of(tree: Tree, names: Iterable[str]) -> list[str]:
    """Paths of logs with one of these names, in directories as LLMRunner lays them out."""
    # A name is the settings' text; what means more in a pattern stands for itself.
    wanted = {_SPECIAL.sub(r"[\1]", name) + ".log" for name in names}
    return [entry.path for entry in tree.named(*sorted(wanted)) if is_log_place(entry.path)]


def is_log_place(path: str) -> bool:
    """Whether a file lies where step logs do: `<workdir>/logs/<run id>/`."""
    parts = path.split("/")
    return len(parts) >= 3 and parts[-3] == "logs"
