"""A comparison as JSON; `schemas/diff.v1.json` describes it."""

from __future__ import annotations

import json
from dataclasses import asdict

from archiver.gitstate.history import History
from archiver.model.claims import Location
from archiver.model.differences import (
    Compared,
    Comparison,
    Difference,
    Missing,
    Side,
    Variation,
    VariedField,
)
from archiver.model.values import Value, to_json

_MISSING: Value = {"$type": "missing"}
"""A side that has nothing there; a literal `$type` of the data is escaped."""


def comparison(found: Comparison, history: History | None = None) -> str:
    """Two runs and every difference, whatever its significance."""
    document: dict[str, Value] = {
        "a": _run(found.a),
        "b": _run(found.b),
        "identical": found.identical,
        "differences": [_difference(item) for item in found.differences],
        "summary": dict(found.summary()),
        "cautions": list(found.cautions),
        "not_compared": dict(found.not_compared),
    }
    if history is not None:
        document["history"] = _history(history)
    return _text(document)


def variation(found: Variation) -> str:
    """More than two runs and the fields that vary among them."""
    return _text(
        {
            "runs": [_run(run) for run in found.runs],
            "fields": [_varied(item) for item in found.fields],
            "cautions": list(found.cautions),
        }
    )


def _text(document: Value) -> str:
    return json.dumps(document, indent=1, allow_nan=False) + "\n"


def _run(run: Compared) -> Value:
    return {
        "path": run.path,
        "run_id": run.run_id,
        "experiment": run.experiment,
        "producers": list(run.producers),
        "status": run.status,
    }


def _difference(item: Difference) -> Value:
    return {
        "area": item.area.value,
        "role": item.role,
        "field": item.field,
        "kind": item.kind.value,
        "a": _side(item.a),
        "b": _side(item.b),
        "from": item.from_ or None,
        "direction": item.direction.value or None,
        "significance": item.significance.value,
        "note": item.note or None,
        "at_a": _at(item.at_a),
        "at_b": _at(item.at_b),
    }


def _varied(item: VariedField) -> Value:
    return {
        "area": item.area.value,
        "role": item.role,
        "field": item.field,
        "values": [_side(side) for side in item.values],
        "significance": item.significance.value,
    }


def _side(side: Side) -> Value:
    return _MISSING if isinstance(side, Missing) else to_json(side)


def _at(at: Location | None) -> Value:
    return None if at is None else {"scope": at.scope, "path": at.path, "place": at.place}


def _history(found: History) -> Value:
    document: dict[str, Value] = asdict(found)
    document["relation"] = found.relation.value
    document["gained"] = [asdict(item) for item in found.gained]
    document["lost"] = [asdict(item) for item in found.lost]
    document["files"] = [
        {"path": item.path, "status": item.status, "from": item.from_ or None}
        for item in found.files
    ]
    document["notes"] = list(found.notes)
    return document
