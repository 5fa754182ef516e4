"""Snapshots of the machine: units by place, GPUs by index."""

from __future__ import annotations

import pytest

from archiver.producers.codex_system import metric_of, samples


@pytest.mark.parametrize(
    ("key", "canonical", "unit"),
    [
        ("cpu_percent", "cpu_util", "%"),
        ("memory.used", "host_mem", "bytes"),
        ("memory.percent", "", "%"),
        ("swap.sin", "", "bytes"),
        ("process.memory_info.rss", "", "bytes"),
        ("process.cpu_percent", "", "%"),
        ("gpus.mem_used", "gpu_mem", "bytes"),
        ("gpu.gpus.util", "gpu_util", "%"),
        ("gpu0_util_pct", "", "%"),
        ("process_rss_gb", "", "GiB"),
        ("gpus.temp_c", "gpu_temp", "degC"),
        ("gpus.power_w", "gpu_power", "W"),
        ("cpu_count", "", None),
    ],
)
def test_units(key, canonical, unit):
    """The unit follows from where a number stands."""
    metric = metric_of(key)
    assert (metric.canonical, metric.unit) == (canonical, unit)


def test_gpus_are_told_apart_by_index():
    """`index`, the older `device`, or the place in the list."""
    row = {"gpus": [{"index": 3, "util": 1.0}, {"device": 4, "util": 2.0}, {"util": 3.0}]}
    assert [(s.labels, s.value) for s in samples(row)] == [
        ((("gpu", "3"),), 1.0),
        ((("gpu", "4"),), 2.0),
        ((("gpu", "2"),), 3.0),
    ]


def test_what_was_not_measured_is_no_zero():
    """Nulls, truth values and texts are passed over, however deep."""
    row = {"ts": 1.0, "memory": None, "gpus": None, "load_avg": [None, "x"], "ok": True}
    assert list(samples(row)) == []


def test_nesting_is_bounded():
    """An object within objects without end is left."""
    row: dict = {"a": 1.0}
    for _ in range(50):
        row = {"a": row}
    assert list(samples(row)) == []
