"""Real Megatron logs and checkpoints beside the repository, with what others read off them."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest

from archiver.artifact import Artifact
from archiver.limits import Limits
from archiver.model.points import Batch
from archiver.model.reading import Reading
from archiver.rundir import RunDir

LOGS = ("full_success/.llmrunner/logs/20260218_a1/train_cpt_0.log",
        "full_success/.llmrunner/logs/20260218_a1/train_sft_0.log",
        "train_failed_oom/.llmrunner/logs/run/train_cpt_0.log")  # fmt: skip


class Sink:
    """Keeps the points."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []

    def add(self, batch: Batch) -> None:
        self.batches.append(batch)

    def points(self, key: str, split: str | None, *labels: tuple[str, str]) -> dict[int, float]:
        """Step -> value of one series."""
        return {
            step: value
            for batch in self.batches
            if (batch.spec.key, batch.spec.split, batch.spec.labels) == (key, split, labels)
            for step, value in zip(batch.steps, batch.values, strict=True)
        }


def read(name: str, run_dir: Path) -> dict[str, tuple[Reading, Sink]]:
    """Everything that one reader recognises below a directory."""
    reader: Any = importlib.import_module(f"archiver.readers.{name}").READER
    found = {}
    with RunDir(run_dir, "run", Limits()) as run:
        tree = run.walk()
        for selection in reader.select(tree):
            artifact = Artifact(run, tree, selection.files, selection.path, Limits())
            if reader.detect(artifact).value == "yes":
                sink = Sink()
                reading = reader.map(reader.parse(artifact), artifact, sink)
                found[selection.path] = reading, sink
            artifact.close()
    return found


@pytest.mark.parametrize("path", LOGS)
def test_figures_of_an_independent_parse(corpus: Path, path: str) -> None:
    """Losses, validation, memory and totals are those that another program read."""
    wanted = json.loads((corpus / "expected/llmrunner.json").read_bytes())[path]
    run, _, inside = path.partition("/")
    reading, sink = read("megatron_log", corpus / "llmrunner" / run)[inside]
    loss = sink.points("lm loss", "train")
    assert (len(loss), min(loss), max(loss)) == (
        wanted["points_with_lm_loss"], wanted["first_iter"], wanted["last_iter"],
    )  # fmt: skip
    assert loss[wanted["last_iter"]] == wanted["final_loss"]
    assert (min(loss.values()), loss[wanted["best_loss_iter"]]) == (wanted["best_loss"],) * 2
    after = ("evaluation", "after training")
    found = [[step, None, value] for step, value in sink.points("lm loss value", "val").items()]
    for split, word in (("val", "validation"), ("test", "test")):
        points = sink.points("lm loss value", split, after)
        found += [[step, word, value] for step, value in points.items()]
    assert found == wanted["validation"]
    ranks = [sink.points("max allocated", None, ("rank", rank)) for rank in "01"]
    assert max(value for rank in ranks for value in rank.values()) == wanted["max_allocated_mb"]
    (step,) = reading.steps
    assert step.metrics["total number of skipped iterations"] == wanted["skipped_total"]
    samples = sink.points("consumed samples", "train")
    assert samples[wanted["last_iter"]] == wanted["consumed_samples_last"]
    assert f"of {wanted['train_iters']}" in reading.evidence[-1].detail


def test_derived_figures_of_a_run(corpus: Path) -> None:
    """Computed by hand from the log's lines."""
    logs = read("megatron_log", corpus / "llmrunner/full_success")
    ((cpt, _), (sft, _)) = (logs[path.partition("/")[2]] for path in LOGS[:2])
    training = cpt.steps[0].training
    assert training is not None
    assert training.step_time_sec_avg == pytest.approx(0.84213)
    assert training.throughput_tokens_per_sec == pytest.approx(6400 * 1024 / (200 * 0.84213))
    assert (training.ppl, training.duration_sec) == (179.2016, 185.0)
    assert [item.kind.value for item in cpt.evidence] == ["end-marker"]
    assert (len(cpt.configs[0].values), cpt.configs[0].values["seq_length"]) == (521, "1024")
    assert sft.steps[0].training is not None
    assert sft.steps[0].training.ppl == 9.972666
    assert sft.attempts[0].marks[0].resume_step == 0


def test_out_of_memory(corpus: Path) -> None:
    """The rank that failed first says why; the first iteration counts once."""
    logs = read("megatron_log", corpus / "llmrunner/train_failed_oom")
    reading, _ = logs[LOGS[2].partition("/")[2]]
    (step,) = reading.steps
    assert step.error is not None
    assert step.error.startswith(
        "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.16"
    )
    assert "GPU 1 has a total capacity of 31.36 GiB" in step.error
    assert (step.error_stack or "").count("File") == 5
    assert step.training is not None
    assert step.training.step_time_sec_avg == pytest.approx(3.5543)
    claims = {claim.field: claim.value for claim in reading.claims}
    assert claims == {
        "summary.host": ["node-a02"], "summary.python": "3.12", "summary.conda_env": "mega",
    }  # fmt: skip
    assert reading.attempts[0].marks[0].exit_code == 1


