"""TensorBoard event files: every scalar and text, with what was damaged told.

The Hugging Face callback stores the arguments as a text under `args/text_summary`.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from archiver.codecs import json_document, tf_hparams
from archiver.codecs.tfevents import EventScan, ScalarBatch, SessionMark, TextBatch
from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.claims import (
    AttemptMark,
    AttemptTrail,
    Claim,
    Evidence,
    EvidenceKind,
    Origin,
    Trust,
)
from archiver.model.points import PLACEHOLDER, Batch, SeriesSpec
from archiver.model.record import Accounting, Config, Step
from archiver.model.times import from_epoch
from archiver.model.values import Value
from archiver.producers.lightning_keys import HP_METRIC
from archiver.producers.tensorboard_files import (
    EVENT_NAME,
    FILES,
    FileName,
    attempt_of,
    family_of,
    file_name,
)
from archiver.producers.tensorboard_tags import METRICS, OVER_SAMPLES, series_of
from archiver.view import emptiness

_MAGIC = b"brain.Event:"
_ARGUMENTS = "args/text_summary"
_EVALUATED = ("lm loss validation", "lm loss validation ppl")
"""Tags under which Megatron also writes what it evaluates when training is over."""
_AFTER = (("evaluation", "after training"),)
_SUMMARY = "/text_summary"
_TEXTS_KEPT = 20_000
_ENOUGH = 20
"""Texts of one argument each, from which on they are taken for a program's arguments."""


@dataclass
class Events:
    """A scan still to be made, and what it finds out."""

    scan: EventScan
    name: FileName
    first_step: int | None = None
    first_time: float | None = None
    last_time: float | None = None
    last_step: int = 0
    arguments: dict[str, Value] = field(default_factory=dict)
    arguments_whole: bool = True
    texts: dict[str, Value] = field(default_factory=dict)
    """Argument -> its text, of trainers that write one text for each."""
    sessions: list[SessionMark] = field(default_factory=list)
    specs: dict[str, SeriesSpec] = field(default_factory=dict)
    """Tag -> its series, as it was understood when it was met first."""
    held: dict[str, ScalarBatch] = field(default_factory=dict)
    """Tag -> its points, of those that are parted at the end of the file."""


def detect(artifact: Artifact) -> Match:
    """The version event that every writer puts first, or a file cut before it."""
    head = artifact.head()
    if _MAGIC in head[:256]:
        return Match.YES
    return Match.DAMAGED if EVENT_NAME.match(artifact.name) else Match.NO


def parse(artifact: Artifact) -> Events:
    """A lazy scan of the file."""
    return Events(EventScan(artifact.chunks(), artifact.limits), file_name(artifact.name))


def to_reading(events: Events, artifact: Artifact, points: PointSink) -> Reading:
    """Points to the sink; the process as an attempt, its host and its times as claims."""
    index, opens_attempt = attempt_of(artifact)
    for item in events.scan:
        _take(events, artifact, item, index, points)
    for batch in events.held.values():
        for spec, part in _parted(events.specs[batch.tag], batch):
            _add(spec, part, artifact, index, points)
    tally = events.scan.tally
    frames = tally.frames
    flaws = [*frames.flaws, *tally.flaws]
    torn = frames.truncated_at is not None
    damaged = frames.corrupt + frames.oversized + frames.lost + torn
    reasons = {**frames.flaws.counts, **tally.flaws.counts}
    not_read = {
        f"{kind}-not-read": count
        for kind, count in tally.values.items()
        if kind not in ("number", "text")
    }
    return Reading(
        claims=tuple(_claims(events, artifact)),
        configs=_configs(events, artifact),
        steps=_steps(events, artifact),
        evidence=tuple(_evidence(events, artifact, index)),
        attempts=(_trail(events, artifact),) if opens_attempt else (),
        problems=(*artifact.problems(flaws), *emptiness(artifact)),
        accounting=Accounting(
            artifact.path,
            READER.kind,
            artifact.size,
            read=tally.events - tally.undecodable,
            dropped=tally.dropped + sum(not_read.values()),
            corrupt=damaged + tally.undecodable,
            reasons={**reasons, **not_read},
            scope=artifact.run.scope,
        ),
        extras=_extras(events),
    )


