"""Values that JSON holds, and those it does not."""

import json
import math

from hypothesis import given
from hypothesis import strategies as st

from archiver.model.values import Tagged, from_json, same, to_json

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats()
    | st.text(max_size=8)
    | st.builds(Tagged, st.sampled_from(["python/name", "bytes", "redacted"]), st.text(max_size=8))
)
KEYS = st.text(max_size=6) | st.sampled_from(["$type", "$$type", "type", "value"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_every_value_survives_strict_json(value):
    """Any value, written as strict JSON text and read back, is the same value."""
    text = json.dumps(to_json(value), allow_nan=False)
    assert same(from_json(json.loads(text)), value)


def test_long_integers_and_nonfinite_floats_are_spelled_out():
    """What a double cannot hold is text under `$type`."""
    assert to_json(2**53) == 2**53
    assert to_json(2**53 + 1) == {"$type": "int", "value": "9007199254740993"}
    assert to_json(-math.inf) == {"$type": "float", "value": "-Infinity"}


def test_a_literal_type_key_is_escaped():
    """A run's own `$type` key is not mistaken for ours."""
    assert to_json({"$type": "int", "value": "7"}) == {"$$type": "int", "value": "7"}
    assert from_json({"$$type": "int", "value": "7"}) == {"$type": "int", "value": "7"}


def test_same_tells_types_apart():
    """1, 1.0 and True are three values; NaN is one."""
    assert not same(1, 1.0)
    assert not same(1, True)
    assert not same({"a": 1}, {"a": True})
    assert same([math.nan], [math.nan])
