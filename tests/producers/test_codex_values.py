"""Values as codex_ml writes them."""

from __future__ import annotations

import math

from archiver.model.values import Tagged
from archiver.producers.codex_values import instant, seconds, spelled, step_number


def test_seconds_of_stamps():
    """Numbers and zoned texts are seconds; what is no moment is NaN."""
    assert seconds(1795166102.5) == 1795166102.5
    assert seconds("2026-11-20T09:15:02.5Z") == 1795166102.5
    for odd in (None, True, "2026-11-20T09:15:02", "soon", -1, 1e300, math.nan, [], {}):
        assert math.isnan(seconds(odd))
    assert instant("2026-11-20T09:15:02") is None
    assert instant(math.nan) is None


def test_steps():
    """Integers, whole floats, texts of digits; nothing that a column cannot hold."""
    assert [step_number(value) for value in (3, 3.0, "3", "-3", "٣", 2**62, True, "")] == [
        3, 3, 3, -3, None, None, None, None,
    ]  # fmt: skip


def test_spelling():
    """Values that are no numbers stand as compact JSON, long integers as they were."""
    assert spelled({"a": [1, "ü"]}) == '{"a":[1,"ü"]}'
    assert spelled(10**400) == "1" + "0" * 400
    assert spelled(None) == "null"
    assert spelled([math.nan]) == '[{"$type":"float","value":"NaN"}]'
    assert spelled(Tagged("long-int", "12…")) == '{"$type":"long-int","value":"12…"}'
