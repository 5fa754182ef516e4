"""What differs from run to run whatever one does."""

from __future__ import annotations

import pytest

from archiver.diff.volatile import Volatile
from archiver.model.differences import MISSING
from archiver.model.values import Value

STAMP_A, STAMP_B = "2026-11-21T22:40:41", "2026-11-22T08:01:09"


@pytest.mark.parametrize(
    ("key", "a", "b"),
    [
        ("output_dir", "/data/out/a", "/scratch/b"),
        ("training.logging_dir", None, "logs"),
        ("run_name", "one", "two"),
        ("wandb.run_id", "6ph91tit", "8aa91tit"),
        ("created_at", STAMP_A, STAMP_B),
        ("anything", STAMP_A, STAMP_B),
        ("anything", f"started {STAMP_A}", f"started {STAMP_B}"),
        (
            "anything",
            "3f0d5c1e-7a44-4b0e-9a3c-5b0f6f2f9a11",
            "0f0d5c1e-7a44-4b0e-9a3c-5b0f6f2f9a12",
        ),
        ("master_port", 29500, "29501"),
        ("server_port", 8000, 8001),
        ("env.MASTER_ADDR", "node-1", "node-2"),
        ("env.SLURM_JOB_ID", "1", "2"),
        ("deployment.job_id", 7310442, 7310444),
        ("url", "http://node-1:8000/v1", "http://node-2:8001/v1"),
        ("data_path", "/home/a/datasets/coco", "/mnt/x/datasets/coco"),
        ("train_file", "/home/a/coco/train.jsonl", "/mnt/x/coco/train.jsonl"),
        ("train_log_dir", "/runs/a", "/runs/b"),
        ("where", "/anything/a", "/anything/b"),
        ("command", "python /a/train.py --n 3", "python /b/train.py --n 3"),
        ("files", ["/a/x", "/a/y"], ["/b/x", "/b/z"]),
        ("get_function", "<function f at 0x7fe44bd444a0>", "<function f at 0x7fa005558540>"),
        ("env.CUDA_VISIBLE_DEVICES", "0,1", "2,3"),
        ("env.CUDA_VISIBLE_DEVICES", "0", None),
        ("env.SLURM_JOB_NODELIST", "n1", "n2"),
        ("env.NODE_RANK", "0", "1"),
        ("sbatch.mail-type", "end", "begin"),
        ("data_path", "/runs/2026-11-21_22-40-41/coco", "/runs/2026-11-22_08-01-09/coco"),
        ("train_file", "/home/a/train.jsonl", "/home/b/train.jsonl"),
        ("train_file", "/home/a/data/v1/train.jsonl", "/home/b/data/v1/train.jsonl"),
        ("train_file", "/home/a/coco/v1/train.jsonl", "/mnt/x/coco/v1/train.jsonl"),
        ("schedule_of", "2026-11-21", "2026-11-22"),
    ],
)
def test_volatile(key: str, a: Value, b: Value) -> None:
    """By key, or by the shape of both values."""
    path = tuple(key.split("."))
    assert Volatile().covers(path, a, b)
    assert Volatile().covers(path, b, a)


@pytest.mark.parametrize(
    ("key", "a", "b"),
    [
        ("num_train_epochs", 3, 5),
        ("loss.port", 0.5, 0.7),
        ("loss.port", 2, 3),
        ("seed", 1, 2),
        ("lr", 1e-3, 1e-4),
        ("optim", "adamw", "sgd"),
        ("time", "0:10:00", "0:15:00"),
        ("decay_at", 100, 200),
        ("data_path", "/data/coco", "/data/lvis"),
        ("data_path", "/data/coco/train.jsonl", "/data/lvis/train.jsonl"),
        ("model_name_or_path", "meta/llama-3-8b", "meta/llama-3-70b"),
        ("model", "/models/a", "/models/b"),
        ("resume_from_checkpoint", None, "/runs/a/checkpoint-20"),
        ("dataset", "tatsu-lab/alpaca", "tatsu-lab/alpaca_eval"),
        ("reward", "accuracy/strict", "accuracy/loose"),
        ("command", "python /a/train.py --n 3", "python /a/train.py --n 4"),
        ("sha256", "a" * 64, "b" * 64),
        ("files", ["/a/x"], ["/b/x", "/b/y"]),
        # Data, weights and code under keys that do not say so.
        ("annotations_of", "/data/a.json", "/data/b.json"),
        ("where", "/data/a.jsonl.gz", "/data/b.jsonl.gz"),
        ("where", "/mnt/datasets/coco", "/mnt/datasets/lvis"),
        ("hook", "/src/a.py", "/src/b.py"),
        ("root", "/data/imagenet", "/data/coco"),
        ("lora_path", "/weights/a", "/weights/b"),
        ("teacher", "/weights/a", "/weights/b"),
        ("resume", "/runs/a", "/runs/b"),
        ("clip_encoder", "/weights/a", "/weights/b"),
        # What is in every data set and every model tells none apart.
        ("val_file", "/data/coco/v1/annotations.json", "/data/lvis/v1/annotations.json"),
        ("train_file", "/data/coco/data/train_split.jsonl", "/data/lvis/data/train_split.jsonl"),
        ("model", "/models/a/model.safetensors", "/models/b/model.safetensors"),
        ("resume_from_checkpoint", "/runs/a/checkpoint-20", "/runs/b/checkpoint-20"),
        ("_name_or_path", "/models/a", "/models/b"),
        # A day tells models and data sets apart.
        ("model", "gpt-4o-2024-05-13", "gpt-4o-2024-08-06"),
        ("dataset", "/data/wiki-2024-01-01", "/data/wiki-2024-06-01"),
        # Who speaks in a prompt is no user of a machine.
        ("prompts.user", "List every object.", "List no object."),
        ("chat_template.user", "<|user|>", "[INST]"),
        # How many there were.
        ("env.CUDA_VISIBLE_DEVICES", "0", "0,1,2,3"),
        ("env.SLURM_NNODES", "1", "2"),
        ("env.SLURM_GPUS_ON_NODE", "4", "8"),
        ("env.SLURM_NTASKS_PER_NODE", "4", "8"),
    ],
)
def test_significant(key: str, a: Value, b: Value) -> None:
    """Settings whose keys or values look like it, and paths that lead to something else."""
    assert not Volatile().covers(tuple(key.split(".")), a, b)


