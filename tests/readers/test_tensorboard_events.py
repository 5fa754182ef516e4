"""TensorBoard's event files: exact float32, every good record, processes told apart."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.model.claims import Origin, Trust
from archiver.producers import tensorboard_files
from archiver.producers.tensorboard_files import attempt_of


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("tensorboard_events", case)


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "tensorboard_events")


FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
DAMAGED = sorted(
    path for path in (FIXTURES / "damaged").iterdir() if path.name.startswith("tfevents-")
)


def number(text):
    """A value as the vendor's reader gave it."""
    return float(text)


def same(left, right):
    """Equal as floats; NaN is NaN."""
    return left == right or (math.isnan(left) and math.isnan(right))


def test_points_are_those_of_the_vendors_reader(bench, fixture_run):
    """File by file and tag by tag, what TensorBoard's EventAccumulator gives, to the last bit."""
    wanted = json.loads((fixture_run.parent / "expected.json").read_text("utf-8"))
    if "tfevents" not in wanted:
        pytest.skip("the vendor's reader was not asked about this run")
    run_dir = fixture_run.parent / wanted["run_dir"]
    found = bench.read("tensorboard_events", run_dir)
    assert set(found) == set(wanted["tfevents"])
    for path, tags in wanted["tfevents"].items():
        numbers = [batch for batch in found[path].batches if batch.spec.type == "number"]
        read = {}
        for batch in numbers:
            assert batch.path == path
            pairs = zip(batch.steps, batch.values, strict=True)
            read.setdefault(batch.spec.key, []).extend(pairs)
        assert set(read) == set(tags)
        for tag, points in tags.items():
            assert [step for step, _ in read[tag]] == [step for step, _ in points]
            values = zip(read[tag], points, strict=True)
            assert all(same(mine, number(theirs)) for (_, mine), (_, theirs) in values), tag


@pytest.mark.parametrize("folder", DAMAGED, ids=[path.name for path in DAMAGED])
def test_damage_costs_no_point_but_its_own(bench, folder):
    """The vendor's reader stops at the damage; here everything after it is read, too."""
    wanted = json.loads((folder / "expected.json").read_text("utf-8"))
    (found,) = bench.read("tensorboard_events", folder).values()
    points = [
        (step, value)
        for batch in found.batches
        if batch.spec.type == "number"
        for step, value in zip(batch.steps, batch.values, strict=True)
    ]
    theirs = [(step, float(value)) for step, value in wanted["points"]]
    assert points[: len(theirs)] == theirs
    damage = wanted["damage"]
    lost = [] if damage is None else [damage["record"]]
    total = 50 if wanted["points"] else 0
    assert [step for step, _ in points] == [n for n in range(1, total + 1) if n not in lost]
    assert found.reading.accounting.corrupt == len(lost)
    if damage is not None:
        places = [str(problem.at).rpartition("#")[2] for problem in found.reading.problems]
        assert places == [f"byte {damage['record_offset']}"]


def test_float32_is_widened_not_rounded(bench):
    """The double of the stored float32 and its rounding are told."""
    (found,) = bench.read("tensorboard_events", bench.input("tensorboard_events")).values()
    (batch,) = [b for b in found.batches if b.spec.key == "train/learning_rate"]
    assert batch.values[0] == 0.0012499999720603228
    assert batch.spec.relative_error == 2.0**-24


def test_second_file_of_a_process_is_no_resume(bench):
    """The Trainer opens another file for an evaluation after training."""
    home = bench.input("tensorboard_events", "two-files-of-one-process")
    found = bench.read("tensorboard_events", home)
    assert [len(item.marks) for item in found.values()] == [1, 0]


def test_process_without_points_is_an_attempt(bench):
    """88 bytes: it started, and wrote nothing."""
    home = bench.input("tensorboard_events", "header-only")
    (found,) = bench.read("tensorboard_events", home).values()
    (mark,) = found.marks
    assert (mark.first_step, mark.ended) == (None, None)
    assert mark.started.iso() == "2026-05-28T20:26:40+00:00"


def test_host_is_a_hint(bench):
    """A name of a file is the weakest thing a host can be known from."""
    home = bench.input("tensorboard_events", "header-only")
    (found,) = bench.read("tensorboard_events", home).values()
    (claim,) = found.reading.claims
    assert (claim.field, claim.value) == ("summary.host", ["trainhost"])
    assert (claim.trust, claim.origin) == (Trust.HINT, Origin.DERIVED)


@pytest.mark.parametrize("name", ["args.json", "sft_args.json"])
def test_arguments_count_only_where_no_file_holds_them(bench, tmp_path, name):
    """The text in the event file repeats the arguments' own file."""
    source = bench.input("tensorboard_events")
    (path,) = source.rglob("*tfevents*")
    bench.write(tmp_path, {f"runs/{path.name}": path.read_bytes()})
    (alone,) = bench.read("tensorboard_events", tmp_path).values()
    assert [config.role for config in alone.reading.configs] == ["effective"]
    bench.write(tmp_path, {name: "{}"})
    (beside,) = bench.read("tensorboard_events", tmp_path).values()
    assert beside.reading.configs == ()


