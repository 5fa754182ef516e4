"""Derived fields: computed from recorded values, each by a named rule.

A rule never overrules what an artifact states; where both exist the derived value is kept as a
claim that lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from archiver.attempts import NO_ATTEMPTS, Attempts, RunAttempt
from archiver.model.claims import AttemptMark, Location, Origin
from archiver.model.record import Resolved, Series, Step
from archiver.model.times import Instant, parse_iso, seconds_between

_CUDA_TAG = re.compile(r"\+cu(\d{1,2})(\d)$")
_ACCELERATOR_TAG = re.compile(r"\+(cu|rocm)\d")

_GIBIBYTES: dict[str | None, float] = {None: 1, "GiB": 1, "GB": 1, "MiB": 1 / 1024, "B": 2.0**-30}
"""Unit of reported memory -> GiB; PyTorch's trainers write GB and mean 2^30 bytes."""


def derive(
    fields: Mapping[str, Resolved],
    attempts: Mapping[str | None, Attempts],
    training: str | None,
    series: Sequence[Series],
) -> dict[str, Resolved]:
    """The fields with every derivable one added, in name order.

    `attempts` are those of each step, `training` is the only step that trains.
    """
    found = dict(fields)
    marks = [mark for known in attempts.values() for item in known.all for mark in item.marks]
    _add(found, "summary.started_at", _started_at(marks))
    _add(found, "summary.finished_at", _finished_at(marks))
    _add(found, "summary.duration_sec", _duration(found))
    _add(found, "summary.cuda", _cuda(found.get("summary.torch")))
    _add(found, "resources.peak_vram_gb", _peak_vram(found, series))
    trained = attempts.get(training, NO_ATTEMPTS)
    if len(trained.all) > 1:
        _total_train_time(found, trained)
    return dict(sorted(found.items()))


def _add(fields: dict[str, Resolved], name: str, value: Resolved | None) -> None:
    if value is not None and name not in fields:
        fields[name] = value


def derived(
    value: object, rule: str, sources: Iterable[Location], note: str | None = None
) -> Resolved:
    """A derived value; its first source is also its place."""
    places = tuple(dict.fromkeys(sources))
    return Resolved(
        value,  # type: ignore[arg-type]
        Origin.DERIVED,
        places[0],
        "derive",
        rule,
        places,
        note,
    )


def _started_at(marks: Sequence[AttemptMark]) -> Resolved | None:
    """The first recorded start of an attempt, for runs whose start nobody stated."""
    starts = [mark.started for mark in marks if mark.started is not None]
    if not starts:
        return None
    pool = [start for start in starts if start.absolute] or starts
    first = min(pool, key=lambda instant: instant.micros)
    places = [mark.at for mark in marks if mark.started == first]
    return derived(first.iso(), "first-start-of-an-attempt", places)


def _finished_at(marks: Sequence[AttemptMark]) -> Resolved | None:
    """The last recorded event, for runs whose end nobody stated."""
    ends = [mark.ended for mark in marks if mark.ended is not None]
    if not ends:
        return None
    pool = [end for end in ends if end.absolute] or ends
    last = max(pool, key=lambda instant: instant.micros)
    places = [mark.ended_at or mark.at for mark in marks if mark.ended == last]
    return derived(last.iso(), "last-recorded-event", places)


def derive_from_steps(fields: Mapping[str, Resolved], steps: Sequence[Step]) -> dict[str, Resolved]:
    """The fields with those that a pipeline's steps add up to."""
    found = dict(fields)
    trained = [
        step
        for step in steps
        if step.name == "train" and step.training is not None and step.status != "skipped"
    ]
    times = [
        (float(step.training.duration_sec), step.sources.get("training.duration_sec"), step.at)
        for step in trained
        if step.training is not None and step.training.duration_sec is not None
    ]
    if len(times) == len(trained) and times:
        places = [source.at if source else at for _, source, at in times]
        total = derived(
            round(sum(time for time, _, _ in times), 6), "sum-of-training-steps", places
        )
        _add(found, "resources.train_time_sec", total)
    return dict(sorted(found.items()))


