"""Derived fields and their rules."""

from dataclasses import replace

import pytest

from archiver import attempts
from archiver.derive import derive as derive_all
from archiver.derive import derive_from_steps
from archiver.model.claims import AttemptMark, AttemptTrail, Location, Origin
from archiver.model.record import Resolved, Series, Step, Training
from archiver.model.times import Instant, parse_iso

AT = Location("run_metadata.json", "/x")
NOBODY = attempts.join([])


def derive(fields, trained, series):
    """The fields of a run of one training step."""
    return derive_all(fields, {"1": trained}, "1", series)


def recorded(value, reader="r"):
    return Resolved(value, Origin.RECORDED, AT, reader)


def instant(text) -> Instant:
    moment = parse_iso(text)
    assert moment is not None
    return moment


def told(*spans):
    marks = tuple(AttemptMark(AT, instant(start), instant(end)) for start, end in spans)
    return attempts.join([AttemptTrail("beat", marks)])


@pytest.mark.parametrize(
    ("torch", "cuda"),
    [
        ("2.5.1+cu121", "12.1"),
        ("2.9.0+cu130", "13.0"),
        ("1.9.0+cu92", "9.2"),
        ("2.13.0+cpu", None),
        ("2.5.1", None),
    ],
)
def test_cuda_comes_from_the_tag_of_torch(torch, cuda):
    """Only a build that names its CUDA version tells one."""
    fields = derive({"summary.torch": recorded(torch)}, NOBODY, ())
    found = fields.get("summary.cuda")
    assert (found.value if found else None) == cuda
    assert found is None or (found.origin, found.rule) == (Origin.DERIVED, "cuda-tag-of-torch")


def test_a_dead_run_ends_at_its_last_event():
    """Nobody stated an end; the last sign of life is one, and says so."""
    fields = derive(
        {"summary.started_at": recorded("2026-01-01T00:00:00+00:00")},
        told(("2026-01-01T00:00:00+00:00", "2026-01-01T00:01:30+00:00")),
        (),
    )
    assert fields["summary.finished_at"].rule == "last-recorded-event"
    assert fields["summary.duration_sec"].value == 90.0


def test_a_recorded_end_is_not_replaced():
    """A rule never overrules an artifact."""
    fields = derive(
        {"summary.finished_at": recorded("2026-01-01T09:00:00+00:00")},
        told(("2026-01-01T00:00:00+00:00", "2026-01-01T00:01:30+00:00")),
        (),
    )
    assert fields["summary.finished_at"].origin is Origin.RECORDED


def test_no_duration_between_two_clocks():
    """A zoned start and a local end give no number of seconds."""
    fields = derive(
        {
            "summary.started_at": recorded("2026-01-01T00:00:00+00:00"),
            "summary.finished_at": recorded("2026-01-01T10:00:00"),
        },
        NOBODY,
        (),
    )
    assert "summary.duration_sec" not in fields


def test_no_negative_duration():
    """Clocks that went backwards are a contradiction, not a duration."""
    fields = derive(
        {
            "summary.started_at": recorded("2026-01-02T00:00:00+00:00"),
            "summary.finished_at": recorded("2026-01-01T00:00:00+00:00"),
        },
        NOBODY,
        (),
    )
    assert "summary.duration_sec" not in fields


MEMORY = Series(
    at=AT, key="memory(GiB)", source="log", attributes={"memory": "peak"}, points=2, max=71.5
)


@pytest.mark.parametrize(
    ("fields", "peak"),
    [
        ({}, None),
        ({"summary.torch": recorded("2.13.0+cpu")}, None),
        ({"summary.torch": recorded("2.5.1+cu121")}, 71.5),
        ({"summary.gpus": recorded(["H100 x 8"])}, 71.5),
    ],
)
def test_memory_is_video_memory_only_where_an_accelerator_is_recorded(fields, peak):
    """The same key is host memory when training ran on a CPU."""
    found = derive(fields, NOBODY, (MEMORY,)).get("resources.peak_vram_gb")
    assert (found.value if found else None) == peak


def test_train_time_of_a_resumed_run_is_the_sum_of_its_attempts():
    """The trainer reports its last process alone; the note keeps what it said."""
    joined = told(
        ("2026-01-01T00:00:00+00:00", "2026-01-01T00:00:10+00:00"),
        ("2026-01-01T01:00:00+00:00", "2026-01-01T01:00:05+00:00"),
    )
    found = derive({"resources.train_time_sec": recorded(5.17)}, joined, ())[
        "resources.train_time_sec"
    ]
    assert (found.value, found.rule) == (15.0, "sum-of-attempts")
    assert "5.17" in (found.note or "")


def test_memory_of_a_device_needs_no_other_record():
    """A source that measures nothing else says so; MiB become GiB, and the note keeps them."""
    ranks = tuple(
        Series(
            at=AT, key="max allocated", source="log", unit="MiB", labels={"rank": rank}, points=1,
            attributes={"memory": "peak", "device": "accelerator"}, max=peak, last_step=10,
        )
        for rank, peak in (("0", 2048.0), ("1", 3072.0))
    )  # fmt: skip
    found = derive({}, NOBODY, ranks)["resources.peak_vram_gb"]
    assert (found.value, found.rule) == (3.0, "largest-reported-memory")
    assert found.note == "3072.0 MiB of rank 1, last told at step 10"


def test_memory_of_an_unknown_unit_is_not_converted():
    """A number of pages is no number of GiB."""
    pages = Series(
        at=AT, key="m", source="log", unit="pages", points=1, max=5.0,
        attributes={"memory": "peak", "device": "accelerator"},
    )  # fmt: skip
    assert "resources.peak_vram_gb" not in derive({}, NOBODY, (pages,))


def test_a_run_starts_with_its_first_attempt():
    """Where no artifact exists to state it."""
    fields = derive({}, told(("2026-01-01T00:00:00", "2026-01-01T00:01:00")), ())
    assert fields["summary.started_at"].value == "2026-01-01T00:00:00"
    assert fields["summary.started_at"].rule == "first-start-of-an-attempt"


def test_a_skipped_training_adds_no_time():
    """The others of a pipeline still add up; one that ran without a known time hides the sum."""
    ran = Step(at=AT, step_id="1", name="train", training=Training(duration_sec=146.0))
    skipped = Step(at=AT, step_id="2", name="train", status="skipped", training=Training())
    total = derive_from_steps({}, [ran, skipped])["resources.train_time_sec"]
    assert (total.value, total.rule) == (146.0, "sum-of-training-steps")
    untimed = replace(skipped, status="success")
    assert derive_from_steps({}, [ran, untimed]) == {}
