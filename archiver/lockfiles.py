"""Recorded digests of lockfiles against the lockfiles that the run holds.

A manifest that names no path took the digest of the first lockfile that it found where its process
was started; the archive does not know which that was. So its digest is held against every lockfile
of the run, and the one that matches was meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from archiver.model.claims import LockClaim
from archiver.model.record import Lockfile
from archiver.rundir import natural

_SHA256 = re.compile(r"[0-9a-f]{64}\Z")


def join(claims: Iterable[LockClaim]) -> tuple[Lockfile, ...]:
    """One entry per lockfile and recorded digest; what several manifests say alike is one."""
    found = list(claims)
    files = sorted(
        (claim for claim in found if claim.actual_sha256 is not None),
        key=lambda claim: (claim.at.scope, natural(claim.path)),
    )
    recorded = [claim for claim in found if claim.actual_sha256 is None]
    entries = {_key(entry): entry for entry in (_held(item, files) for item in reversed(recorded))}
    compared = {(entry.path, entry.actual_sha256) for entry in entries.values()}
    for file in files:
        if (file.path, file.actual_sha256) not in compared:
            entry = _entry(file, file, "not_recorded")
            entries[_key(entry)] = entry
    return tuple(
        sorted(
            entries.values(),
            key=lambda entry: (natural(entry.path), natural(entry.at.path), entry.at.place),
        )
    )


def _key(entry: Lockfile) -> tuple[object, ...]:
    return entry.path, entry.recorded_sha256, entry.actual_sha256, entry.verdict


def _held(claim: LockClaim, files: Sequence[LockClaim]) -> Lockfile:
    """One manifest's digest against the run's lockfiles."""
    meant = _meant(claim, files)
    if claim.recorded_sha256 is None:
        return _entry(claim, meant, "unreadable")
    if not claim.recorded_sha256:
        return _entry(claim, meant, "not_recorded")
    digest = claim.recorded_sha256.lower()
    if not _SHA256.match(digest):
        return _entry(claim, meant, "unreadable")
    for file in files:
        if digest == file.actual_sha256:
            return _entry(claim, file, "match")
    for file in files:
        if digest in (file.lf_sha256, file.crlf_sha256):
            return _entry(claim, file, "crlf_only")
    return _entry(claim, meant, "mismatch" if meant is not None else "no_lock")


def _meant(claim: LockClaim, files: Sequence[LockClaim]) -> LockClaim | None:
    """The lockfile that a manifest most likely speaks of: by its path, or by its search order."""
    wanted = (claim.path,) if claim.path else claim.names
    for name in wanted:
        for file in files:
            if file.path == name or file.path.endswith("/" + name):
                return file
    return files[0] if files and not wanted else None


def _entry(claim: LockClaim, file: LockClaim | None, verdict: str) -> Lockfile:
    named = claim.path or next(iter(claim.names), "")
    return Lockfile(
        at=claim.at,
        reader=claim.reader,
        path=file.path if file is not None else named,
        recorded_sha256=claim.recorded_sha256 or None,
        actual_sha256=file.actual_sha256 if file is not None else None,
        verdict=verdict,
    )
