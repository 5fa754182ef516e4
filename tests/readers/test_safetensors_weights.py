"""Safetensors: the header, checked, and nothing of the tensors."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("safetensors_weights", case)


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "safetensors_weights")


def test_metadata_are_texts(read_one):
    """Numbers arrive as such; what is no text is told."""
    head = json.dumps({"__metadata__": {"step": "12", "x": 1}}).encode()
    found = read_one("a.safetensors", len(head).to_bytes(8, "little") + head)
    assert found.reading.extras["metadata"] == {"step": "12"}
    assert found.codes == ["bad-metadata"]
