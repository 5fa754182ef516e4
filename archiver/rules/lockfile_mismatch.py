"""The lockfile is not the one whose digest was recorded.

What it finds
    A digest of a lockfile that a manifest of the run recorded, held against the lockfiles that
    the run has. One that fits none of them is a warning. It is a note where the files differ in
    their line ends alone, where the run holds no lockfile, and where what was recorded is no
    digest.

Why it matters
    The lockfile says which packages the run stood on. If it was edited or made anew since, an
    environment that is built from it is another one.

Example
    warning run_manifest.json [RA701 lockfile-mismatch]
            uv.lock has sha256 18c8f9b0…, the one recorded is 3404d711…

What to do
    Take the lockfile of the commit that the run was started from. If only line ends differ, the
    packages are the same: store lockfiles without conversion of line ends.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver.extension import Case, Hit, Rule, Severity
from archiver.model.claims import Location
from archiver.model.findings import Place
from archiver.model.record import Lockfile

_SHOWN = 12


def check(case: Case) -> Iterator[Hit]:
    """One finding per recorded digest."""
    damaged = {(problem.at.scope, problem.at.path) for problem in case.record.problems}
    for lock in case.record.lockfiles:
        message = _message(lock)
        # A manifest that could not be read is reported as that.
        unread = lock.verdict == "unreadable" and not lock.at.place
        if message is None or (unread and (lock.at.scope, lock.at.path) in damaged):
            continue
        related: tuple[Place, ...] = ()
        if lock.actual_sha256 is not None:
            related = (Place(Location(lock.path, "", lock.at.scope), "the lockfile as it is"),)
        severity = None if lock.verdict == "mismatch" else Severity.NOTE
        yield Hit(message, lock.at, related, severity=severity)


def _message(lock: Lockfile) -> str | None:
    then, now = _short(lock.recorded_sha256), _short(lock.actual_sha256)
    if lock.verdict == "mismatch":
        return f"{lock.path} has sha256 {now}, the one recorded is {then}"
    if lock.verdict == "crlf_only":
        return f"{lock.path} differs from the recorded one, sha256 {then}, in its line ends alone"
    if lock.verdict == "no_lock":
        return f"a lockfile of sha256 {then} is recorded, and the run holds none"
    if lock.verdict == "unreadable":
        return "what is recorded of the lockfile is no sha256"
    return None


def _short(digest: str | None) -> str:
    return f"{digest[:_SHOWN]}…" if digest else "unknown"


RULE = Rule(
    id="RA701",
    name="lockfile-mismatch",
    summary="The lockfile is not the one whose digest was recorded",
    severity=Severity.WARNING,
    check=check,
)