def test_restarts_in_a_container_are_attempts(bench, tmp_path):
    """The same host and pid again, but the numbering of files begins again."""
    source = FIXTURES / "damaged" / "tfevents-header-only"
    (path,) = source.glob("*tfevents*")
    names = ["1780000000.pod.7.0", "1780000050.pod.7.1", "1780000100.pod.7.0", "1780000200.a.7.3"]
    bench.write(tmp_path, {f"events.out.tfevents.{name}": path.read_bytes() for name in names})
    found = bench.read("tensorboard_events", tmp_path)
    assert [len(item.marks) for item in found.values()] == [1, 0, 1, 1]


def test_curves_over_samples_have_an_axis_of_their_own(bench):
    """Megatron writes each curve twice; the second one is no curve over iterations."""
    (found,) = bench.read(
        "tensorboard_events", bench.input("tensorboard_events", "megatron")
    ).values()
    specs = {batch.spec.key: batch.spec for batch in found.batches}
    assert (specs["lm loss"].axis, specs["lm loss"].canonical) == ("step", "loss")
    over = specs["lm loss vs samples"]
    assert (over.axis, over.canonical, over.unit) == ("samples", None, "nat/token")
    assert specs["lm loss validation"].canonical == "eval_loss"
    assert found.reading.evidence[0].detail == "last event at step 4"


def test_evaluations_after_training_are_parted(bench):
    """Megatron writes them under the tag and step of the last periodic one."""
    home = bench.input("tensorboard_events", "megatron")
    (found,) = bench.read("tensorboard_events", home).values()
    after = (("evaluation", "after training"),)
    parts = {
        (batch.spec.split, batch.spec.labels): [*zip(batch.steps, batch.values, strict=True)]
        for batch in found.batches
        if batch.spec.key == "lm loss validation"
    }
    assert parts == {
        ("val", ()): [(2, 10.5), (4, 10.5)],
        ("val", after): [(4, 10.625)],
        ("test", after): [(4, 10.75)],
    }


def test_versions_of_one_run_are_its_starts(bench, tmp_path):
    """A logger's version directories side by side, each made by a process of its own."""
    source = FIXTURES / "damaged" / "tfevents-header-only"
    (path,) = source.glob("*tfevents*")
    name = "events.out.tfevents.1780000000.pod.7.0"
    homes = ["logs/version_2", "logs/version_10", "elsewhere/version_0"]
    bench.write(tmp_path, {f"{home}/{name}": path.read_bytes() for home in homes})
    found = bench.read("tensorboard_events", tmp_path)
    families = {item.artifact.directory: item.reading.attempts[0].family for item in found.values()}
    together = "logs/version_*/*tfevents*"
    assert families == {
        "logs/version_2": together,
        "logs/version_10": together,
        "elsewhere/version_0": "elsewhere/version_0/*tfevents*",
    }
    assert [attempt_of(found[f"{home}/{name}"].artifact) for home in homes] == [
        (0, True), (1, True), (0, True),
    ]  # fmt: skip


LIGHTNING = FIXTURES / "runs" / "lightning-plain" / "input"


def test_a_placeholder_is_no_result(bench):
    """-1 at step 0 stands for an `hp_metric` that nobody set; it is no first step either."""
    found = bench.read("tensorboard_events", LIGHTNING).values()
    odd = [batch for item in found for batch in item.batches if batch.spec.key == "hp_metric"]
    assert odd
    for batch in odd:
        placeholder = batch.spec.attributes == (("value", "placeholder"),)
        assert placeholder == (list(batch.values) == [-1.0] and list(batch.steps) == [0])
    firsts = [mark.first_step for item in found for mark in item.marks]
    assert firsts == [0, 12]


def test_lightning_counts_from_0(bench, tmp_path):
    """Its logger leaves the parameters beside the file; without them nobody knows who wrote it."""
    (path, *_) = sorted(LIGHTNING.rglob("*tfevents*"))
    for beside, wanted in (("hparams.yaml", True), ("other.yaml", False)):
        home = tmp_path / beside
        bench.write(home, {path.name: path.read_bytes(), beside: "{}"})
        (found,) = bench.read("tensorboard_events", home).values()
        told = {("first_step", "0") in batch.spec.attributes for batch in found.batches
                if batch.spec.canonical in ("loss", "eval_loss")}  # fmt: skip
        assert told == {wanted}


def test_names_of_a_directory_are_taken_apart_once(read, monkeypatch):
    """Every restart opens a file; which start each is of is told for all of them together."""
    taken = []
    apart = tensorboard_files.file_name
    monkeypatch.setattr(
        tensorboard_files, "file_name", lambda name: taken.append(name) or apart(name)
    )
    read({f"logs/events.out.tfevents.17000000{number:02}.h.1.0": "" for number in range(60)})
    assert len(taken) == 60
