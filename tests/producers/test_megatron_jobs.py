"""What iteration lines cover, and the figures that follow from them."""

from __future__ import annotations

import math

import pytest

from archiver.model.times import parse_iso
from archiver.producers import megatron_jobs as jobs
from archiver.producers.megatron_jobs import Job


def job(*rows, **known):
    """Rows of iteration, milliseconds and samples."""
    made = Job(1, **known)
    for line, (iteration, milliseconds, samples) in enumerate(rows, 10):
        made.lines.append(line)
        made.iterations.append(iteration)
        made.milliseconds.append(milliseconds)
        made.samples.append(samples)
        made.tokens.append(math.nan)
    return made


def covered(*all_jobs):
    return [(item.start, item.end) for item in jobs.stretches(all_jobs)]


def test_lines_are_weighted_with_what_they_cover():
    """Ten iterations count ten times."""
    found = jobs.step_time([job((10, 1000, 80), (20, 500, 160), (22, 500, 176), resume=0)])
    assert found.value == pytest.approx((10 * 1 + 10 * 0.5 + 2 * 0.5) / 22)
    assert found.note == "0.5 s without the first line, which includes the start-up"


@pytest.mark.parametrize("known", [{"resume": 0, "log_interval": 20}, {}])
def test_first_iteration_out_of_turn_is_covered_again(known):
    """Since core 0.16 it is printed whatever the interval; the next mean includes it."""
    measured = job((1, 20000, 64), (20, 4000, 1280), (40, 3000, 2560), **known)
    assert covered(measured) == [(0, 20), (20, 40)]


def test_resumed_job_begins_where_it_went_on():
    """Its first line covers what it did itself."""
    assert covered(job((60, 1, 480), (80, 1, 640), resume=50, log_interval=20)) == [
        (50, 60), (60, 80),
    ]  # fmt: skip


def test_unknown_start_is_one_interval_before():
    """Nothing says where it went on."""
    assert covered(job((60, 1, 480), (80, 1, 640))) == [(40, 60), (60, 80)]


def test_later_job_wins():
    """Iterations that were done again count once, as the later job did them."""
    first = job((10, 1, 80), (20, 1, 160), (30, 1, 240), resume=0)
    second = job((30, 2, 240), (40, 2, 320), resume=20)
    assert covered(first, second) == [(0, 10), (10, 20), (20, 30), (30, 40)]
    assert jobs.step_time([first, second]).value == pytest.approx(0.0015)


def test_repeated_line_counts_once():
    """Two ranks may print the same."""
    assert covered(job((10, 1, 80), (10, 1, 80), (20, 1, 160), resume=0)) == [(0, 10), (10, 20)]


def test_throughput_counts_consumed_samples():
    """The batch may have been ramped up."""
    measured = job((10, 100, 80), (20, 100, 240), resume=0)
    found = jobs.throughput([measured], 512)
    assert found.value == pytest.approx(240 * 512 / 2)
    assert found.rule == "consumed-samples-times-seq-length-per-iteration-time"
    assert jobs.throughput([measured], None) is None


def test_first_stretch_of_a_resumed_job_has_no_samples():
    """How many were consumed before it is not told."""
    measured = job((30, 1000, 300), (40, 1000, 400), resume=20)
    assert jobs.throughput([measured], 10).value == pytest.approx(100 * 10 / 10)


def test_consumed_tokens_are_preferred():
    """They are counted, not computed."""
    measured = job((10, 100, 80), (20, 100, 160), resume=0)
    measured.tokens[0], measured.tokens[1] = 1000.0, 3000.0
    found = jobs.throughput([measured], 512)
    assert (found.value, found.rule) == (1500.0, "consumed-tokens-per-iteration-time")


def test_duration_of_stamps_or_of_iterations():
    """Without stamps it is that of the iterations alone, and says so."""
    bare = job((10, 100, 80), resume=0)
    assert jobs.duration([bare]).note == "training iterations only"
    assert jobs.duration([bare]).value == 1.0
    bare.seen(parse_iso("2026-01-01 10:00:00"), 5)
    bare.seen(parse_iso("2026-01-01 10:01:40"), 9)
    assert (jobs.duration([bare]).value, jobs.duration([bare]).last_line) == (100.0, 9)


def test_clock_that_goes_back_gives_no_duration():
    """Summer time ends, or somebody set the clock."""
    measured = job((10, 100, 80), resume=0)
    measured.seen(parse_iso("2026-10-25 02:59:00"), 5)
    measured.seen(parse_iso("2026-10-25 02:10:00"), 9)
    assert measured.went_back
    assert jobs.duration([measured]) is None


def test_nothing_is_derived_of_nothing():
    """No line, no figure."""
    assert (jobs.step_time([Job(1)]), jobs.throughput([Job(1)], 8), jobs.duration([Job(1)])) == (
        None, None, None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([("10:00", "10:30"), ("10:30", "11:00")], [0, 1]),
        ([("12:00", "12:30"), ("10:30", "11:00")], [1, 0]),
        ([("10:00", "10:31"), ("10:30", "11:00")], None),
        ([("10:00", "10:30"), (None, None)], None),
    ],
)
def test_order_of_logs(spans, expected):
    """One after the other on one clock, or not at all."""
    sketches = []
    for first, last in spans:
        stamps = [f" [2026-03-01 {text}:00] x\n" for text in (first, last) if text]
        text = f"  save {'.' * 44} /w/ck\n{''.join(stamps)}".encode()
        sketches.append(jobs.Sketch.of(text, text))
    assert jobs.order(sketches) == expected
