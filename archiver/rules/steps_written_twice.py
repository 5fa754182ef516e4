"""One metric log holds nearly every step more than once.

What it finds
    Sources of metrics in which at least `min_repeated_pct` as many points repeat a step as stand at
    a step of their own, and at least `min_repeats` of one series: the same step of the same
    attempt, written again. Where a repeat has another value the last one counts, and the finding is
    a warning; where all repeats are alike it is a note. Steps that a resumed attempt did again are
    not meant, nor a few series (the epoch of each row) that repeat in a log of others.

Why it matters
    Such logs come of several processes that write into one file, of a logger that was set up twice,
    or of rows that say the epoch where a step is meant. Of different values at one step, which
    process had the last word is chance: rates and times are one process's, a loss may be of its
    part of the batch.

Example
    warning logging.jsonl [RA509 steps-written-twice]
            14790 of 29585 points of 10 series repeat a step that was written before; 3 of
            them with other values, of which the last counts: eval_runtime,
            eval_samples_per_second, train_speed(iter/s)

What to do
    Let one process write the log (rank 0), or each its own. Compare curves by a series whose
    repeats are alike, and do not add up what the log holds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from archiver.extension import Case, Hit, Rule, Severity, Threshold
from archiver.model.record import Series
from archiver.wording import counted, cut, listed


def check(case: Case) -> Iterator[Hit]:
    """One hit per source and training; its series together, for a row repeats all of them."""
    groups: dict[tuple[str, str, str | None], list[Series]] = defaultdict(list)
    for series in case.record.series:
        if series.axis == "step" and series.type == "number":
            groups[series.at.scope, series.source, series.step_id].append(series)
    for group in groups.values():
        if _doubled(group, case.thresholds):
            yield _hit(case, group)


def _doubled(group: Sequence[Series], thresholds: Mapping[str, float]) -> bool:
    kept = sum(series.points for series in group)
    repeats = sum(map(_repeats, group))
    if repeats * 100 < kept * thresholds["min_repeated_pct"]:
        return False
    # Points that all stand at step 0 have no step: nobody counted.
    return any(
        min(series.points, _repeats(series)) >= thresholds["min_repeats"] for series in group
    )


def _repeats(series: Series) -> int:
    return series.duplicates + series.overwritten


def _hit(case: Case, group: Sequence[Series]) -> Hit:
    repeated = [series for series in group if _repeats(series)]
    repeats = sum(map(_repeats, repeated))
    written = repeats + sum(series.points + series.superseded for series in repeated)
    changed = [series for series in repeated if series.overwritten]
    message = (
        f"{repeats} of {written} points of {counted(len(repeated), 'series', 'series')} repeat a"
        " step that was written before"
    )
    if changed:
        names = listed((cut(series.key) for series in changed), total=len(changed))
        message += f"; {len(changed)} of them with other values, of which the last counts: {names}"
    most = max(repeated, key=_repeats)
    return Hit(message, case.place_of(most), severity=None if changed else Severity.NOTE)


RULE = Rule(
    id="RA509",
    name="steps-written-twice",
    summary="One metric log holds nearly every step more than once",
    severity=Severity.WARNING,
    check=check,
    thresholds={
        "min_repeated_pct": Threshold(
            default=80, meaning="points that repeat a step, in percent of those that do not"
        ),
        "min_repeats": Threshold(
            default=3, meaning="repeats in one series, and steps of it, from which on they count"
        ),
    },
)
