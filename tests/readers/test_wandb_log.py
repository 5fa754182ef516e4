"""W&B's log: history by the program's own steps, configuration in order, and how it ended."""

from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


def varint(value: int) -> bytes:
    """A varint."""
    value &= 2**64 - 1
    out = b""
    while value >= 128:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def text(field: int, value: str | bytes) -> bytes:
    """A text or message field."""
    data = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(data)) + data


def whole(field: int, value: int) -> bytes:
    """A varint field."""
    return varint(field << 3) + varint(value)


def item(key: str | tuple[str, ...], raw: str) -> bytes:
    """A changed value: `key` before 0.19, nested keys since."""
    named = text(1, key) if isinstance(key, str) else b"".join(text(2, part) for part in key)
    return named + text(16, raw)


def record(kind: int, *parts: bytes) -> bytes:
    """A record of one kind."""
    return text(kind, b"".join(parts))


def row(at: int, **values: str) -> bytes:
    """A history row in the form of 0.12."""
    own = {"_step": str(at), "_timestamp": str(1647286500 + at), **values}
    items = (text(1, item(key.replace("__", "/"), raw)) for key, raw in own.items())
    return record(2, *items, text(2, whole(1, at)))


def written(*records: bytes) -> bytes:
    """A log of whole records in one block."""
    out = b":W&B\xe1\xbe\x00"
    for data in records:
        out += struct.pack("<IHB", zlib.crc32(b"\x01" + data), len(data), 1) + data
    return out


RUN = record(17, text(1, "abc"), text(3, "project"), text(17, whole(1, 1647286473)))
EXIT = record(18, whole(2, 30))


@pytest.fixture
def read_log(read_one):
    """Write a log of records and read it."""
    return lambda *records: read_one("run-abc.wandb", written(*records))


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("wandb_log", case)


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "wandb_log")


@settings(max_examples=200)
@given(st.lists(st.binary(max_size=80), max_size=5), st.sampled_from([2, 3, 5, 7, 17, 18, 26]))
def test_any_message_in_a_good_frame(bench, tmp_path_factory, bodies, kind):
    """Frames may be right and what they hold be anything."""
    place = tmp_path_factory.mktemp("log")
    bench.write(place, {"run-abc.wandb": written(RUN, *(text(kind, body) for body in bodies))})
    bench.read("wandb_log", place)


def test_history_by_key_of_old_releases(read_log):
    """Until 0.16 items carry `key`; the program's own `step` is preferred to `_step`."""
    found = read_log(
        RUN, row(0, train__loss="2.5", step="10"), row(1, train__loss="2.25", step="20"), EXIT
    )
    assert found.points("train/loss") == [[10, 2.5], [20, 2.25]]
    assert found.points("step", None) == [[0, 10.0], [1, 20.0]]
    assert found.kinds == ["progress", "end-marker"]
    assert list(found.batches[0].times) == [1647286500.0, 1647286501.0]


def test_step_that_some_rows_lack_is_no_axis(read_log):
    """Where a row of the metric has no `step`, all of it stands on `_step`."""
    found = read_log(RUN, row(0, loss="2.5", step="10"), row(1, loss="2.25"), row(2, step="30"))
    assert found.points("loss") == [[0, 2.5], [1, 2.25]]
    assert dict(found.batches[0].spec.attributes)["step_counter"] == "_step"


def test_sparse_keys(read_log):
    """A row holds what was logged, nothing is filled in."""
    found = read_log(RUN, row(0, loss="2.5"), row(1, eval__loss="3"), row(2, loss="2"))
    assert found.points("loss") == [[0, 2.5], [2, 2.0]]
    assert found.points("eval/loss", "eval") == [[1, 3.0]]


def test_number_forms(read_log):
    """NaN, Infinity, 0.00005 and 1.79e+09 are numbers; anything else is counted."""
    forms = ["NaN", "-Infinity", "0.00005", "1.79e+09", "true", "null", '"x"', "[1]", "1" * 400]
    found = read_log(RUN, *(row(step, x=form) for step, form in enumerate(forms)))
    points = found.points("x", None)
    assert points[:4] == [[0, "NaN"], [1, "-Infinity"], [2, 5e-05], [3, 1.79e9]]
    assert len(points) == 4
    (batch,) = found.batches
    assert batch.non_numeric == 5


