"""`validate`: what an audit finds in runs, archives and single artifacts.

What only some questions need is imported when they are asked: a hook that holds one file to its
schema must not wait for every reader and rule.
"""

from __future__ import annotations

import datetime as dt
import os.path
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from archiver import __version__
from archiver.errors import ArchiverError
from archiver.model.findings import Report, RunFindings
from archiver.model.plain import dataclass
from archiver.workflows.options import OwnOutputError, UnknownKindError, ValidateOptions
from archiver.workflows.progress import Progress, silent

if TYPE_CHECKING:
    from archiver.audit import Audit

    _Look = Callable[[str], Sequence[tuple[RunFindings, Audit | None]]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The report, and what could not be looked at."""

    report: Report
    failures: tuple[ArchiverError, ...] = ()
    crashed: tuple[str, ...] = ()
    """Ids of rules that stopped: faults of ours."""
    skipped: tuple[Path, ...] = ()
    """Files of no known kind."""


def validate(
    paths: Sequence[str | Path],
    options: ValidateOptions,
    now: dt.datetime,
    progress: Progress = silent,
) -> Verdict:
    """Audit every run, archive and artifact that the paths name or hold; nothing is written.

    Raises:
        OwnOutputError: when the report would be written to one of them.
        ArchiverError: when there is no such schema.
    """
    audits: list[tuple[RunFindings, Audit | None]] = []
    look = _look(options, now, progress)
    failures: list[ArchiverError] = []
    skipped = []
    # As texts: to make thousands of paths costs more than most files that are merely held.
    for path in dict.fromkeys(map(_text, paths)):
        if not path:
            hint = "give one; `.` is the current directory"
            failures.append(ArchiverError('""', "is no path", hint))
            continue
        try:
            audits += look(path)
        except OwnOutputError:
            raise  # There is no report then, whatever else could be looked at.
        except UnknownKindError as fault:
            if options.skip_unknown:
                skipped.append(Path(path))
            else:
                failures.append(fault)
        except ArchiverError as fault:
            failures.append(fault)
    ran = frozenset(rule for _, done in audits if done for rule in done.ran)
    crashed = dict.fromkeys(rule for _, done in audits if done for rule in done.crashed)
    report = Report(runs=tuple(run for run, _ in audits), rules=len(ran), tool_version=__version__)
    return Verdict(report, tuple(failures), tuple(crashed), tuple(skipped))


def _look(options: ValidateOptions, now: dt.datetime, progress: Progress) -> _Look:
    """How one path is looked at, if the policy in force may judge it."""
    look, policy = _unguarded(options, now, progress), options.policy
    if policy.base is None or policy.explicit:
        return look
    from archiver.workflows.own_policy import Guard

    guard = Guard(policy, options.limits)

    def guarded(path: str) -> Sequence[tuple[RunFindings, Audit | None]]:
        guard.check(path)
        return look(path)

    return guarded


def _unguarded(options: ValidateOptions, now: dt.datetime, progress: Progress) -> _Look:
    """How one path is looked at; None for what was accepted before any rule was asked."""
    if options.schema is not None:
        from archiver.workflows.holding import Holder

        holder = Holder(options.schema, options)
        return lambda path: (holder.held(path),)
    from archiver.workflows.audits import Audits

    places: set[str] = set()
    told: set[tuple[str, str]] = set()

    def once(path: str) -> Sequence[tuple[RunFindings, Audit | None]]:
        # By where they lie: `RUN/`, a link to it, and the run of a root that was given, too.
        place = os.path.realpath(path)
        if place in places:
            return ()
        places.add(place)
        found = Audits(options, now, progress).of(Path(path))
        # Several runs may share a directory, and a name: those of one root are all there are.
        keys = [(os.path.realpath(run.path), run.run_id) for run, _ in found]
        new = [item for item, key in zip(found, keys, strict=True) if key not in told]
        told.update(keys)
        return new

    return once


def _text(path: str | Path) -> str:
    """The path as `Path` writes it, without one where nothing has to be written otherwise."""
    text = str(path)
    if text and ("//" in text or "./" in text or text.endswith(("/", "/."))):
        return str(Path(text))
    return text
