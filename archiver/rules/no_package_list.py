"""No artifact lists the packages that the run was made with.

What it finds
    Runs that measured something and of which neither a lockfile nor a list of installed packages
    is there. A few versions that the program printed of itself do not make a list.

Why it matters
    Results change with the versions of the framework, of its kernels and of the tokenizer. What
    was installed a year ago cannot be found out from the name of an environment.

Example
    note    [RA105 no-package-list]
            neither a lockfile nor a list of installed packages is there; only 4 versions are known

What to do
    Copy the lockfile into the run when it starts, or write `pip freeze` beside its results.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver.extension import Case, Hit, Rule, Severity, Vouch
from archiver.model.record import RunRecord
from archiver.wording import counted

_FEW = 3
"""An evaluation log names the package of its framework and of its task; that is no list."""


def check(case: Case) -> Iterator[Hit]:
    """At most one hit, of the run."""
    listing = [item for item in case.record.dependencies if item.kind in ("installed", "locked")]
    if not _measured(case.record) or len({item.name for item in listing}) >= _FEW:
        return
    known = {item.name for item in case.record.dependencies if item.state == "present"}
    some = f"; only {counted(len(known), 'version is', 'versions are')} known" if known else ""
    yield Hit(f"neither a lockfile nor a list of installed packages is there{some}")


def _measured(record: RunRecord) -> bool:
    done = any(step.status == "success" for step in record.steps)
    return done or bool(record.steps and record.series)


RULE = Rule(
    id="RA105",
    name="no-package-list",
    summary="No artifact lists the packages that the run was made with",
    severity=Severity.NOTE,
    check=check,
    vouches=Vouch("the versions of the packages", essential=False),
)
