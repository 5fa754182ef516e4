"""Settings that an artifact refers to were not kept with the run.

What it finds
    Steps of a pipeline whose file of settings is not there (a warning), and configurations that
    inherit from files which were not copied into the run (a note: the merged values may stand
    in another artifact).

Why it matters
    What was trained with cannot be read off what is there; the files elsewhere may have changed
    since.

Example
    note    config_source.yaml /extends [RA014 settings-not-kept]
            its parents (extends) were not copied into the run

What to do
    Give the directory that holds them with `--with`, or copy them into the run when it starts.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver import problem_hits
from archiver.extension import Case, Hit, Rule, Severity

_CODES: dict[str, Severity | None] = {
    "parent-config-not-kept": Severity.NOTE,
    "missing-step-settings": Severity.WARNING,
}


def check(case: Case) -> Iterator[Hit]:
    """Each artifact and code once."""
    return problem_hits.hits(case, _CODES)


RULE = Rule(
    id="RA014",
    name="settings-not-kept",
    summary="Settings that an artifact refers to were not kept with the run",
    severity=Severity.WARNING,
    check=check,
    needs=frozenset(),
    codes=frozenset(_CODES),
)
