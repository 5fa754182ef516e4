"""Flat checkpoints: one payload and one side file per epoch."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("codex_flat_checkpoint", case)


@settings(max_examples=50)
@given(data=st.data())
def test_wrong_types_never_raise(bench, data):
    """Any value may be of any JSON type, any key may be missing."""
    bench.survives(data, "codex_flat_checkpoint")


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "codex_flat_checkpoint")


def test_payload_is_not_opened(bench):
    """It is a pickle."""
    found = bench.read("codex_flat_checkpoint", bench.input("codex_flat_checkpoint"))
    assert found["epoch-2.pt"].opened == ("epoch-2.meta.json",)
