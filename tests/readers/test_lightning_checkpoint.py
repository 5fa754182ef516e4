"""Lightning's checkpoints: read as data, the best one told by the last one, nothing unpickled."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.model.record import Related

FIRST = "checkpoints/epoch=02-step=15-val_loss/dataloader_idx_0=0.432.ckpt"
SECOND = "checkpoints/epoch=02-step=18-val_loss/dataloader_idx_0=0.404.ckpt"


def content(bench, case, path):
    """The bytes of a fixture."""
    return (bench.input("lightning_checkpoint", case) / path).read_bytes()


def text(value):
    """A pickled text of protocol 2."""
    data = value.encode()
    return b"X" + len(data).to_bytes(4, "little") + data


def mapping(**pairs):
    """A pickled dictionary; values are pickled already."""
    inner = b"".join(text(key.replace("__", "-")) + value for key, value in pairs.items())
    return b"}(" + inner + b"u"


def checkpoint(**more):
    """A ZIP as torch writes it, with a pickle put together by hand."""
    version = text("pytorch-lightning_version") + text("1.0.0")
    body = mapping(epoch=b"K\x02", global_step=b"K\x09", **more)[:-1] + version + b"u"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("archive/data.pkl", b"\x80\x02" + body + b".")
        file.writestr("archive/pad", bytes(5000))
    return out.getvalue()


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("lightning_checkpoint", case)


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "lightning_checkpoint")


def test_a_link_tags_its_target(bench, read, tmp_path):
    """`last.ckpt` is a relative link with a sub-directory in it; it is not followed, but read."""
    link = tmp_path / "checkpoints" / "last.ckpt"
    link.parent.mkdir()
    link.symlink_to("epoch=02-step=18-val_loss/dataloader_idx_0=0.404.ckpt")
    files = {path: content(bench, "resumed", path) for path in (FIRST, SECOND)}
    found = read(files)
    assert sorted(found) == [FIRST, SECOND]
    assert found[SECOND].reading.checkpoints[0].tags == ("last",)
    assert found[FIRST].reading.checkpoints[0].tags == ()


def test_a_dangling_link_is_no_checkpoint(bench, read, tmp_path):
    """What it names is not there; the inventory lists it."""
    (tmp_path / "last.ckpt").symlink_to("../elsewhere/x.ckpt")
    path = "epoch=0-step=6.ckpt"
    found = read({path: content(bench, "nan", "checkpoints/best.ckpt")})
    assert list(found) == [path]
    assert found[path].reading.checkpoints[0].tags == ()


def test_a_link_that_was_copied_as_a_file(bench, read):
    """It holds the name of its target, which is the last one."""
    name = FIRST.removeprefix("checkpoints/")
    found = read({FIRST: content(bench, "resumed", FIRST), "checkpoints/last.ckpt": name})
    outcome = found["checkpoints/last.ckpt"]
    assert outcome.codes == ["link-as-file"]
    (told,) = outcome.reading.checkpoints
    assert (told.path, told.tags, told.present) == (FIRST, ("last",), True)
    assert found[FIRST].reading.configs


def test_a_run_that_went_on_from_another(bench):
    """The best checkpoint that it knows lies in the other run's directory."""
    outcomes = bench.read("lightning_checkpoint", bench.input("lightning_checkpoint", "stale"))
    reading = outcomes["checkpoints/last.ckpt"].reading
    assert reading.related == (Related("resumed_from", "nan"),)
    assert [item.monitor for item in reading.checkpoints if "best" in item.tags] == ["val_loss"]


def test_runs_are_not_related_to_themselves(bench):
    """A checkpoint of its own directory says nothing of another run."""
    outcomes = bench.read("lightning_checkpoint", bench.input("lightning_checkpoint"))
    assert {outcome.reading.related for outcome in outcomes.values()} == {()}


def test_the_mode_is_read_off_the_key(bench):
    """Nowhere else does it stand."""
    outcomes = bench.read("lightning_checkpoint", bench.input("lightning_checkpoint"))
    callbacks = outcomes["checkpoints/last.ckpt"].reading.extras["callbacks"]
    assert callbacks["ModelCheckpoint"]["mode"] == "min"
    assert callbacks["ModelCheckpoint"]["monitor"] == "val_loss/dataloader_idx_0"


def test_scores_are_read_from_their_storages(bench):
    """A tensor without dimensions is its number, in the callbacks too."""
    outcomes = bench.read("lightning_checkpoint", bench.input("lightning_checkpoint", "nan"))
    callbacks = outcomes["checkpoints/last.ckpt"].reading.extras["callbacks"]
    assert callbacks["EarlyStopping"]["best_score"] == 0.5434260368347168
    assert callbacks["EarlyStopping"]["stopping_reason"] == 0


def test_the_epochs_done_are_no_epoch_of_the_last_checkpoint(bench):
    """It was saved with the best one: training went on for an epoch that it does not know."""
    outcomes = bench.read("lightning_checkpoint", bench.input("lightning_checkpoint", "nan"))
    reading = outcomes["checkpoints/last.ckpt"].reading
    assert [item.detail for item in reading.evidence] == ["a checkpoint was saved after 6 steps"]
    assert reading.extras["epoch_progress"]["current"]["processed"] == 1


