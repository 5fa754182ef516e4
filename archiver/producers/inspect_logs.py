"""What an inspect-ai log holds, whichever of its forms it has: a `.eval` container, or `.json`.

A container (deflate up to 0.3.140, Zstandard since 0.3.209) holds `header.json`, written last; a
log that was never finished has `_journal/start.json` alone, which says what was to be evaluated.
Samples are counted, not loaded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from archiver.artifact import Artifact
from archiver.codecs import json_document
from archiver.codecs.flaws import Flaws
from archiver.codecs.json_document import JsonDocument
from archiver.codecs.zip_container import ZipContainer
from archiver.model.values import Value
from archiver.view import View

HEADER, START = "header.json", "_journal/start.json"
_SUMMARIES, _JOURNAL = "summaries.json", "_journal/summaries/"
_SAMPLES = "samples/"


@dataclass
class Log:
    """What the log says of the evaluation as a whole."""

    top: View
    """`status`, `eval`, `plan`, `results`, `stats`, `error`."""
    flaws: Flaws
    places: dict[str, str]
    """Top-level key -> place of the document that it stands in."""
    finished: bool
    """Whether the part is there that is written when the evaluation ends."""
    samples: int
    """Samples that are in it."""
    good: int | None
    """Those of them that ended without an error, where it says so."""
    read: int
    corrupt: int
    torn: bool = False

    @property
    def spec(self) -> View:
        """What was evaluated."""
        return self.top.object("eval")


def container_of(artifact: Artifact) -> ZipContainer:
    """The container that a file is, or is what is left of."""
    handle = artifact.open()
    return ZipContainer.open(handle.read_at, handle.size, artifact.limits)


def read_log(artifact: Artifact) -> Log:
    """The log without its samples, from a document or a container."""
    if artifact.name.endswith(".json"):
        return _document(artifact)
    return _unpacked(artifact)


def _document(artifact: Artifact) -> Log:
    document = artifact.json()
    value = document.value if isinstance(document.value, dict) else {}
    samples = value.get("samples")
    rows = samples if isinstance(samples, list) else []
    failed = sum(isinstance(row, dict) and bool(row.get("error")) for row in rows)
    return Log(
        View(artifact, value),
        document.flaws,
        dict.fromkeys(value, ""),
        # What follows the results and the figures of the end is what may be torn off.
        finished=value.get("status") != "started",
        samples=len(rows),
        good=len(rows) - failed if rows else None,
        read=int(document.complete),
        corrupt=int(not document.complete),
        torn=not document.complete,
    )


def _unpacked(artifact: Artifact) -> Log:
    container = container_of(artifact)
    flaws, top, places = Flaws(), dict[str, Value](), dict[str, str]()
    bad = {name for name, member in container.members.items() if member.torn}
    for name in (HEADER, START):
        if name not in container.members:
            continue
        document = _member(container, name, artifact, flaws)
        value = document.value if isinstance(document.value, dict) else {}
        for key in value.keys() - top.keys():
            top[key], places[key] = value[key], f"{name}!"
        if document.complete:
            break
        bad.add(name)
    finished = places.get("status", "").startswith(HEADER)
    rows = good = 0
    for row in _summaries(container, artifact, flaws):
        rows += 1
        good += row.get("completed") is not False and not row.get("error")
    samples = sum(name.startswith(_SAMPLES) for name in container.members)
    flaws.extend(container.flaws)
    return Log(
        View(artifact, top),
        flaws,
        places,
        finished=finished,
        samples=samples,
        good=good if rows else None,
        read=len(container.members) - len(bad),
        corrupt=len(bad),
        torn=not container.complete,
    )


def _member(container: ZipContainer, name: str, artifact: Artifact, flaws: Flaws) -> JsonDocument:
    """One member as JSON; its flaws with their places in the container."""
    content = container.read(name, artifact.limits.document_bytes)
    document = json_document.parse(content.data, artifact.limits)
    if not content.data and not content.complete:
        return document  # that nothing came out of it, the container told already
    for code, count in document.flaws.counts.items():
        told = [flaw for flaw in document.flaws if flaw.code == code and flaw.place]
        for flaw in told:
            flaws.add(code, flaw.message, f"{name}!{flaw.place}", flaw.hint)
        if count > len(told):
            first = next((flaw.message for flaw in document.flaws if flaw.code == code), code)
            flaws.add(code, f"{first}, in {name}", f"{name}!", n=count - len(told))
    return document


def _summaries(
    container: ZipContainer, artifact: Artifact, flaws: Flaws
) -> Iterator[dict[str, Value]]:
    """A row per finished sample: from the list of the end, or from the journal."""
    whole = [_SUMMARIES] if _SUMMARIES in container.members else []
    for name in whole or [name for name in container.members if name.startswith(_JOURNAL)]:
        value = _member(container, name, artifact, flaws).value
        yield from (
            (row for row in value if isinstance(row, dict)) if isinstance(value, list) else ()
        )
