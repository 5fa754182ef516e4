"""The same data has two digests, sizes or counts of lines.

What it finds
    One path of data for which the run recorded two different digests or sizes; or, of one role,
    two counts of lines; or a digest or size that is not that of the file which lies in the run
    now.

Why it matters
    The data was changed between two starts, or since the run. Which state the model was trained
    on is no longer known, and a repetition reads other data.

Example
    warning train_data_provenance.json /provenance [RA703 data-changed]
            data/train.jsonl has 59157 bytes here and 59201 bytes at effective_runtime.json

What to do
    Find the state that was trained on by its digest, and keep data read-only under a name that
    changes with its content.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver.extension import Case, Fact, Hit, Rule, Severity
from archiver.model.claims import Location
from archiver.model.findings import Place
from archiver.model.record import Dataset, FileEntry
from archiver.run_paths import RunPaths, shortened
from archiver.wording import counted

_SHORTEST = 8
_SHOWN = 12


def check(case: Case) -> Iterator[Hit]:
    """Each path once: what is recorded against itself, then against the file."""
    groups: dict[str, list[Dataset]] = {}
    for item in case.record.datasets:
        if item.path:
            groups.setdefault(item.path, []).append(item)
    paths = RunPaths.of(case.record, case.files)
    for path, items in groups.items():
        hit = _among(items) or _against_file(items, _file(path, paths))
        if hit is not None:
            yield hit


def _among(items: list[Dataset]) -> Hit | None:
    """The first contradiction to what was recorded before."""
    known: dict[tuple[str, ...], tuple[str, Dataset]] = {}
    for item in items:
        for key, value in _marks(item).items():
            first = known.setdefault(key, (value, item))
            if not _alike(first[0], value):
                message = f"{shortened(item.path)} has {_told(key, value)} here"
                other = _told(key, first[0])
                message += f" and {other} at {shortened(first[1].at.path) or 'another place'}"
                return Hit(message, item.at, (Place(first[1].at, f"{other} here"),))
    return None


def _marks(item: Dataset) -> dict[tuple[str, ...], str]:
    """What tells one state of the data from another."""
    found: dict[tuple[str, ...], str] = {
        ("digest", digest.algorithm): digest.value.lower() for digest in item.digests
    }
    if item.bytes is not None:
        found["bytes",] = str(item.bytes)
    if item.lines is not None:
        found["lines", item.role, item.split or ""] = str(item.lines)
    return found


def _alike(left: str, right: str) -> bool:
    """Equal, or a digest and its beginning."""
    shorter, longer = sorted((left, right), key=len)
    return left == right or (len(shorter) >= _SHORTEST and longer.startswith(shorter))


def _told(key: tuple[str, ...], value: str) -> str:
    if key[0] == "digest":
        return f"{key[1]} {value[:_SHOWN]}…"
    return counted(int(value), key[0].removesuffix("s"))


def _file(path: str, paths: RunPaths) -> FileEntry | None:
    """The file of the run that a path of data means."""
    local = paths.local(path) if path in paths.files or paths.own(path) else None
    return paths.files.get(local) if local is not None else None


def _against_file(items: list[Dataset], entry: FileEntry | None) -> Hit | None:
    if entry is None or entry.type != "file":
        return None
    for item in items:
        marks = _marks(item)
        digest, size = marks.get(("digest", "sha256")), marks.get(("bytes",))
        told = None
        if digest is not None and entry.sha256 is not None:
            if not _alike(digest, entry.sha256):
                key: tuple[str, ...] = ("digest", "sha256")
                told = f"{_told(key, entry.sha256)}, recorded is {_told(key, digest)}"
        elif size is not None and size != str(entry.bytes):
            told = f"{entry.bytes} bytes, recorded are {size}"
        if told is not None:
            related = (Place(Location(entry.path), "the file as it is"),)
            return Hit(f"{shortened(entry.path)} has {told}", item.at, related)
    return None


RULE = Rule(
    id="RA703",
    name="data-changed",
    summary="The same data has two digests, sizes or counts of lines",
    severity=Severity.WARNING,
    check=check,
    needs=frozenset({Fact.RUN, Fact.FILES}),
)
