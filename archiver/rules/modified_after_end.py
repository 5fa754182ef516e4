"""An artifact of a run was written to well after the run had ended.

What it finds
    Artifacts of known kinds whose file time is later than the run's last recorded sign of life by
    more than `margin_minutes`. What evaluates or converts a finished run is left out, as are runs
    whose end nobody recorded with a time zone. Where more than half of the run's files are that
    late, the run was copied or checked out: file times are then evidence of nothing, and the rule
    is quiet.

Why it matters
    What was edited afterwards is not what the run used or measured, however plausible it looks.

Example
    warning config_source.yaml [RA405 modified-after-end]
            1 artifact was modified after the run's last sign of life at
            2026-11-21T22:42:32.872800+00:00: config_source.yaml 3 days later

What to do
    Compare the artifact with another copy or with version control. Archive runs soon after they
    end; `verify --against` then tells what changed since.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver import stamps
from archiver.extension import Case, Fact, Hit, Rule, Severity, Threshold
from archiver.model.claims import Location
from archiver.model.findings import Place
from archiver.model.record import FileEntry
from archiver.model.times import utc_micros
from archiver.wording import counted, cut, listed

_AFTERWARDS = ("eval", "export", "inspect", "report", "weights")
"""Parts of the kinds of artifact that are made of a run when it is over."""
_MOST_PLACES = 5


def check(case: Case) -> Iterator[Hit]:
    """All artifacts together: whatever touched one often touched its neighbours."""
    status = case.value("summary.status")
    end = stamps.last(case.record)
    if status in (None, "running", "unknown") or end is None:
        return
    limit = end.instant.micros + case.thresholds["margin_minutes"] * 60e6
    files = [entry for entry in case.files if entry.scope == "run" and entry.type == "file"]
    times = [(entry, utc_micros(entry.mtime)) for entry in files]
    late = [(entry, time) for entry, time in times if time is not None and time > limit]
    if len(late) * 2 > len(files):
        return
    changed = [(entry, time) for entry, time in late if _counts(entry)]
    if not changed:
        return
    told = (
        f"{cut(entry.path, 120)} {stamps.span((time - end.instant.micros) / 1e6)} later"
        for entry, time in changed
    )
    were = "was" if len(changed) == 1 else "were"
    message = (
        f"{counted(len(changed), 'artifact')} {were} modified after the run's last sign of life at"
        f" {end.text}: {listed(told, total=len(changed))}"
    )
    places = [Location(entry.path, "", entry.scope) for entry, _ in changed[:_MOST_PLACES]]
    others = tuple(Place(at, "modified, too") for at in places[1:])
    yield Hit(message, places[0], (*others, Place(end.at, "the last sign of life")))


def _counts(entry: FileEntry) -> bool:
    return entry.kind is not None and not any(part in entry.kind for part in _AFTERWARDS)


RULE = Rule(
    id="RA405",
    name="modified-after-end",
    summary="An artifact of a run was written to well after the run had ended",
    severity=Severity.WARNING,
    check=check,
    needs=frozenset({Fact.RUN, Fact.FILES}),
    thresholds={
        "margin_minutes": Threshold(
            default=30, meaning="minutes after the last sign of life that writing may take"
        )
    },
)