def test_consoles_and_plans_are_left_to_others(corpus: Path) -> None:
    """A console repeats the steps' output; a dry run's log is a plan."""
    found = {run: set(read("megatron_log", corpus / "llmrunner" / run)) for run in
             ("full_success", "train_failed_oom", "legacy_env_flat", "dry_run_only")}  # fmt: skip
    assert [len(found[run]) for run in found] == [2, 1, 0, 0]


def test_checkpoints_of_a_pipeline(corpus: Path) -> None:
    """Each save directory has its own last one."""
    found = read("megatron_checkpoint", corpus / "llmrunner/full_success")
    saved = {item.path.rpartition("model/")[2]: item.tags for reading, _ in found.values()
             for item in reading.checkpoints}  # fmt: skip
    assert saved == {
        "cpt_checkpoints/iter_0000100": ("other",), "cpt_checkpoints/iter_0000200": ("last",),
        "sft_checkpoints/iter_0000060": ("last",),
    }  # fmt: skip


def test_exports_and_reports(corpus: Path) -> None:
    """Two exported models, one report; the copied base model is none."""
    run = corpus / "llmrunner/full_success"
    models = [item.path.rpartition("/")[2] for reading, _ in read("hf_export", run).values()
              for item in reading.artifacts]  # fmt: skip
    assert models == ["hf", "hf_cpt"]
    ((report, _),) = read("eval_report", run).values()
    assert report.steps[0].eval is not None
    assert report.steps[0].eval.results == {
        "scores/overall_acc": 0.4127, "scores/simple": 0.61, "scores/multiple": 0.55,
        "scores/parallel": 0.38, "scores/irrelevance": None, "n/simple": 400, "n/multiple": 200,
    }  # fmt: skip


def test_golden_values(corpus: Path) -> None:
    """Steps that were not run are counted, not read as NaN."""
    golden = read("megatron_golden", corpus / "public/megatron-golden__NVIDIA__Megatron-LM")
    baselines = read("megatron_golden", corpus / "public/megatron-baseline__Ascend__MindSpeed-LLM")
    assert (len(golden), len(baselines)) == (40, 10)
    for reading, sink in golden.values():
        assert reading.accounting is not None
        assert all(value == value for b in sink.batches for value in b.values)  # noqa: PLR0124
    path = next(path for path in baselines if path.endswith("baichuan2_13b_tp8_pp1_mcore.json"))
    loss = baselines[path][1].points(
        "lm loss", "train", ("baseline", "baichuan2_13b_tp8_pp1_mcore")
    )
    assert (loss[1], loss[20]) == (12.09659, 8.314575)


def test_curves_over_samples_are_no_iteration_curves(corpus: Path) -> None:
    """TensorBoard's second curve of each metric counts samples; arguments stand beside them."""
    found = read("tensorboard_events", corpus / "public/megatron-tb__NVIDIA__Megatron-LM")
    reading, sink = [*found.values()][-1]
    axes = {b.spec.key: (b.spec.axis, b.spec.canonical) for b in sink.batches}
    assert axes["lm loss"] == ("step", "loss")
    assert axes["lm loss vs samples"] == ("samples", None)
    (config,) = reading.configs
    assert (len(config.values), config.values["global_batch_size"]) == (727, "16")


def test_a_pipeline_end_to_end(corpus: Path, collected: Any) -> None:
    """Log and event files tell of one training each; equal evaluations are one measurement."""
    record = json.loads((collected(corpus / "llmrunner/full_success") / "record.json").read_bytes())
    vram = record["fields"]["resources.peak_vram_gb"]
    assert (vram["value"], vram["rule"]) == (8223.72998046875 / 1024, "largest-reported-memory")
    training = {step["stage"]: step["training"] for step in record["steps"] if step["training"]}
    assert [training[stage]["final_loss"] for stage in ("cpt", "sft")] == [5.152024, 2.220446]
    assert [training[stage]["best_loss"] for stage in ("cpt", "sft")] == [5.143658, 2.220446]
    losses = [item for item in record["series"] if item["key"] == "lm loss"]
    assert [item.get("shadow_of") for item in losses] == [None] * 4
    shadows = [item["key"] for item in record["series"] if item.get("shadow_of")]
    evaluated = [key for key in shadows if key in ("lm loss validation", "lm loss value")]
    assert len(evaluated) == 6
    assert len(shadows) - shadows.count("learning rate") == 6
    assert all(item["overwritten"] == 0 for item in record["series"])
