"""Run directories of any size for the benchmarks, the same bytes every time.

The rows are what ms-swift 3.x writes, the events what `torch.utils.tensorboard` writes for the
Hugging Face Trainer, the tables what Lightning's CSV logger writes, the logs of records what
wandb writes offline and the lines what Megatron-LM core 0.15 prints: same keys, same spelling, same
framing. Values come from a seeded generator.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import random
import struct
import zlib
from collections.abc import Iterator
from math import exp
from pathlib import Path

import google_crc32c

SEED = 20
_START = 1_760_000_000.0
_SECONDS_PER_STEP = 0.3361
_TAGS = ("train/loss", "train/grad_norm", "train/learning_rate", "train/token_acc")


def ms_swift(run_dir: Path, rows: int) -> Path:
    """Write `logging.jsonl` with a row per step and six measurements per row."""
    run_dir.mkdir(parents=True)
    path = run_dir / "logging.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for step, (loss, grad, rate, acc) in enumerate(_training(rows), 1):
            seconds = step * _SECONDS_PER_STEP
            row = {
                "loss": round(loss, 8),
                "grad_norm": round(grad, 8),
                "learning_rate": round(rate, 8),
                "token_acc": round(acc, 8),
                "epoch": round(step * 3 / rows, 8),
                "global_step/max_steps": f"{step}/{rows}",
                "percentage": f"{100 * step / rows:.2f}%",
                "elapsed_time": _duration(seconds),
                "remaining_time": _duration(rows * _SECONDS_PER_STEP - seconds),
                "memory(GiB)": round(61.28 + step * 9.0 / rows, 2),
                "train_speed(iter/s)": round(1 / _SECONDS_PER_STEP + 1e-3 * loss, 6),
            }
            file.write(json.dumps(row) + "\n")
    return path


def events(run_dir: Path, points: int) -> Path:
    """Write one event file with four tags, an event per scalar."""
    run_dir.mkdir(parents=True)
    path = run_dir / f"events.out.tfevents.{_START:.0f}.node-1.4711.0"
    with path.open("wb") as file:
        file.write(_frame(struct.pack("<Bd", 0x09, _START) + _field(3, b"brain.Event:2")))
        written = 0
        for step, values in enumerate(_training(-(-points // len(_TAGS))), 1):
            for tag, value in list(zip(_TAGS, values, strict=True))[: points - written]:
                written += 1
                time = _START + step * _SECONDS_PER_STEP + written * 1e-6
                scalar = _field(1, tag.encode()) + struct.pack("<Bf", 0x15, value)
                head = struct.pack("<BdB", 0x09, time, 0x10) + _varint(step)
                file.write(_frame(head + _field(5, _field(1, scalar))))
    return path


def lightning(run_dir: Path, rows: int) -> Path:
    """Write `metrics.csv`: learning rates and training in rows of their own, as they are logged."""
    (run_dir / "version_0").mkdir(parents=True)
    (run_dir / "version_0" / "hparams.yaml").write_text("lr: 0.0001\n", encoding="utf-8")
    path = run_dir / "version_0" / "metrics.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("epoch,grad_norm,lr-AdamW,step,train_acc,train_loss\r\n")
        for step, (loss, grad, rate, acc) in enumerate(_training(rows // 2)):
            file.write(f",,{rate!r},{step},,\r\n")
            file.write(f"{step * 6 // rows},{grad!r},,{step},{acc!r},{loss!r}\r\n")
    return path


def wandb(run_dir: Path, rows: int) -> Path:
    """Write a transaction log with a history row per step: four metrics and W&B's own keys."""
    run_dir.mkdir(parents=True)
    path = run_dir / "run-bench123.wandb"
    with path.open("wb") as file:
        file.write(struct.pack("<4sHB", b":W&B", 0xBEE1, 0))
        blocks = _Blocks(7)
        run = _field(1, b"bench123") + _field(3, b"bench")
        file.write(blocks.framed(_field(17, run)))
        for step, (loss, grad, rate, acc) in enumerate(_training(rows)):
            row = {
                "train/loss": loss, "train/grad_norm": grad, "train/learning_rate": rate,
                "train/accuracy": acc, "_step": step, "_runtime": step * _SECONDS_PER_STEP,
                "_timestamp": _START + step * _SECONDS_PER_STEP,
            }  # fmt: skip
            items = (
                _field(1, _field(2, key.encode()) + _field(16, json.dumps(value).encode()))
                for key, value in row.items()
            )
            number = _field(2, b"\x08" + _varint(step))
            file.write(blocks.framed(_field(2, b"".join(items) + number)))
        file.write(blocks.framed(_field(18, b"")))
    return path