def _take(
    events: Events,
    artifact: Artifact,
    item: ScalarBatch | TextBatch | SessionMark,
    attempt: int,
    points: PointSink,
) -> None:
    if isinstance(item, SessionMark):
        events.sessions.append(item)
        return
    if isinstance(item, ScalarBatch) and item.tag == HP_METRIC:
        item = _without_placeholder(item, artifact, attempt, points)
    if not len(item.steps):
        return
    _note_extent(events, item)
    if isinstance(item, TextBatch):
        if item.tag == _ARGUMENTS and item.texts:
            _arguments(events, item.texts[-1], artifact)
        elif item.tag.endswith(_SUMMARY) and item.texts and len(events.texts) < _TEXTS_KEPT:
            events.texts[item.tag.removesuffix(_SUMMARY)] = item.texts[-1]
    if item.tag not in events.specs:
        events.specs[item.tag] = series_of(item, artifact, events.scan.tags)
    if isinstance(item, ScalarBatch) and item.tag in _EVALUATED:
        held = events.held.setdefault(item.tag, item)
        if held is not item:
            held.steps.extend(item.steps)
            held.values.extend(item.values)
            held.times.extend(item.times)
        return
    _add(events.specs[item.tag], item, artifact, attempt, points)


def _without_placeholder(
    item: ScalarBatch, artifact: Artifact, attempt: int, points: PointSink
) -> ScalarBatch:
    """The rest of a batch, once the placeholder in it has become a series of its own."""
    odd = [i for i, v in enumerate(item.values) if v == -1 and item.steps[i] == 0]
    if not odd:
        return item
    rest = [i for i in range(len(item.steps)) if i not in odd]
    held, left = (
        ScalarBatch(
            item.tag,
            item.dtype,
            array("q", [item.steps[i] for i in places]),
            array("d", [item.values[i] for i in places]),
            array("d", [item.times[i] for i in places]),
        )
        for places in (odd, rest)
    )
    spec = replace(series_of(held, artifact, ()), attributes=PLACEHOLDER)
    _add(spec, held, artifact, attempt, points)
    return left


def _add(
    spec: SeriesSpec,
    item: ScalarBatch | TextBatch,
    artifact: Artifact,
    attempt: int,
    points: PointSink,
) -> None:
    values = item.texts if isinstance(item, TextBatch) else item.values
    family = family_of(artifact)
    points.add(Batch(spec, artifact.path, item.steps, values, None, item.times, attempt, family))


def _parted(spec: SeriesSpec, item: ScalarBatch) -> Iterator[tuple[SeriesSpec, ScalarBatch]]:
    """Evaluations while training, and the two after it where all stand at the last step.

    They are written in this order: the periodic one, the validation set, the test set. Two at one
    step may be either pair and are left together.
    """
    if len(item.steps) < 3 or len({*item.steps[-3:]}) > 1 or item.steps[-4:-3] == item.steps[-1:]:
        yield spec, item
        return
    parts = ((spec, slice(None, -2)), ("val", slice(-2, -1)), ("test", slice(-1, None)))
    for which, place in parts:
        columns = item.steps[place], item.values[place], item.times[place]
        part = ScalarBatch(item.tag, item.dtype, *columns)
        if isinstance(which, SeriesSpec):
            yield which, part
        else:
            yield replace(spec, split=which, labels=(*spec.labels, *_AFTER)), part


def _note_extent(events: Events, item: ScalarBatch | TextBatch) -> None:
    if isinstance(item, ScalarBatch) and not item.tag.endswith(OVER_SAMPLES):
        first, last = min(item.steps), max(item.steps)
        events.first_step = first if events.first_step is None else min(first, events.first_step)
        events.last_step = max(last, events.last_step)
    times = [time for time in (item.times[0], item.times[-1]) if time == time]  # noqa: PLR0124
    for time in times:
        events.first_time = time if events.first_time is None else min(time, events.first_time)
        events.last_time = time if events.last_time is None else max(time, events.last_time)