def test_table_can_be_extended() -> None:
    """By keys, by shapes of values, and by what never is."""
    table = Volatile().extended(
        keys=("lab_book", "*.cluster.name"), values=(r"ticket-\d+",), never=("output_dir", "env.*")
    )
    assert table.covers(("lab_book",), "a", "b")
    assert table.covers(("site", "cluster", "name"), "a", "b")
    assert not table.covers(("name",), "a", "b")
    assert table.covers(("why",), "see ticket-12", "see ticket-99")
    assert not table.covers(("output_dir",), "/a", "/b")
    assert not table.covers(("env", "MASTER_PORT"), "29500", "29501")


def test_names_of_the_runs_say_nothing() -> None:
    """Wherever they stand; short and plain words are not taken for names."""
    table = Volatile().of_runs(("llama_rank4", "base"), ("llama_rank8", "cosine"))
    assert table.covers(("title_of",), "hf/llama_rank4_epoch_0", "hf/llama_rank8_epoch_0")
    assert not table.covers(("title_of",), "hf/llama_rank4_epoch_0", "hf/llama_rank8_epoch_1")
    assert not table.covers(("lr_scheduler",), "base", "cosine")


def test_short_names_stand_between_other_letters() -> None:
    """A name such as `lr1e-2` is none within a longer word."""
    table = Volatile().of_runs(("lr1e-2",), ("oom_bs4",))
    assert table.covers(("hf_name",), "hf/lr1e-2_epoch_0", "hf/oom_bs4_epoch_0")
    assert not table.covers(("hf_name",), "hf/xlr1e-2y", "hf/xoom_bs4y")


@pytest.mark.parametrize(
    ("key", "text", "expected"),
    [
        ("model", "meta/{}", False),
        ("model", "/models/{}/model.safetensors", False),
        ("model_name_or_path", "{}", False),
        ("train_file", "/data/{}/train.jsonl", False),
        ("dataset", "lab/{}", False),
        ("tuner", "{}", True),
        ("model_path", "/out/{}/checkpoint-60", True),
        ("model_path", "/out/{}/artifacts/epoch_1", True),
        ("model", "hf/{}_epoch_0", True),
        ("train_file", "/data/experiments/{}/data/raw/train.jsonl", True),
        ("train_file", "/lab/cap-projects/2025/{}/data/train.jsonl", True),
    ],
)
def test_a_run_that_is_called_after_its_model(key: str, text: str, expected: bool) -> None:
    """Under keys of models and data its name is theirs, but for its own checkpoints."""
    table = Volatile().of_runs(("llama-3-8b",), ("llama-3-70b",))
    sides = text.format("llama-3-8b"), text.format("llama-3-70b")
    assert table.covers((key,), *sides) is expected


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("env.DATAPOOL", "/data/ws/pool", True),
        ("log_file.filename", "train.log", True),
        ("model_name_or_path", "/models/a", False),
        ("hook", "/src/hook.py", False),
        ("resume_from_checkpoint", "/runs/a/checkpoint-20", False),
        ("env.MODE", "fast", False),
    ],
)
def test_paths_that_only_one_run_states(key: str, value: str, expected: bool) -> None:
    """Where something lies says nothing; what is read does."""
    path = tuple(key.split("."))
    assert Volatile().covers(path, value, MISSING) is expected
    assert Volatile().covers(path, MISSING, value) is expected