def megatron(run_dir: Path, lines: int) -> Path:
    """Write `train.log` with an iteration line per step."""
    run_dir.mkdir(parents=True)
    path = run_dir / "train.log"
    start = dt.datetime(2026, 1, 5, 8, 0, 0)
    with path.open("w", encoding="utf-8") as file:
        file.write("using world size: 8, data-parallel size: 8, pipeline-model-parallel size: 1\n")
        for step, (loss, grad, rate, _) in enumerate(_training(lines), 1):
            time = start + dt.timedelta(seconds=int(step * _SECONDS_PER_STEP))
            file.write(
                f" [{time}] iteration {step:8d}/{lines:8d} | consumed samples: {step * 64:12d} |"
                f" elapsed time per iteration (ms): {1000 * _SECONDS_PER_STEP + loss:.1f} |"
                f" throughput per GPU (TFLOP/s/GPU): {410 + grad:.1f} | learning rate: {rate:.6E} |"
                f" global batch size: {64:5d} | lm loss: {loss:.6E} | loss scale: 1.0 |"
                f" grad norm: {grad:.3f} | number of skipped iterations:   0 |"
                f" number of nan iterations:   0 |\n"
            )
    return path


def provenance(directory: Path, documents: int) -> list[Path]:
    """Write as many `effective_runtime.json` as CoordExp writes them, each of another run."""
    paths = []
    for number in range(documents):
        name = f"stage1_lora_r{8 * (1 + number % 16)}_seed{number}"
        output = f"/data/CoordExp/output/stage1/{name}/v0-20260428-{number:06d}"
        data = "/data/CoordExp/public_data/lvis/rescale_32_768_bbox_max60/{{}}.coord.jsonl"
        runtime = {
            "trainer_variant": "",
            "dataset_seed": number,
            "run_name": name,
            "output_dir": output,
            "logging_dir": f"{output}/runs",
            "checkpoint_mode": "artifact_only",
            "resume_from_checkpoint": None,
            "save_only_model": True,
            "save_strategy": "steps",
            "save_last_epoch": True,
            "seed": number,
            "per_device_train_batch_size": 2,
            "per_device_eval_batch_size": 1,
            "gradient_accumulation_steps": 16,
            "max_steps": -1,
            "num_train_epochs": 4.0,
            "dataloader_drop_last": False,
            "global_max_length": 12000,
            "template_max_length": 12000,
            "template_max_pixels": 786432,
            "packing": {
                "enabled": False, "mode": "static", "packing_length": 0, "buffer_size": 512,
                "min_fill_ratio": 0.65, "drop_last": True, "allow_single_long": True,
                "eval_packing": True, "wait_timeout_s": 7200.0, "length_precompute_workers": 8,
            },
            "encoded_sample_cache": {
                "enabled": False, "ineligible_policy": "error", "wait_timeout_s": 7200.0,
                "max_resident_shards": 4,
            },
            "dataset_source_train_jsonl": _identity(data.format("train"), number),
            "dataset_source_val_jsonl": _identity(data.format("val"), number),
            "pipeline_manifest_checksum": hashlib.sha256(str(number).encode()).hexdigest(),
            "launcher": {},
        }  # fmt: skip
        path = directory / f"effective_runtime-{number:05d}.json"
        document = {"schema_version": 1, "runtime": runtime}
        path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
        paths.append(path)
    return paths


def _identity(path: str, number: int) -> dict[str, object]:
    """A file of data as CoordExp found it; nanoseconds are more than a double keeps exactly."""
    return {
        "raw_path": path.removeprefix("/data/CoordExp/"),
        "resolved_path": path,
        "exists": True,
        "size_bytes": 184_205_331 + number,
        "mtime_ns": 1_795_310_737_490_199_443 + number,
        "sha256": hashlib.sha256(str(number).encode()).hexdigest(),
    }


class _Blocks:
    """Records parted over blocks of 32 KiB, as in LevelDB's log."""

    _BYTES = 32 * 1024

    def __init__(self, at: int) -> None:
        self._at = at

    def framed(self, record: bytes) -> bytes:
        """One record with its headers, and the zeros where no header fits."""
        out = bytearray()
        begun = False
        while True:
            room = self._BYTES - (self._at + len(out)) % self._BYTES
            if room < 7:
                out += bytes(room)
                continue
            data, record = record[: room - 7], record[room - 7 :]
            kind = (2 if record else 1) if not begun else (3 if record else 4)
            crc = zlib.crc32(bytes([kind]) + data)
            out += struct.pack("<IHB", crc, len(data), kind) + data
            begun = True
            if not record:
                self._at += len(out)
                return bytes(out)


def _training(steps: int) -> Iterator[tuple[float, float, float, float]]:
    """Loss, gradient norm, learning rate and accuracy of a run that goes well."""
    noise = random.Random(SEED).random  # noqa: S311
    for step in range(1, steps + 1):
        done = step / steps
        loss = 1.2 + 4.6 * exp(-8 * done) + 0.4 * (noise() - 0.5)
        yield loss, 0.4 + noise(), 1e-4 * (1 - done), 0.9 - loss / 10


def _duration(seconds: float) -> str:
    """Spell a duration as ms-swift does: `1d 3h 4m 9s`, empty units before the first left out."""
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    day, hour = divmod(hours, 24)
    parts = [(day, "d"), (hour, "h"), (minute, "m")]
    while parts and not parts[0][0]:
        parts.pop(0)
    return " ".join(f"{number}{unit}" for number, unit in [*parts, (second, "s")])


def _frame(payload: bytes) -> bytes:
    length = struct.pack("<Q", len(payload))
    return length + _masked_crc(length) + payload + _masked_crc(payload)


def _masked_crc(data: bytes) -> bytes:
    crc: int = google_crc32c.value(data)
    return struct.pack("<I", (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF)


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
