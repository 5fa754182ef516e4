"""Run the readers over a run's files, one artifact at a time.

Here, and nowhere else, crashes of readers become problems, every file is hashed and the bytes
that the archive will copy are kept; `stamping` puts the readers' names on what they said.
"""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import field, replace
from typing import Any, TypeVar

from archiver.artifact import Artifact, Match, Member
from archiver.collect import listing
from archiver.collect.stamping import ScopedSink, stamped
from archiver.errors import ArchiverError
from archiver.extension import Reader
from archiver.limits import Limits
from archiver.model.claims import AttemptTrail, Claim, Evidence, Problem
from archiver.model.plain import dataclass
from archiver.model.reading import Reading
from archiver.model.record import Accounting, FileEntry
from archiver.rundir import TOO_DEEP, Entry, OpenFile, ReadFault, RunDir, Tree, natural
from archiver.schemacheck.artifacts import Watch
from archiver.snapshots import SnapshotStore
from archiver.spool import PointSpool

log = logging.getLogger(__name__)

Result = TypeVar("Result")

FIRST_FILE = ""
"""Key of `Collected.heads` for the first file that was opened, whatever its kind."""
HEAVY_SUFFIXES = (
    ".bin", ".ckpt", ".distcp", ".gguf", ".h5", ".npy", ".npz", ".onnx", ".pkl", ".pt", ".pth",
    ".safetensors", ".tflite",
)  # fmt: skip
"""Weights and other state that is inventoried and hashed, never copied."""

_NO_ROOM = frozenset({errno.ENOSPC, errno.EFBIG, errno.EDQUOT})


@dataclass(frozen=True, slots=True)
class Policy:
    """What is hashed and what is kept for copying."""

    copy: str = "artifacts"
    """`artifacts`, `all` or `none`."""
    hash: str = "all"
    """`all`, `artifacts` or `none`."""
    max_copy_bytes: int = 16 * 1024 * 1024


@dataclass
class Collected:
    """Everything that was read of one run."""

    readings: list[Reading] = field(default_factory=list)
    files: list[FileEntry] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    heads: dict[str, bytes] = field(default_factory=dict)
    """Kind -> first bytes of its first artifact, for the kinds that identify a run."""
    refused: int = 0
    """Files that the system would not let be read."""
    doubtful: int = 0
    """Artifacts that went to a reader by their names, as they are damaged."""

    def all(self, name: str) -> list[Any]:
        """One list of every reading, joined."""
        return [item for reading in self.readings for item in getattr(reading, name)]

    @property
    def claims(self) -> list[Claim]:
        """Every claim."""
        return self.all("claims")

    @property
    def evidence(self) -> list[Evidence]:
        """Every sign of how an attempt ended."""
        return self.all("evidence")

    @property
    def trails(self) -> list[AttemptTrail]:
        """Every artifact's account of the attempts, families joined."""
        joined: dict[str, AttemptTrail] = {}
        for reading in self.readings:
            for trail in reading.attempts:
                before = joined[trail.family].marks if trail.family in joined else ()
                joined[trail.family] = replace(trail, marks=(*before, *trail.marks))
        return list(joined.values())

    @property
    def accounting(self) -> list[Accounting]:
        """One entry per artifact."""
        return [item.accounting for item in self.readings if item.accounting is not None]

    @property
    def kinds(self) -> set[str]:
        """Kinds of artifact that were recognised (damaged ones included)."""
        return {entry.kind for entry in self.files if entry.kind is not None}


_REPOSITORY = "git.repository"
"""An archive with a repository's settings in it would be one, for whoever runs git there."""


