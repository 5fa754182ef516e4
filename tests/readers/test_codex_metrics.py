"""codex_ml metric streams: shards in order, every dialect, resumes, and every kind of damage."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

NAME = "codex_metrics"
SCHEMA = "https://codexml.ai/schemas/run_metrics.schema.json"


def row(step, value=1.0, metric="loss", split="train", **more):
    """One canonical row as JSON text."""
    base = {"$schema": SCHEMA, "schema_version": "v1", "timestamp": None, "run_id": "r"}
    full = {**base, "step": step, "split": split, "metric": metric, "value": value, **more}
    return json.dumps({key: item for key, item in full.items() if item is not ...}) + "\n"


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check(NAME, case)


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, NAME)
