"""A notable part of a metric log could not be read.

What it finds
    Sources of metrics of which more than `max_lost_pct` of the records, and at least `min_lost`,
    were corrupt. A torn last record, as a killed run leaves it, does not count; what is wrong with
    the records is told by `corrupt-artifact` and its like.

Why it matters
    The summaries of its series (last, best, mean) and its curves are of what is left.

Example
    warning metrics.ndjson [RA510 lost-points]
            5 of 69 records could not be read; the figures of its 7 series are of the rest

What to do
    Look for another copy of the file, or another source of the same metrics.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from archiver.extension import Case, Hit, Rule, Severity, Threshold
from archiver.model.claims import Location
from archiver.wording import counted

_TORN = "truncated"


def check(case: Case) -> Iterator[Hit]:
    """Each artifact that holds series of numbers."""
    series = Counter(
        (item.at.scope, item.at.path) for item in case.record.series if item.type == "number"
    )
    for books in case.record.accounting:
        number = series[books.scope, books.path]
        lost = books.corrupt - min(books.reasons.get(_TORN, 0), 1)
        total = books.read + books.dropped + books.corrupt
        few = lost < case.thresholds["min_lost"]
        if number and not few and lost * 100 > total * case.thresholds["max_lost_pct"]:
            message = (
                f"{lost} of {counted(total, 'record')} could not be read;"
                f" the figures of its {counted(number, 'series', 'series')} are of the rest"
            )
            yield Hit(message, Location(books.path, "", books.scope))


RULE = Rule(
    id="RA510",
    name="lost-points",
    summary="A notable part of a metric log could not be read",
    severity=Severity.WARNING,
    check=check,
    thresholds={
        "max_lost_pct": Threshold(
            default=5, meaning="percent of a source's records that may be lost"
        ),
        "min_lost": Threshold(default=3, meaning="records from which on they are many"),
    },
)