def test_typed_values_of_newer_writers(read_log):
    """History values may be typed fields instead of JSON."""
    values = (
        text(1, "d") + varint(6 << 3 | 1) + struct.pack("<d", 1.5),
        text(1, "i") + whole(5, 7),
        text(1, "n") + whole(3, 0),
        text(1, "t") + text(7, "word"),
    )
    found = read_log(RUN, record(2, *(text(1, value) for value in values), text(2, whole(1, 3))))
    assert found.points("d", None) == [[3, 1.5]]
    assert found.points("i", None) == [[3, -4.0]]
    assert found.reading.extras["values_without_number"] == {"n": 1, "t": 1}


def test_configuration_is_applied_in_order(read_log):
    """Updates replace, nested keys reach in, removals take away."""
    start = record(17, text(1, "abc"), text(4, text(1, item("lr", "1")) + text(1, item("a", "{}"))))
    later = record(
        5, text(1, item("lr", "0.00005")), text(1, item(("a", "b"), "2")), text(2, item("x", ""))
    )
    gone = record(5, text(1, item("x", "3")), text(2, item(("a", "c"), "")))
    (config,) = read_log(start, gone, later).reading.configs
    assert config.values == {"lr": 5e-05, "a": {"b": 2}}


def test_config_record_without_a_value_is_null(read_log):
    """A value that is left out is none."""
    (config,) = read_log(RUN, record(5, text(1, text(1, "k")))).reading.configs
    assert config.values == {"k": None}


def test_name_with_a_slash_is_one_key(read_log):
    """One nested key may hold slashes; several are a path."""
    values = text(1, item(("a/b",), "1")) + text(1, item(("c", "d"), "2"))
    found = read_log(RUN, record(2, values))
    assert found.series() == {"a/b|", "c.d|"}


def test_exit_codes(read_log):
    """0 is left out by the format; 255 is Ctrl-C; another one is a failure; none is no end."""
    ends = {0: "end-marker", 1: "failure", 137: "failure", 255: "interruption"}
    for code, kind in ends.items():
        found = read_log(RUN, record(18, whole(1, code) if code else b""))
        assert found.kinds == [kind], code
        assert found.marks[0].exit_code == code
    assert read_log(RUN).kinds == ["running-word"]


def test_traceback_at_the_end_of_the_output(read_log):
    """Printed by a run without an exit record, it is why it ended; caught ones are not."""
    error = "Traceback (most recent call last):\n  File x\nKeyError: 'a'\n"
    lines = [record(13, text(3, error)), record(13, text(3, "going on\n"))]
    found = read_log(RUN, lines[0])
    assert found.kinds == ["failure", "running-word"]
    assert found.reading.steps[0].error == "KeyError: 'a'"
    assert found.reading.steps[0].error_stack == error.strip()
    assert read_log(RUN, *lines).kinds == ["running-word"]
    assert read_log(RUN, lines[0], EXIT).kinds == ["end-marker"]


def test_statistics_have_times_and_labels(read_log):
    """System figures: a label per GPU, units where they are known, nested ones by dotted names."""
    values = {"gpu.1.gpu": "11.6", "cpu": "3.3", "network": '{"sent": 5}', "odd": '"x"'}
    items = (text(3, item(key, raw)) for key, raw in values.items())
    found = read_log(RUN, record(7, text(2, whole(1, 100) + whole(2, 500_000_000)), *items))
    by_key = {batch.spec.key: batch for batch in found.batches}
    assert set(by_key) == {"gpu.1.gpu", "cpu", "network.sent"}
    spec = by_key["gpu.1.gpu"].spec
    assert (spec.canonical, spec.labels, spec.unit) == ("gpu_util", (("gpu", "1"),), "%")
    assert (spec.axis, list(by_key["cpu"].times)) == ("time", [100.5])
    assert found.reading.accounting.reasons == {"values-without-number": 1}