def _instant(resolved: Resolved | None) -> Instant | None:
    if resolved is None or not isinstance(resolved.value, str):
        return None
    return parse_iso(resolved.value)


def _duration(fields: Mapping[str, Resolved]) -> Resolved | None:
    start, end = fields.get("summary.started_at"), fields.get("summary.finished_at")
    first, last = _instant(start), _instant(end)
    if start is None or end is None or first is None or last is None:
        return None
    if not first.absolute and start.reader != end.reader:
        return None
    seconds = seconds_between(first, last)
    if seconds is None or seconds < 0:
        return None
    note = None if first.absolute else "local clock without a zone"
    return derived(round(seconds, 6), "finished-minus-started", (start.at, end.at), note)


def _cuda(torch: Resolved | None) -> Resolved | None:
    """CUDA version that a PyTorch build names in its local version tag (`+cu121`)."""
    if torch is None or not isinstance(torch.value, str):
        return None
    tag = _CUDA_TAG.search(torch.value)
    if tag is None:
        return None
    return derived(f"{tag[1]}.{tag[2]}", "cuda-tag-of-torch", (torch.at,))


def _accelerated(fields: Mapping[str, Resolved]) -> bool:
    """Whether the run recorded that it had an accelerator at all."""
    torch = fields.get("summary.torch")
    tagged = torch is not None and _ACCELERATOR_TAG.search(str(torch.value)) is not None
    return tagged or "summary.gpus" in fields or "summary.cuda_driver" in fields


def _peak_vram(fields: Mapping[str, Resolved], series: Sequence[Series]) -> Resolved | None:
    """Largest reported memory; only where it is known to be an accelerator's.

    ms-swift writes the same key for host memory when it trains on a CPU; others measure nothing
    but the device and say so.
    """
    accelerated = _accelerated(fields)
    peaks = [
        (item.max * _GIBIBYTES[item.unit], item)
        for item in series
        if item.attributes.get("memory") == "peak"
        and item.max is not None
        and item.unit in _GIBIBYTES
        and (accelerated or item.attributes.get("device") == "accelerator")
    ]
    if not peaks:
        return None
    value, best = max(peaks, key=lambda peak: peak[0])
    note = None
    if best.unit not in (None, "GiB"):
        rank = f" of rank {best.labels['rank']}" if "rank" in best.labels else ""
        as_of = f", last told at step {best.last_step}" if best.last_step is not None else ""
        note = f"{best.max} {best.unit}{rank}{as_of}"
    return derived(value, "largest-reported-memory", (best.at,), note)


def _ends(attempt: RunAttempt) -> list[Location]:
    """Where an attempt's first and last sign of life stand."""
    starts = [mark.at for mark in attempt.marks if mark.started == attempt.started]
    ends = [mark.ended_at or mark.at for mark in attempt.marks if mark.ended == attempt.ended]
    return [*starts[:1], *ends[:1]]


def _total_train_time(fields: dict[str, Resolved], attempts: Attempts) -> None:
    """Sum over attempts; a resumed trainer reports the time of its last process only."""
    spans = [
        seconds_between(attempt.started, attempt.ended)
        for attempt in attempts.all
        if attempt.started is not None and attempt.ended is not None
    ]
    reported = fields.get("resources.train_time_sec")
    known = [span for span in spans if span is not None and span >= 0]
    if len(known) == len(attempts.all):
        places = [place for attempt in attempts.all for place in _ends(attempt)]
        note = None
        if reported is not None:
            note = f"the last attempt alone reports {reported.value} s at {reported.at}"
        fields["resources.train_time_sec"] = derived(
            round(sum(known), 6), "sum-of-attempts", places, note
        )
    elif reported is not None:
        note = f"time of the last of {len(attempts.all)} attempts only"
        fields["resources.train_time_sec"] = replace(reported, note=note)