def test_early_stopping_is_an_end(read):
    """Once it has stopped; epoch 0 is written before, too."""
    stop = text("EarlyStopping{'monitor': 'x'}") + mapping(
        stopped_epoch=b"K\x04", wait_count=b"K\x03"
    )
    found = read({"last.ckpt": checkpoint(callbacks=b"}(" + stop + b"u")})["last.ckpt"]
    assert found.kinds == ["progress", "end-marker"]
    stop = text("EarlyStopping") + mapping(stopped_epoch=b"K\x00")
    found = read({"last.ckpt": checkpoint(callbacks=b"}(" + stop + b"u")})["last.ckpt"]
    assert found.kinds == ["progress"]


def test_callbacks_of_very_old_releases(read):
    """Their key is the class itself."""
    key = b"cpytorch_lightning.callbacks.model_checkpoint\nModelCheckpoint\n"
    state = mapping(
        monitor=text("val_loss"),
        best_model_path=text("/r/checkpoints/a.ckpt"),
        dirpath=text("/r/checkpoints"),
    )
    found = read({"last.ckpt": checkpoint(callbacks=b"}(" + key + state + b"u")})["last.ckpt"]
    assert [item.path for item in found.reading.checkpoints] == [
        "last.ckpt",
        "/r/checkpoints/a.ckpt",
    ]
    assert found.codes == []


def test_without_callbacks(read):
    """Weights alone: the step, the epoch and the version."""
    reading = read({"w.ckpt": checkpoint()})["w.ckpt"].reading
    assert (reading.checkpoints[0].step, reading.checkpoints[0].epoch) == (9, 2)
    assert reading.dependencies[0].version == "1.0.0"


@pytest.mark.parametrize(
    ("names", "speaker"),
    [
        (("last.ckpt", "last-v1.ckpt", "best.ckpt"), "last-v1.ckpt"),
        (("best.ckpt", "best-v1.ckpt"), "best-v1.ckpt"),
        (("epoch=9-step=90.ckpt", "epoch=10-step=100.ckpt"), "epoch=10-step=100.ckpt"),
        (("epoch=9-step=90.ckpt", "last.ckpt"), "last.ckpt"),
    ],
)
def test_the_last_one_speaks_for_the_run(read, names, speaker):
    """Its parameters and its version, once."""
    found = read({f"checkpoints/{name}": checkpoint() for name in names})
    speaking = [path for path, outcome in found.items() if outcome.reading.dependencies]
    assert speaking == [f"checkpoints/{speaker}"]


def test_a_sharded_checkpoint(read):
    """A directory: Lightning's own part stands beside the shards."""
    files = {
        "epoch=1-step=8.ckpt/meta.pt": checkpoint(),
        "epoch=1-step=8.ckpt/__0_0.distcp": b"shard",
        "epoch=1-step=8.ckpt/.metadata": b"\x80\x02}.",
    }
    found = read(files)
    assert list(found) == ["epoch=1-step=8.ckpt"]
    (saved,) = found["epoch=1-step=8.ckpt"].reading.checkpoints
    assert (saved.step, saved.files, saved.origin) == (9, 3, "recorded")


def test_shards_alone(read):
    """The step is that of the name, and said to be."""
    found = read({"epoch=1-step=8.ckpt/__0_0.distcp": b"shard"})["epoch=1-step=8.ckpt"]
    (saved,) = found.reading.checkpoints
    assert (saved.step, saved.epoch, saved.origin) == (8, 1, "derived")


def test_an_attack_is_named(read):
    """The call that loading would make; nothing is called."""
    call = b"cos\nsystem\n" + text("touch /tmp/no") + b"\x85R"
    found = read({"last.ckpt": checkpoint(hyper_parameters=mapping(x=call))})["last.ckpt"]
    (problem,) = found.reading.problems
    assert problem.message == "loading it would run os.system"
    value = found.reading.configs[0].values["x"]
    assert (value.type, value.value) == ("python/object/apply:os.system", '["touch /tmp/no"]')
    assert not Path("/tmp/no").exists()  # noqa: S108


def test_a_torn_file_gives_what_is_left(bench, read):
    """Without the end of the ZIP the first member is still there."""
    data = content(bench, "nan", "checkpoints/best.ckpt")[:-400]
    found = read({"best.ckpt": data})["best.ckpt"]
    (saved,) = found.reading.checkpoints[:1]
    assert (saved.step, saved.epoch) == (6, 0)
    assert found.reading.accounting.corrupt == 1


def test_callbacks_that_share_their_state_are_bounded(read):
    """A memo makes a hundred thousand callbacks of one; no more than a thousand are looked at."""
    state = (
        b"}(" + text("monitor") + text("val") + text("best_model_path") + text("a.ckpt") + b"uq\x05"
    )
    again = b"".join(text(f"ModelCheckpoint{number}") + b"h\x05" for number in range(1_500))
    callbacks = b"}(" + text("first") + state + again + b"u"
    found = read({"checkpoints/last.ckpt": checkpoint(callbacks=callbacks)})
    assert len(found["checkpoints/last.ckpt"].reading.checkpoints) == 1 + 1_000


def test_many_checkpoints_look_at_few_of_each_other(read, monkeypatch):
    """A run may keep every checkpoint; which one is the last is not asked of all by all."""
    from archiver.producers import lightning_names

    ranked = []
    rank = lightning_names._rank
    monkeypatch.setattr(lightning_names, "_rank", lambda path: ranked.append(path) or rank(path))
    data = checkpoint()
    names = [f"checkpoints/epoch={number}-step={number}.ckpt" for number in range(200)]
    found = read(dict.fromkeys(names, data))
    assert len(found) == 200
    assert [name for name in names if found[name].reading.configs or found[name].reading.steps] == [
        names[-1]
    ]
    assert len(ranked) < 4 * 200
