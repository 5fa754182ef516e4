"""Rows of nobody's: any keys, an axis among them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("generic_rows", case)


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "generic_rows")


@settings(max_examples=50)
@given(data=st.data())
def test_wrong_types_never_raise(bench, data):
    """Any value may be of any JSON type, any key may be missing."""
    bench.survives(data, "generic_rows")


def test_steps_and_epochs_are_axes_of_their_own(read_one):
    """A row that only has an epoch does not land among the steps."""
    found = read_one("log.jsonl", '{"step": 1, "loss": 0.5}\n{"epoch": 1, "loss": 0.25}\n')
    placed = {batch.spec.axis: list(batch.values) for batch in found.batches}
    assert placed == {"step": [0.5], "epoch": [0.25]}
