"""Several runs: the fields that are not the same in all of them."""

from __future__ import annotations

from collections.abc import Sequence

from archiver.diff.comparing import compare, order
from archiver.diff.options import Options, RunData
from archiver.diff.steps import labelled
from archiver.model.differences import (
    Area,
    Difference,
    Side,
    Significance,
    Variation,
    VariedField,
)

_Key = tuple[Area, str, str]


def vary(runs: Sequence[RunData], options: Options | None = None) -> Variation:
    """The fields that vary, with the value that each run has; metrics come last.

    Every run is compared with the first, so the cost grows with their number alone. A run that
    does not differ from the first in a field has its value there.
    """
    options = options or Options()
    # By the same names in every comparison.
    runs = labelled(runs)
    columns: dict[_Key, list[Side]] = {}
    firsts: dict[_Key, Difference] = {}
    cautions: dict[str, None] = {}
    for place, run in enumerate(runs[1:], 1):
        comparison = compare(runs[0], run, options)
        cautions |= dict.fromkeys(comparison.cautions)
        for item in comparison.differences:
            key = item.area, item.role, item.from_ or item.field
            if key not in columns:
                firsts[key] = item
                columns[key] = [item.a] * len(runs)
            columns[key][place] = item.b
            if item.significance is Significance.SIGNIFICANT:
                firsts[key] = item
    shown = [
        item
        for item in firsts.values()
        if options.all_ or item.significance is Significance.SIGNIFICANT
    ]
    shown.sort(key=lambda item: (item.area is Area.METRICS, order(item)))
    fields = []
    for item in shown:
        name = item.from_ or item.field
        values = tuple(columns[item.area, item.role, name])
        fields.append(VariedField(item.area, item.role, name, values, item.significance, item.rank))
    return Variation(tuple(run.compared for run in runs), tuple(fields), tuple(cautions))
