"""TensorBoard event files without TensorBoard: every scalar and text, and an account of the rest.

The framing is `tfrecord`'s, the messages are `tf_event`'s. What makes a million scalars cheap:
the bytes between an event's step and its last four bytes (the float) are the same for all
scalars of a tag. Once such bytes were seen to mean "this tag, a float32 at the end", further
events are recognised by them and never parsed field by field.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from archiver.codecs import protobuf, tf_event
from archiver.codecs.flaws import Flaws
from archiver.codecs.tfrecord import FRAME_BYTES, Frames, FrameTally, Stretch
from archiver.limits import DEFAULT, KIB, Limits
from archiver.model.values import MAX_EXACT_INT

_FLUSH_POINTS = 64 * KIB
_TEMPLATE_BYTES = 1024
_MIN_PAYLOAD = 20
_PROBES = ((5.0, 3, 1.5), (7.0, 300, -33554432.0))
_CONTENT_BYTES = 4096 * KIB


_Takers: TypeAlias = "tuple[Callable[[int], None], bytearray, bytearray]"
"""Where the step, the four bytes of the value and the eight bytes of the time go."""


@dataclass(slots=True)
class TagInfo:
    """What the file says about one tag."""

    kind: str
    """Of its first value: `number`, `text`, `histogram`, `image`, `audio`, `tensor`, ..."""
    plugin: str = ""
    """`scalars`, `text`, `hparams`, ...; empty where the file names none."""
    display_name: str = ""
    description: str = ""
    content: bytes = b""
    """The plugin's own message (for `hparams` see `tf_hparams`)."""
    values: int = 0


class ScalarBatch(NamedTuple):
    """Points of one tag in file order."""

    tag: str
    dtype: str
    """Type the values were written in; `float32` values are the exact doubles of it."""
    steps: array[int]
    """`q`; 0 where none was written (the format leaves zeros out)."""
    values: array[float]
    """`d`."""
    times: array[float]
    """`d`, seconds since 1970; NaN where none was written."""


class TextBatch(NamedTuple):
    """Texts of one tag in file order."""

    tag: str
    steps: array[int]
    texts: list[str]
    """Elements of one string tensor are joined by line feeds."""
    times: array[float]


class SessionMark(NamedTuple):
    """A session log, or a file version after the first event, between the points around it.

    A writer that resumes with `purge_step` writes both at that step: points before the mark
    with an equal or greater step are void.
    """

    word: str
    """`start`, `stop`, `checkpoint`, `version`."""
    step: int
    time: float


Item: TypeAlias = "ScalarBatch | TextBatch | SessionMark"


@dataclass(slots=True)
class EventTally:
    """What became of every event and every summary value."""

    events: int = 0
    """Frames with right CRCs."""
    undecodable: int = 0
    """Events among them that are no `Event` message; what they hold is lost."""
    kinds: dict[str, int] = field(default_factory=dict)
    """Events by kind: `summary`, `file_version`, `session_log`, `graph_def`, ..."""
    values: dict[str, int] = field(default_factory=dict)
    """Summary values by kind: `number`, `text`, `histogram`, `image`, `tensor`, ..."""
    dropped: int = 0
    """Numbers and texts over the limits on tags and texts, and values not looked at."""
    version: str = ""
    """First file version, `brain.Event:2`."""
    frames: FrameTally = field(default_factory=FrameTally)
    flaws: Flaws = field(default_factory=Flaws)
    """Of messages; those of the framing are in `frames.flaws`."""


class _Scalars:
    """Points of one tag and type that wait to be handed out.

    Times and float32 values are collected as their little-endian bytes. The containers stay the
    same for the whole scan, so that the inner loop can hold them without looking them up.
    """

    __slots__ = ("dtype", "info", "numbers", "raw", "steps", "tag", "takers", "times")

    def __init__(self, tag: str, dtype: str, info: TagInfo) -> None:
        self.tag, self.dtype, self.info = tag, dtype, info
        self.steps: array[int] = array("q")
        self.times = bytearray()
        self.raw = bytearray()
        self.numbers: array[float] = array("d")
        self.takers: _Takers = (self.steps.append, self.raw, self.times)

    def batch(self) -> ScalarBatch:
        """Hand out the points and be empty again."""
        steps, times = self.steps[:], _from_little("d", self.times)
        values = array("d", _from_little("f", self.raw)) if self.raw else self.numbers[:]
        self.info.values += len(steps)
        for done in (self.steps, self.raw, self.times, self.numbers):
            del done[:]
        return ScalarBatch(self.tag, self.dtype, steps, values, times)


