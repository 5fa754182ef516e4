"""What the readers of codex_ml's checkpoint layouts have in common."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from archiver.artifact import Artifact
from archiver.codecs import json_document
from archiver.codecs.flaws import Flaws
from archiver.limits import MIB
from archiver.model.claims import Problem
from archiver.model.record import Checkpoint
from archiver.model.values import Value
from archiver.rundir import Entry
from archiver.view import View

SIDE_FILE_BYTES = 4 * MIB
"""One document or digest beside a payload."""
PAYLOADS = (".pt", ".pkl")
OVER_DIRECTORY = "sha256 of names and bytes"
"""Digest over all files of a directory, each as its name, NUL and its bytes."""
SIGNS = ("state.pt", "state.pkl", "state.sha256", "model.pt")
"""A directory that holds one of these is a checkpoint; what lies in it speaks of it alone."""
_DIGEST = re.compile(rb"\s*([0-9a-fA-F]{64})(?:[ \t]+\*?[^\r\n]{1,4096})?\s*\Z")
"""Bare, with a line end, or as coreutils prints it with a name behind."""
_COMMIT = re.compile(r"[0-9a-f]{7,64}\Z")


@dataclass(frozen=True, slots=True)
class SideFile:
    """One JSON document beside a payload."""

    view: View
    complete: bool
    flaws: Flaws
    problems: tuple[Problem, ...]
    data: bytes


def side_file(artifact: Artifact, entry: Entry) -> SideFile:
    """Read one JSON document of an artifact of many files."""
    data = artifact.content(entry, SIDE_FILE_BYTES + 1)
    limits = replace(artifact.limits, document_bytes=SIDE_FILE_BYTES)
    document = json_document.parse(data, limits)
    own = Artifact(artifact.run, artifact.tree, (entry,), entry.path, artifact.limits)
    problems = own.problems(document.flaws)
    return SideFile(View.of(own, document.value), document.complete, document.flaws, problems, data)


def digest_in(data: bytes) -> str | None:
    """The SHA-256 that a side file holds, None for anything else."""
    match = _DIGEST.match(data)
    return match[1].decode().lower() if match else None


def latest_payload(names: Iterable[str]) -> str:
    """The file that a saver's digest is of: its latest payload, while `state.pt` stays the first.

    Payloads carry the time and a counter in their names.
    """
    payloads = [
        name for name in names if name.endswith(PAYLOADS) and name not in ("state.pt", "state.pkl")
    ]
    return max(payloads, default="state.pt")


def number(value: Value) -> int | float | None:
    """A metric, if it is a number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value


def only_metric(view: View) -> int | float | None:
    """The one metric that stands there; of several, none is the checkpoint's own."""
    metrics = list(view.object("metrics").value.values())
    return number(metrics[0]) if len(metrics) == 1 else None


def commit(view: View, key: str) -> str | None:
    """A commit id, abbreviated or not."""
    text = view.filled(key)
    return text if text and _COMMIT.match(text) else None


def best(found: Iterable[Checkpoint], mode: str | None) -> Checkpoint | None:
    """The one with the smallest (largest) metric, the first on a tie; None without a mode."""
    ranked = [(item, number(item.metric)) for item in found]
    rated = [(item, value) for item, value in ranked if value is not None and not math.isnan(value)]
    if not rated or mode not in ("min", "max"):
        return None
    sign = 1 if mode == "min" else -1
    return min(rated, key=lambda pair: sign * pair[1])[0]
