"""Where runs and experiments lie in an MLflow file store.

`<root>/<experiment>/<run>/meta.yaml` with `params`, `metrics`, `tags` and `artifacts` beside it;
`<root>/<experiment>/meta.yaml` above. A run's directory is named by its id of 32 hex digits. A
store may be given from the root, from an experiment or from a run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from archiver.artifact import Artifact
from archiver.model.values import Value
from archiver.rundir import Entry, Tree

if TYPE_CHECKING:
    from archiver.codecs.yaml_document import YamlDocument

META = "meta.yaml"
_RUN = re.compile(r"[0-9a-f]{32}\Z")


def run_metas(tree: Tree) -> list[Entry]:
    """The `meta.yaml` of each directory that is named like a run, or of the tree if that is one."""
    found = tree.named(META)
    runs = [entry for entry in found if _RUN.match(entry.parent.rpartition("/")[2])]
    return runs or [entry for entry in found if not entry.parent]


def experiment_metas(tree: Tree) -> list[Entry]:
    """Every other `meta.yaml`."""
    runs = {entry.path for entry in run_metas(tree)}
    return [entry for entry in tree.named(META) if entry.path not in runs]


def beside(tree: Tree, meta: Entry, *folders: str) -> Iterator[Entry]:
    """Files in some of the directories beside a `meta.yaml`."""
    home = f"{meta.parent}/" if meta.parent else ""
    for folder in folders:
        yield from tree.directories.get(home + folder, ())


def document(artifact: Artifact) -> YamlDocument:
    """The `meta.yaml`: one flat mapping, of which a torn one keeps its whole lines."""
    whole = artifact.yaml()
    if whole.complete and isinstance(whole.value, dict):
        return whole
    lines = artifact.data().rpartition(b"\n")[0]
    from archiver.codecs import yaml_document

    good = yaml_document.parse(lines, artifact.limits)
    value: Value = good.value if isinstance(good.value, dict) else {}
    flaws, documents = whole.flaws, whole.documents
    return yaml_document.YamlDocument(value, complete=False, flaws=flaws, documents=documents)