def _arguments(events: Events, text: str, artifact: Artifact) -> None:
    document = json_document.parse(text.encode("utf-8", "replace"), artifact.limits)
    events.arguments = document.value if isinstance(document.value, dict) else {}
    events.arguments_whole = document.complete


def _configs(events: Events, artifact: Artifact) -> tuple[Config, ...]:
    """The Trainer's arguments, unless a file of the run holds them already."""
    if len(events.texts) >= _ENOUGH:
        # Megatron's arguments, as `str` prints them; its log holds them, too, if there is one.
        texts = Config(
            at=artifact.at(_SUMMARY[1:]),
            id=f"{artifact.path}!{_SUMMARY}",
            role="effective",
            format="text",
            values=events.texts,
            typed=False,
        )
        return (texts,)
    if not events.arguments or artifact.tree.named("args.json", "sft_args.json"):
        return ()
    config = Config(
        at=artifact.at(_ARGUMENTS),
        id=f"{artifact.path}!/{_ARGUMENTS}",
        role="effective",
        format="json",
        values=events.arguments,
        partial=not events.arguments_whole,
    )
    return (config,)


def _steps(events: Events, artifact: Artifact) -> tuple[Step, ...]:
    model = events.arguments.get("output_dir")
    outputs: dict[str, Value] = {"output_dir": model} if isinstance(model, str) else {}
    if not outputs:
        return ()
    return (Step(at=artifact.at(_ARGUMENTS), step_id="1", name="train", outputs=outputs),)


def _claims(events: Events, artifact: Artifact) -> Iterator[Claim]:
    place = artifact.at()
    if events.name.host:
        rule = "host-part-of-event-file-name"
        yield Claim(
            "summary.host", [events.name.host], place, Trust.HINT, Origin.DERIVED, rule, (place,)
        )
    start = from_epoch(events.first_time) if events.first_time is not None else None
    if start is not None:
        rule = "first-event-written"
        yield Claim(
            "summary.started_at", start.iso(), place, Trust.COPY, Origin.DERIVED, rule, (place,)
        )


def _trail(events: Events, artifact: Artifact) -> AttemptTrail:
    seconds = events.first_time if events.first_time is not None else events.name.seconds
    mark = AttemptMark(
        artifact.at(),
        started=from_epoch(seconds) if seconds is not None else None,
        ended=from_epoch(events.last_time) if events.last_time is not None else None,
        first_step=events.first_step,
        host=events.name.host,
    )
    return AttemptTrail(family_of(artifact), (mark,))


def _evidence(events: Events, artifact: Artifact, attempt: int) -> Iterator[Evidence]:
    family = family_of(artifact)
    if events.last_step:
        detail = f"last event at step {events.last_step}"
        yield Evidence(EvidenceKind.PROGRESS, detail, artifact.at(), family=family, attempt=attempt)
    frames = events.scan.tally.frames
    if frames.truncated_at is not None:
        detail = "the last record is torn"
        yield Evidence(EvidenceKind.DEATH, detail, artifact.at(), family=family, attempt=attempt)


def _extras(events: Events) -> dict[str, Value]:
    extras: dict[str, Value] = {}
    for info in events.scan.tags.values():
        if info.plugin == tf_hparams.PLUGIN:
            found = tf_hparams.decode(info.content)
            if found.values:
                extras["hparams"] = dict(found.values)
            if found.status:
                extras["hparams_status"] = found.status
    marks: Iterable[SessionMark] = events.sessions
    sessions: list[Value] = [{"word": mark.word, "step": mark.step} for mark in marks]
    if sessions:
        extras["sessions"] = sessions
    return extras


READER = Reader(
    name="tensorboard_events",
    kind="tensorboard.events",
    summary="TensorBoard event files, scalars in both encodings",
    select=files(FILES),
    detect=detect,
    parse=parse,
    map=to_reading,
    metrics=METRICS,
)