@dataclass
class Collector:
    """Collects one run, tree by tree."""

    readers: Sequence[Reader[Any]]
    limits: Limits
    policy: Policy
    points: PointSpool
    snapshots: SnapshotStore
    identifying: frozenset[str] = frozenset()
    """Kinds whose first bytes identify the run."""
    progress: Callable[[str, int], None] = lambda _path, _done: None
    """Told the file at hand and the bytes done so far."""
    done_bytes: int = 0

    def collect(
        self, run: RunDir, tree: Tree, into: Collected, member: Member | None = None
    ) -> None:
        """Read everything below one directory.

        With a `member`, the tree lies beside the runs of an experiment: artifacts that speak of
        many runs are read for this one, everything else is listed.
        """
        taken: dict[str, str] = {}
        for path, candidates in self._candidates(tree, member):
            artifact = Artifact(run, tree, candidates[0][1], path, self.limits, member)
            try:
                self._read(artifact, [reader for reader, _ in candidates], taken, into)
            finally:
                artifact.close()
        self._inventory(run, tree, into, taken)

    def _inventory(self, run: RunDir, tree: Tree, into: Collected, taken: Container[str]) -> None:
        """List, hash and keep the files that no reader took."""
        for entry in tree.files:
            if entry.path not in taken:
                self._keep(run, entry, None, into)
        into.files += [listing.listed(run, entry) for entry in tree.entries if entry.type != "file"]
        into.refused += sum(entry.fault not in (None, TOO_DEEP) for entry in tree.entries)
        into.problems += list(listing.walk_problems(run, tree))
        into.files.sort(key=lambda item: (item.scope, natural(item.path)))

    def _candidates(
        self, tree: Tree, member: Member | None
    ) -> list[tuple[str, list[tuple[Reader[Any], tuple[Entry, ...]]]]]:
        """Candidates by path; those that only readers of no producer's own would take, last."""
        found: dict[tuple[bool, str], list[tuple[Reader[Any], tuple[Entry, ...]]]] = {}
        for reader in self.readers:
            if member is not None and not reader.shared:
                continue
            for selection in reader.select(tree):
                if member is None or _in_reach(selection.path, member):
                    key = (reader.fallback, selection.path)
                    found.setdefault(key, []).append((reader, selection.files))
        ordered = sorted(found.items(), key=lambda item: (item[0][0], natural(item[0][1])))
        return [(path, candidates) for (_, path), candidates in ordered]

    def _read(
        self,
        artifact: Artifact,
        readers: Sequence[Reader[Any]],
        taken: dict[str, str],
        into: Collected,
    ) -> None:
        free = [r for r in readers if not r.owns_files or artifact.entry.path not in taken]
        kept: set[str] = set()
        try:
            reader = _recognise(artifact, free, into)
            if reader is None:
                return
            self._take(reader, artifact, taken, kept, into)
        except ReadFault as fault:
            for entry in artifact.files:
                if entry.path in kept:
                    continue
                taken[entry.path] = ""
                into.files.append(listing.unreadable(artifact.run, entry, fault))
            into.problems.append(listing.refusal(artifact.run, artifact.path, fault))
            into.refused += 1

    def _take(
        self,
        reader: Reader[Any],
        artifact: Artifact,
        taken: dict[str, str],
        kept: set[str],
        into: Collected,
    ) -> None:
        """Read an artifact that was recognised; `kept` are its files that were put away."""
        kind = reader.kind
        own = artifact.files if reader.owns_files else ()
        taken.update(dict.fromkeys((entry.path for entry in own), kind))
        if kind in self.identifying and kind not in into.heads:
            into.heads[kind] = artifact.head()
        watch = Watch.of_kind(artifact, kind) if own else Watch(artifact, ())

        def keep(entry: Entry, handle: OpenFile | None) -> None:
            kept.add(entry.path)
            self._keep(artifact.run, entry, kind, into, handle)

        def let_go(entry: Entry, handle: OpenFile) -> None:
            watch.let_go(entry, handle)
            keep(entry, handle)

        if own:
            artifact.on_release = let_go
        into.readings.append(self._run(reader, artifact, watch))
        for entry in own:
            if entry.path not in kept:
                keep(entry, artifact.handle(entry))

    def _run(self, reader: Reader[Any], artifact: Artifact, watch: Watch) -> Reading:
        try:
            reading = reader.map(
                reader.parse(artifact), artifact, ScopedSink(self.points, artifact.run.scope)
            )
        except (ReadFault, ArchiverError):
            raise
        except Exception as crash:  # noqa: BLE001  a reader must not end the run
            problem = _crashed(reader, artifact, crash)
            books = Accounting(artifact.path, reader.kind, artifact.size, corrupt=1)
            reading = Reading(problems=(problem,), accounting=books)
        _look_at_rest(artifact, watch)
        problems = watch.finish(reading.problems)
        files = tuple(entry.path for entry in artifact.files)
        reading = replace(reading, problems=problems, files=files)
        return stamped(reading, reader.name, artifact, self.limits)

    def _keep(
        self,
        run: RunDir,
        entry: Entry,
        kind: str | None,
        into: Collected,
        handle: OpenFile | None = None,
    ) -> None:
        """List, hash and, where the policy says so, keep the bytes of one file."""
        self.progress(entry.path, self.done_bytes)
        self.done_bytes += entry.size
        reason = self._not_copied(entry, kind, entry.size)
        hashed = self.policy.hash == "all" or (self.policy.hash == "artifacts" and kind is not None)
        listed = replace(listing.listed(run, entry), kind=kind)
        if handle is None and reason is not None and not hashed:
            into.files.append(replace(listed, reason=reason))
            return
        opened = handle
        try:
            opened = opened or run.open(entry)
            if FIRST_FILE not in into.heads:
                into.heads[FIRST_FILE] = opened.read_at(0, self.limits.head_bytes)
            reason = self._not_copied(entry, kind, opened.size)
            if reason is None:
                self.snapshots.put(run.scope, entry.path, opened.chunks())
            digest = opened.sha256() if hashed else None
            changed = opened.changed()
        except ReadFault as fault:
            into.files.append(listing.unreadable(run, entry, fault))
            into.problems.append(listing.refusal(run, entry.path, fault))
            into.refused += 1
            return
        except OSError as fault:
            _refuse_full_disk(fault)
            raise
        finally:
            if handle is None and opened is not None:
                opened.close()
        if changed:
            into.problems.append(listing.changed(run, entry))
        into.files.append(replace(listed, bytes=opened.size, sha256=digest, reason=reason))

    def _not_copied(self, entry: Entry, kind: str | None, size: int) -> str | None:
        """Why a file is not copied; None when it is."""
        if self.policy.copy == "none":
            return "copying is switched off"
        if kind == _REPOSITORY or ".git" in entry.path.split("/"):
            return "part of a git repository"
        if entry.name.lower().endswith(HEAVY_SUFFIXES):
            return "weights or state"
        if any(reader.data_set and reader.kind == kind for reader in self.readers):
            return "training data"
        if size > self.policy.max_copy_bytes:
            return "larger than the copy limit"
        if kind is None and self.policy.copy == "artifacts":
            return "no artifact of a known kind"
        return None


