"""Writes the archive of one run: staged, compared with what is there, swapped in."""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from archiver.attempts import Attempts
from archiver.errors import ArchiverError
from archiver.model import codec
from archiver.model.findings import Finding, encoded
from archiver.model.record import FileEntry, RunIdentity, RunRecord
from archiver.model.values import Value
from archiver.package import layout, staging
from archiver.redaction import Redactor
from archiver.series import Joined
from archiver.snapshots import SnapshotStore

_OWN = frozenset(
    {
        layout.DOCUMENT, layout.RECORD, layout.POINTS, "loss_curve.csv", layout.FINDINGS,
        layout.INVENTORY, layout.STAMP, layout.PREVIOUS,
    }
)  # fmt: skip


@dataclass(frozen=True)
class Contents:
    """Everything that goes into the archive of one run."""

    record: RunRecord
    series: Sequence[Joined]
    losses: Sequence[Joined]
    attempts: Mapping[str | None, Attempts]
    files: Sequence[FileEntry]
    snapshots: SnapshotStore
    redactor: Redactor
    findings: Sequence[Finding]
    render: Callable[[RunRecord, Sequence[str], Sequence[FileEntry]], str]
    """Turns the record, the names of its plots and the inventory into ARCHIVE.md."""
    stamp: dict[str, Value]
    """Tool version, time and source path."""
    link: Callable[[Path, RunRecord], Linked]
    """Given the experiment's directory, whose archives do not change meanwhile, and the record
    with its final id: what came before the run."""


@dataclass(frozen=True, slots=True)
class Linked:
    """A record that tells of the run before it."""

    record: RunRecord
    page: str | None
    """What differs from the previous run of the experiment, when there is one."""


@dataclass(frozen=True, slots=True)
class Written:
    """Where the archive stands and whether anything changed."""

    path: Path
    record: RunRecord
    changed: bool


def write(archives: Path, contents: Contents) -> Written:
    """Write, or leave as it is when nothing changed.

    Raises:
        ArchiverError: when the place is taken by something else or cannot be written.
    """
    try:
        archives.mkdir(parents=True, exist_ok=True)
        staging.sweep(archives)
        with ExitStack() as held:
            home = archives / layout.unambiguous(contents.record.run.experiment)
            held.enter_context(staging.locked(home))
            name = _place(home, contents.record.run)
            target = home / name
            _refuse_foreign(target)
            run = replace(contents.record.run, run_id=name)
            linked = contents.link(home, replace(contents.record, run=run))
            contents = replace(contents, record=linked.record)
            staged = held.enter_context(staging.stage(home, name))
            for relative, data in _files(contents, linked.page):
                staging.write(staged, relative, data)
            if target.exists() and _same(staged, target):
                return Written(target, contents.record, changed=False)
            staging.publish(staged, target)
            return Written(target, contents.record, changed=True)
    except OSError as fault:
        subject = str(fault.filename or archives)
        hint = "choose another --output or make room and permission there"
        raise ArchiverError(subject, fault.strerror or "cannot be written", hint) from None


def revise(target: Path, linked: Linked, document: str) -> bool:
    """Let an archive tell of another run before it; whether anything changed.

    The caller holds the lock of the experiment's directory.

    Raises:
        ArchiverError: when it cannot be written.
    """
    told = _told(linked, document)
    try:
        if all(_content(target / relative) == data for relative, data in told.items()):
            return False
        _refuse_foreign(target)
        with staging.stage(target.parent, target.name) as staged:
            staging.share(target, staged, without=told)
            for relative, data in told.items():
                if data is not None:
                    staging.write(staged, relative, data)
            staging.publish(staged, target)
    except OSError as fault:
        subject, hint = str(fault.filename or target), "make room and permission there"
        raise ArchiverError(subject, fault.strerror or "cannot be written", hint) from None
    return True


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() and not path.is_symlink() else None


def _place(home: Path, run: RunIdentity) -> str:
    """The run's directory name: its slug, marked where that was altered or is taken."""
    plain = layout.slug(run.run_id)
    names = [layout.marked(run.run_id, run.identity, digits) for digits in (8, 16, 32)]
    if plain == run.run_id:
        names.insert(0, plain)
    folded = {path.name.casefold(): path for path in home.iterdir() if path.name[0] != "."}
    for name in names:
        there = folded.get(name.casefold())
        if there is None or (there.name == name and _identity(there) == run.identity):
            return name
    raise ArchiverError(str(home / plain), "is taken", "move it or choose another --output")