@pytest.mark.parametrize(
    ("key", "unit"),
    [
        ("disk", "%"), ("memory", "%"), ("memory_percent", "%"), ("gpu.0.memory", "%"),
        ("gpu.0.powerPercent", "%"), ("gpu.0.powerWatts", "W"), ("gpu.0.temp", "degC"),
        ("cpu.0.cpu_percent", "%"), ("disk./.usagePercent", "%"), ("disk./.usageGB", "GB"),
        ("proc.memory.rssMB", "MB"), ("proc.memory.availableMB", "MB"),
        ("proc.memory.percent", "%"), ("network.sent", "bytes"), ("proc.cpu.threads", None),
        ("disk.vda.in", None),
    ],
)  # fmt: skip
def test_units_of_system_figures(read_log, key, unit):
    """Names tell them, or the figure has always had one; nothing is guessed for the rest."""
    found = read_log(RUN, record(7, text(2, whole(1, 100)), text(3, item(key, "1.5"))))
    assert [(batch.spec.key, batch.spec.unit) for batch in found.batches] == [(key, unit)]


def test_environment_in_parts(read_log):
    """A writer spreads its facts over records; the GPUs are counted."""
    cards = text(24, text(1, "NVIDIA H100")) * 2
    found = read_log(
        RUN,
        record(26, text(1, "Linux"), text(2, "CPython 3.11.7"), text(12, "node-1"), text(13, "me")),
        record(26, cards, text(25, "12.4"), text(6, "train.py"), text(5, "--lr"), text(5, "1 2")),
        record(26, text(9, text(1, "https://example.invalid/g/code.git") + text(2, "a" * 40))),
    )
    claims = found.claims
    assert claims["summary.gpus"] == ["NVIDIA H100 x 2"]
    assert claims["summary.python"] == "3.11.7"
    assert claims["summary.host"] == ["node-1"]
    assert claims["repro.run"] == "train.py --lr '1 2'"
    assert claims["summary.git_commit"] == "a" * 40
    assert "summary.cuda" not in claims
    assert found.reading.repositories[0].name == "code"


def test_resumed_run(read_log):
    """The number of log calls before the resume is kept; it is no training step."""
    start = record(17, text(1, "abc"), whole(14, 50), whole(18, 1))
    found = read_log(start, row(50, loss="1"))
    assert found.reading.extras["resumed_at_log_call"] == 50
    assert found.marks[0].first_step == 50
    assert found.marks[0].resume_step is None


def test_declared_epoch_is_the_axis(read_log):
    """`define_metric` with an epoch gives an epoch axis; a pattern ends in a star."""
    declared = record(12, text(2, "val/*"), text(4, "epoch"))
    found = read_log(
        RUN, declared, row(0, val__loss="3", epoch="1"), row(1, val__loss="2", epoch="2")
    )
    batch = next(b for b in found.batches if b.spec.key == "val/loss")
    assert (batch.spec.axis, list(batch.epochs), list(batch.steps)) == ("epoch", [1.0, 2.0], [0, 1])


def test_undecodable_record_is_counted(read_log):
    """A frame that holds no message costs that record and nothing else."""
    found = read_log(RUN, b"\xff\xff\xff", row(0, loss="1"), EXIT)
    assert found.points("loss") == [[0, 1.0]]
    assert (found.codes, found.reading.accounting.corrupt) == (["undecodable-record"], 1)
    assert found.reading.accounting.read == 3


def test_epoch_beside_a_metric(read_log):
    """An `epoch` in the row goes with its points."""
    found = read_log(RUN, row(0, loss="1", epoch="0.5"))
    batch = next(b for b in found.batches if b.spec.key == "loss")
    assert list(batch.epochs) == [0.5]


def test_row_without_position(read_log):
    """A row with neither `_step` nor a time stands at no step."""
    found = read_log(RUN, record(2, text(1, item("a", "1"))))
    assert found.points("a", None) == [[None, 1.0]]
    assert found.batches[0].times is None