def _look_at_rest(artifact: Artifact, watch: Watch) -> None:
    """Hold the files that the reader did not let go of to the schemas of their kind.

    Raises:
        ReadFault: when the system will not let one be read.
    """
    for entry in artifact.files:
        handle = artifact.handle(entry)
        if handle is not None:
            watch.look(entry, handle)
        elif watch.wants(entry) and entry.path not in watch.looked_at:
            artifact.open(entry)
            artifact.release(entry)


def _in_reach(path: str, member: Member) -> bool:
    """Whether what lies beside the runs may speak of this one.

    It is part of the run's experiment, or stands in a directory that leads to it (or in one
    beside such a directory).
    """
    if not member.home or path.startswith(member.home + "/"):
        return True
    above = path.rpartition("/")[0]
    return any(
        not known or f"{member.home}/".startswith(known + "/")
        for known in (above, above.rpartition("/")[0])
    )


def _refuse_full_disk(fault: Exception) -> None:
    """What waits in temporary files must not get lost where there is no room for them.

    Raises:
        ArchiverError: when that is what the fault says.
    """
    if isinstance(fault, OSError) and fault.errno in _NO_ROOM:
        hint = "make room for them or set TMPDIR to a place that has some"
        raise ArchiverError("temporary files", fault.strerror or "no room", hint) from None


def _recognise(
    artifact: Artifact, readers: Iterable[Reader[Any]], into: Collected
) -> Reader[Any] | None:
    """The first reader, in name order, that knows the artifact; damaged ones come second."""
    damaged: Reader[Any] | None = None
    for reader in readers:
        match, problem = attempted(reader, reader.detect, artifact)
        if problem is not None:
            into.problems.append(problem)
        if match is Match.YES:
            return reader
        if match is Match.DAMAGED and damaged is None:
            damaged = reader
    into.doubtful += damaged is not None
    return damaged


def attempted(
    reader: Reader[Any], look: Callable[[Artifact], Result], artifact: Artifact
) -> tuple[Result | None, Problem | None]:
    """What a reader sees in a candidate, or the problem that its crash is.

    Raises:
        ReadFault: when the system would not let the candidate be read.
    """
    try:
        return look(artifact), None
    except (ReadFault, ArchiverError):
        raise
    except Exception as crash:  # noqa: BLE001  a reader must not end the run
        return None, replace(_crashed(reader, artifact, crash), reader=reader.name)


def _crashed(reader: Reader[Any], artifact: Artifact, crash: Exception) -> Problem:
    """The problem that a reader's crash is; called where it was caught."""
    _refuse_full_disk(crash)
    log.error("reader %s crashed on %s", reader.name, artifact.path, exc_info=crash)
    message = f"the reader stopped on it ({type(crash).__name__}: {crash})"
    hint = "the file is kept in the inventory; please report this"
    return artifact.problem("reader-crash", message, hint=hint)