def _identity(archive: Path) -> str | None:
    """Identity of the run that an archive holds, None where there is no archive."""
    try:
        record = json.loads((archive / layout.RECORD).read_bytes())
        identity = record["run"]["identity"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return identity if isinstance(identity, str) else None


def _refuse_foreign(target: Path) -> None:
    """Never replace what is not wholly ours."""
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise ArchiverError(str(target), "is in the way", "move it or choose another --output")
    if not target.exists():
        return
    known = _known(target)
    foreign = sorted(
        path for path, regular in _all_files(target).items() if path not in known or not regular
    )
    if foreign or _identity(target) is None:
        found = str(target / foreign[0]) if foreign else str(target)
        raise ArchiverError(
            found, "does not belong to an archive", "move it away, then collect again"
        )


def _known(target: Path) -> set[str]:
    """Files that an archive at this place may hold, by its own inventory."""
    known = set(_OWN)
    try:
        lines = (target / layout.INVENTORY).read_text("utf-8").splitlines()
        copied = [json.loads(line).get("copied") for line in lines]
    except (OSError, ValueError, AttributeError, RecursionError):
        copied = []
    known |= {path for path in copied if isinstance(path, str)}
    figures = {path.stem for path in (target / layout.PLOTS).glob("*.svg")}
    return known | {f"{layout.PLOTS}/{name}.{form}" for name in figures for form in ("svg", "png")}


def _all_files(directory: Path) -> dict[str, bool]:
    """Everything below a directory but directories, and whether it is a regular file."""
    found = {}
    for path in directory.rglob("*"):
        mode = path.lstat().st_mode
        if not stat.S_ISDIR(mode):
            found[path.relative_to(directory).as_posix()] = stat.S_ISREG(mode)
    return found


def _files(contents: Contents, previous: str | None) -> Iterator[tuple[str, bytes]]:
    """Every file of the archive, made one after the other."""
    from archiver.package import figures, plots, tables

    record = contents.record
    names: list[str] = []
    for spec in figures.figures(record, contents.series, contents.losses, contents.attempts):
        for name, data in plots.draw(spec).items():
            names.append(f"{layout.PLOTS}/{name}")
            yield names[-1], data
    listed: list[FileEntry] = []
    for entry, copy in copies(contents.files, contents.snapshots, contents.redactor):
        if copy is not None and entry.copied is not None:
            yield entry.copied, copy
        listed.append(entry)
    yield layout.POINTS, tables.metrics_parquet(contents.series, contents.redactor.text)
    yield "loss_curve.csv", tables.loss_curve_csv(contents.losses)
    yield layout.FINDINGS, _json([encoded(finding) for finding in contents.findings])
    yield layout.INVENTORY, b"".join(_line(codec.encode(entry)) for entry in listed)
    told = _told(Linked(record, previous), contents.render(record, names, listed))
    yield from ((relative, data) for relative, data in told.items() if data is not None)
    yield layout.STAMP, _json(contents.stamp)


def _told(linked: Linked, document: str) -> dict[str, bytes | None]:
    """The files that tell of the run before; None for one that there is not."""
    page = linked.page
    return {
        layout.RECORD: _json(codec.encode(linked.record)),
        layout.DOCUMENT: document.encode(),
        layout.PREVIOUS: None if page is None else page.encode("utf-8", "backslashreplace"),
    }


def copies(
    files: Iterable[FileEntry], snapshots: SnapshotStore, redactor: Redactor
) -> Iterator[tuple[FileEntry, bytes | None]]:
    """Every inventory entry with the bytes of its copy, secrets removed."""
    names = layout.DataNames()
    for entry in files:
        data = snapshots.get(entry.scope, entry.path)
        if data is None:
            yield entry, None
            continue
        clean = redactor.data(data)
        if clean is None:
            reason = "holds a secret that cannot be removed from its format"
            yield replace(entry, reason=reason), None
            continue
        place = f"data/{names.place(entry.scope, entry.path)}"
        note = "secrets removed from the copy" if clean != data else None
        yield replace(entry, copied=place, reason=note), clean


def _json(value: Value) -> bytes:
    text = json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False)
    return text.encode("utf-8", "backslashreplace") + b"\n"


def _line(value: Value) -> bytes:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace") + b"\n"


def _same(staged: Path, target: Path) -> bool:
    return _digests(staged) == _digests(target)


def _digests(directory: Path) -> dict[str, str]:
    digests = {}
    for relative in _all_files(directory):
        # The one file that may differ between two archives of the same run.
        if relative != layout.STAMP:
            with (directory / relative).open("rb") as file:
                digests[relative] = hashlib.file_digest(file, "sha256").hexdigest()
    return digests
