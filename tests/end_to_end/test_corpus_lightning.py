"""Real Lightning runs beside the repository: the values read by eye, with pandas and torch."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from archiver import registry
from archiver.artifact import Artifact, Match
from archiver.limits import DEFAULT
from archiver.model.points import Batch
from archiver.model.reading import Reading
from archiver.rundir import RunDir

READERS = {reader.name: reader for reader in registry.readers()}
BEST = {
    "aistudio-completed": ("last.ckpt", 5, 36, 0.8333332538604736),
    "aistudio-early-stopped": ("last.ckpt", 2, 9, 0.38492062687873840),
    "aistudio-failed-exception": ("last.ckpt", 0, 6, 0.3333333432674408),
    "aistudio-killed-midway": ("last.ckpt", 2, 18, 0.875),
    "runjson-completed-mae-min": ("last.ckpt", 6, 28, 3.6963131427764893),
}
"""Run -> its last checkpoint's name, epoch from 0, steps and score, from torch.load."""


class Sink:
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []

    def add(self, batch: Batch) -> None:
        """Take a batch."""
        self.batches.append(batch)


def read(name: str, directory: Path) -> dict[str, tuple[Reading, list[Batch]]]:
    """Path -> reading and points of every artifact that a reader knows."""
    reader = READERS[name]
    found = {}
    with RunDir(directory, "run", DEFAULT) as run:
        tree = run.walk()
        for selection in reader.select(tree):
            artifact = Artifact(run, tree, selection.files, selection.path, DEFAULT)
            sink = Sink()
            if reader.detect(artifact) is Match.YES:
                shape = reader.parse(artifact)
                found[selection.path] = (reader.map(shape, artifact, sink), sink.batches)
            artifact.close()
    return found


def test_every_cell_of_every_metrics_csv(corpus: Path) -> None:
    """All that pandas reads, and nothing else; the nan that a column holds among it."""
    for directory in (corpus / "lightning", *corpus.glob("public/lightning-csv__*")):
        found = read("lightning_metrics_csv", directory)
        paths = {path.relative_to(directory).as_posix() for path in directory.rglob("metrics.csv")}
        assert set(found) == paths
        assert found
        for path, (reading, batches) in found.items():
            table = pd.read_csv(directory / path, keep_default_na=False, dtype=str)
            cells = {
                (key, row, text)
                for key in table.columns.difference(["step", "epoch"])
                for row, text in enumerate(table[key])
                if text
            }
            points = [
                (batch.spec.key, int(step), float(value))
                for batch in batches
                for step, value in zip(batch.steps, batch.values, strict=True)
            ]
            wanted = [(key, int(table["step"][row]), float(text)) for key, row, text in cells]
            assert sorted(map(repr, points)) == sorted(map(repr, wanted)), path
            books = reading.accounting
            assert books is not None
            assert (books.read, books.corrupt) == (len(table), 0)


def test_validations_of_the_plain_run(corpus: Path) -> None:
    """version_1 validates twice per epoch, with two loaders; its test has the epochs done."""
    found = read("lightning_metrics_csv", corpus / "lightning/plain-lightning")
    batches = found["lightning_logs/version_1/metrics.csv"][1]
    of = {batch.spec.key: batch for batch in batches}
    loss = of["val_loss/dataloader_idx_0"]
    assert list(loss.steps) == [2, 5, 8, 11, 14, 17, 20, 23]
    assert list(loss.values)[:2] == [0.5042576789855957, 0.3768993616104126]
    assert list(of["test_loss"].values) == [0.48226308822631836]
    assert list(of["test_loss"].epochs or ()) == [4.0]


@pytest.mark.parametrize("run", BEST)
def test_checkpoints_of_aistudio(corpus: Path, run: str) -> None:
    """The true best epoch is that of the checkpoint; the record of the run is off by one."""
    name, epoch, steps, score = BEST[run]
    found = read("lightning_checkpoint", corpus / "lightning" / run)
    reading = found[f"checkpoints/{name}"][0]
    own, best = reading.checkpoints
    assert (own.epoch, own.step, own.metric) == (epoch, steps, score)
    assert (best.path, best.tags, best.present) == ("checkpoints/best.ckpt", ("best",), True)
    assert [item.version for item in reading.dependencies] == ["2.6.6"]
    assert reading.problems == ()
    known = json.loads((corpus / "expected/lightning.json").read_text("utf-8"))
    true = known[run].get("true_best_epoch_1based")
    assert true in (None, epoch + 1)


def test_checkpoints_of_the_plain_run(corpus: Path) -> None:
    """Sub-directories by a metric's name, a link that was copied as a file, classes of the user."""
    found = read("lightning_checkpoint", corpus / "lightning/plain-lightning")
    home = "lightning_logs/version_1/checkpoints"
    best = f"{home}/epoch=02-step=18-val_loss/dataloader_idx_0=0.196.ckpt"
    link, _ = found[f"{home}/last.ckpt"]
    assert [problem.code for problem in link.problems] == ["link-as-file"]
    assert len(found) == 6
    codes = {
        p.code for path, (r, _) in found.items() if path != f"{home}/last.ckpt" for p in r.problems
    }
    assert codes == {"unsafe-pickle"}
    saved = found[best][0].checkpoints[0]
    assert (saved.step, saved.epoch) == (18, 2)
    assert saved.metric == 0.1960548460483551


def test_parameters_of_the_plain_run(corpus: Path) -> None:
    """Tags are data; a text that looks like a number stays a text."""
    found = read("lightning_hparams", corpus / "lightning/plain-lightning")
    reading, _ = found["lightning_logs/version_0/hparams.yaml"]
    values: dict[str, Any] = reading.configs[0].values
    assert (values["ver"], values["note"], values["wd"], values["norm"]) == (
        "1e3", "yes", 1e-05, "LAYER"
    )  # fmt: skip
    assert values["sched"].type == "python/object:__main__.Sched"


def test_a_version_directory_end_to_end(corpus: Path, collected: Callable[..., Path]) -> None:
    """One run, recognised, with its curve, its evaluation and its best checkpoint."""
    place = collected(corpus / "lightning/plain-lightning/lightning_logs/version_0")
    record = json.loads((place / "record.json").read_bytes())
    assert "lightning" in record["run"]["producers"]
    series = {(item["key"], item["source"]): item for item in record["series"]}
    loss = series["train_loss_step", "metrics.csv"]
    assert (loss["canonical"], loss["points"], loss["last"]) == ("loss", 6, 0.5893797278404236)
    shadow = series["train_loss_step", "*tfevents*"]
    assert (shadow["shadow_of"], shadow["points"]) == ("metrics.csv", 6)
    best = [item["path"] for item in record["checkpoints"] if "best" in item["tags"]]
    assert best == ["checkpoints/epoch=02-step=18-val_loss/dataloader_idx_0=0.617.ckpt"]
    assert not [item for item in record["problems"] if item["code"] == "reader-crash"]
