"""Running git in the run would start programs that the run names.

What it finds
    Repositories in the run whose configuration names programs (`core.fsmonitor`, `core.sshCommand`,
    filters, drivers, external diffs, aliases that are commands, ...), takes in other files, or
    reaches outside of the run for hooks, objects, attributes or the working tree (a warning); and
    hooks that may be executed (a note). The files are read as data; git is never called.

Why it matters
    `git status` or `git log`, and every editor, prompt or tool that calls them, starts such
    programs with the rights of whoever looks at the run. A copied repository carries them along.

Example
    warning code/.git/config:8 [RA905 hostile-repository-config]
            core.fsmonitor runs ./watch.sh

What to do
    Do not run git there. Clone the repository from where it came from and check out the recorded
    commit; or remove the settings by hand, in the file.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver import problem_hits
from archiver.extension import Case, Hit, Rule, Severity

_CODES: dict[str, Severity | None] = {
    "git-hazard": Severity.WARNING,
    "git-hook": Severity.NOTE,
}


def check(case: Case) -> Iterator[Hit]:
    """Each file of a repository once."""
    return problem_hits.hits(case, _CODES)


RULE = Rule(
    id="RA905",
    name="hostile-repository-config",
    summary="Running git in the run would start programs that the run names",
    severity=Severity.WARNING,
    check=check,
    needs=frozenset(),
    codes=frozenset(_CODES),
)