def _from_little(code: str, raw: bytearray) -> array[float]:
    numbers: array[float] = array(code)
    numbers.frombytes(raw)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


class EventScan:
    """The points of one event file. Iterate once; `tally` and `tags` are complete afterwards.

    Memory is bounded by the longest record and by the number of tags (`limits.series`).
    """

    def __init__(self, chunks: Iterable[bytes], limits: Limits = DEFAULT) -> None:
        self.tally = EventTally()
        self.tags: dict[str, TagInfo] = {}
        self._frames = Frames(chunks, limits)
        self.tally.frames = self._frames.tally
        self._limits = limits
        self._templates: dict[bytes, _Takers] = {}
        self._scalars: dict[tuple[str, str], _Scalars] = {}
        self._texts: dict[str, TextBatch] = {}
        self._plugins: dict[str, str] = {}
        self._waiting = 0
        self._content_room = _CONTENT_BYTES

    def __iter__(self) -> Iterator[Item]:
        """Batches and session marks; all points before a mark come before it."""
        for stretch in self._frames:
            for mark in self._read(stretch):
                yield from self._flush()
                yield mark
            if self._waiting >= _FLUSH_POINTS:
                yield from self._flush()
        yield from self._flush()

    def _read(self, stretch: Stretch) -> Iterator[SessionMark]:
        """Take the points of a stretch; marks are yielded where they stand among them."""
        known, quick, offset = self._templates.get, 0, stretch.offset
        payloads = stretch.payloads
        self.tally.events += len(payloads)
        for index, payload in enumerate(payloads):
            # wall_time (field 1, eight bytes), step (field 2, varint), rest: the usual layout
            if len(payload) >= _MIN_PAYLOAD and payload[0] == 0x09 and payload[9] == 0x10:
                step, rest = payload[10], 11
                if step >= 0x80:
                    step, rest = _step(payload)
                takers = known(payload[rest:-4])
                if takers is not None:
                    add_step, raw, times = takers
                    add_step(step)
                    raw += payload[-4:]
                    times += payload[1:9]
                    quick += 1
                    continue
            mark = self._general(payload, offset, payloads, index)
            if mark is not None:
                self._count_quick(quick)
                quick = 0
                yield mark
        self._count_quick(quick)

    def _count_quick(self, quick: int) -> None:
        if quick:
            self._waiting += quick
            _count(self.tally.kinds, "summary", quick)
            _count(self.tally.values, "number", quick)

    def _general(
        self, payload: bytes, offset: int, payloads: list[bytes], index: int
    ) -> SessionMark | None:
        """Take one event of any layout."""
        tally = self.tally
        try:
            event = tf_event.decode(payload, self._limits, self._plugins)
        except protobuf.WireError as error:
            tally.undecodable += 1
            if not tally.flaws.full("bad-message"):
                offset += sum(map(len, payloads[:index])) + FRAME_BYTES * index
            tally.flaws.add("bad-message", f"no Event message: {error}", f"byte {offset}")
            return None
        _count(tally.kinds, event.kind)
        for value in event.values:
            self._take(event, value)
        if event.unread:
            tally.dropped += event.unread
            _count(tally.values, "unread", event.unread)
            tally.flaws.add("value-limit", "too many values in one event", n=event.unread)
        if len(event.values) == 1 and event.values[0].dtype == "float32":
            self._learn(payload, event)
        if event.kind == "file_version":
            if tally.kinds == {"file_version": 1}:
                tally.version = event.word
                return None
            return SessionMark("version", event.step, event.time)
        if event.kind == "session_log":
            return SessionMark(event.word, event.step, event.time)
        return None

    def _take(self, event: tf_event.Event, value: tf_event.SummaryValue) -> None:
        _count(self.tally.values, value.kind)
        info = self._info(value)
        if info is None:
            self.tally.dropped += value.kind in {"number", "text"}
            return
        if value.kind == "number" and value.number is not None:
            self._take_number(event, value, info)
        elif value.kind == "text":
            self._take_text(event, value, info)
        else:
            info.values += 1

    def _info(self, value: tf_event.SummaryValue) -> TagInfo | None:
        """What is known of the value's tag; None when there are too many tags."""
        info = self.tags.get(value.tag)
        if info is None:
            if len(self.tags) >= self._limits.series:
                self.tally.flaws.add("tag-limit", f"more than {self._limits.series} tags")
                return None
            info = self.tags[value.tag] = TagInfo(value.kind)
        if value.metadata is not None and not info.plugin:
            info.plugin, content, info.display_name, info.description = value.metadata
            self._plugins[value.tag] = info.plugin
            self._templates.clear()  # what the tag's tensors mean may have changed
            if len(content) <= self._content_room:
                self._content_room -= len(content)
                info.content = content
        return info

    def _take_number(
        self, event: tf_event.Event, value: tf_event.SummaryValue, info: TagInfo
    ) -> None:
        number = value.number or 0.0
        if isinstance(number, int) and abs(number) > MAX_EXACT_INT:
            message = f"{value.tag}: an integer beyond 2^53 is rounded to a double"
            self.tally.flaws.add("big-integer", message)
        column = self._column(value.tag, value.dtype, info)
        column.steps.append(event.step)
        column.times += struct.pack("<d", event.time)
        if value.dtype == "float32":
            column.raw += struct.pack("<f", number)
        else:
            column.numbers.append(float(number))
        self._waiting += 1

    def _column(self, tag: str, dtype: str, info: TagInfo) -> _Scalars:
        column = self._scalars.get((tag, dtype))
        if column is None:
            column = self._scalars[tag, dtype] = _Scalars(tag, dtype, info)
        return column

    def _take_text(
        self, event: tf_event.Event, value: tf_event.SummaryValue, info: TagInfo
    ) -> None:
        info.values += 1
        if info.values > self._limits.text_points:
            self.tally.dropped += 1
            self.tally.flaws.add("text-limit", f"{value.tag}: more texts than the limit")
            return
        if value.cut:
            self.tally.flaws.add("text-cut", f"{value.tag}: a long text is cut")
        batch = self._texts.get(value.tag)
        if batch is None:
            batch = self._texts[value.tag] = TextBatch(value.tag, array("q"), [], array("d"))
        text = b"\n".join(value.texts)
        batch.steps.append(event.step)
        batch.texts.append(text.decode("utf-8", "replace"))
        batch.times.append(event.time)
        self._waiting += 1 + len(text) // 64

    def _learn(self, payload: bytes, event: tf_event.Event) -> None:
        """Remember the bytes between step and value, if they alone decide what an event means.

        Proof by trial: with other times, steps and last four bytes around them, these bytes read
        as the same event with exactly these other values; so they end with the number's key, and
        hold no second time, step or value.
        """
        if len(payload) < _MIN_PAYLOAD or payload[0] != 0x09 or payload[9] != 0x10:
            return
        _, rest = _step(payload)
        middle = payload[rest:-4]
        value = event.values[0]
        column = self._scalars.get((value.tag, value.dtype))
        if len(middle) > _TEMPLATE_BYTES or len(self._templates) >= self._limits.series:
            return
        if column is None or value.kind != "number" or value.metadata is not None:
            return
        for time, step, number in _PROBES:
            head = struct.pack("<BdB", 0x09, time, 0x10) + bytes(_varint(step))
            trial = head + middle + struct.pack("<f", number)
            values = [value._replace(number=number)]
            wanted = event._replace(time=time, step=step, values=values)
            if tf_event.decode(trial, self._limits, self._plugins) != wanted:
                return
        self._templates[middle] = column.takers

    def _flush(self) -> Iterator[Item]:
        self._waiting = 0
        for column in self._scalars.values():
            if column.steps:
                yield column.batch()
        texts, self._texts = self._texts, {}
        yield from texts.values()


def _step(payload: bytes) -> tuple[int, int]:
    """The step, which stands at byte 10, and where it ends."""
    first, second, third = payload[10:13]
    if first < 0x80:
        return first, 11
    if second < 0x80:
        return first & 0x7F | second << 7, 12
    if third < 0x80:
        return first & 0x7F | (second & 0x7F) << 7 | third << 14, 13
    try:
        value, rest = protobuf.varint(payload, 10)
    except protobuf.WireError:
        return 0, len(payload)
    return protobuf.signed(value), rest


def _varint(value: int) -> Iterator[int]:
    while value >= 0x80:
        yield value & 0x7F | 0x80
        value >>= 7
    yield value


def _count(counts: dict[str, int], key: str, n: int = 1) -> None:
    counts[key] = counts.get(key, 0) + n
