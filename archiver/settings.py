"""What configurations state of the settings that every trainer has, whatever it calls them.

Keys are those of the producers' own configurations: Hugging Face's and ms-swift's arguments,
torchtune's YAML, Lightning's and ai-studio's hyperparameters, codex_ml's settings, Megatron's
arguments and CoordExp's sections. A key counts at the top of a configuration or in one of a few
sections; deeper ones (a scheduler's, an adapter's) are settings of something else.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from archiver.codecs.pointers import escape
from archiver.model.claims import Location
from archiver.model.plain import dataclass
from archiver.model.record import Config
from archiver.model.values import Value

Meaning = float | bool | str
"""What a setting's value means, however it was spelt."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting with the keys that stand for it."""

    name: str
    keys: tuple[str, ...]
    """In lower case, `_` for `-`; the first one that a configuration fills is its statement."""
    type: str
    """`number`, `count` (a number above zero), `flag`, `precision` or `path`."""
    sections: frozenset[str] = frozenset()
    """Sections that may hold it besides those of every setting."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What one configuration says of one setting."""

    setting: Setting
    config: Config
    path: tuple[str, ...]
    """Keys that lead to the value."""
    value: Value
    """As written."""
    meaning: Meaning

    @property
    def at(self) -> Location:
        """Where the value stands, as closely as its configuration's form lets one say."""
        return place(self.config, self.path)


LEARNING_RATE = Setting(
    "learning rate", ("learning_rate", "lr"), "number", frozenset({"optimizer", "optim"})
)
WEIGHT_DECAY = Setting(
    "weight decay", ("weight_decay",), "number", frozenset({"optimizer", "optim"})
)
EPOCHS = Setting("epochs", ("num_train_epochs", "epochs", "max_epochs", "num_epochs"), "count")
STEPS = Setting("steps", ("max_steps", "train_iters", "max_iters"), "count")
SEED = Setting("seed", ("seed", "random_seed"), "number")
DEVICE_BATCH = Setting(
    "batch size per device", ("per_device_train_batch_size", "micro_batch_size"), "count"
)
GLOBAL_BATCH = Setting("global batch size", ("global_batch_size",), "count")
BATCH = Setting("batch size", ("batch_size",), "count", frozenset({"data"}))
ACCUMULATION = Setting(
    "gradient accumulation",
    ("gradient_accumulation_steps", "gradient_accumulation", "accumulate_grad_batches"),
    "count",
)
SETTINGS = (
    LEARNING_RATE,
    DEVICE_BATCH,
    GLOBAL_BATCH,
    BATCH,
    ACCUMULATION,
    EPOCHS,
    STEPS,
    SEED,
    Setting("data seed", ("data_seed",), "number"),
    Setting("dataset seed", ("dataset_seed",), "number"),
    WEIGHT_DECAY,
    Setting("bf16", ("bf16",), "flag"),
    Setting("fp16", ("fp16",), "flag"),
    Setting("precision", ("precision",), "precision", frozenset({"hardware"})),
    Setting("dtype", ("torch_dtype", "dtype"), "precision", frozenset({"model"})),
    Setting("model", ("model", "model_name_or_path"), "path", frozenset({"model"})),
)
"""Batch sizes of different reach (one device, all of them, whatever a trainer calls its batch)
are settings of their own and never compared."""

NUMERIC_KEYS = frozenset(
    key for item in SETTINGS if item.type in ("number", "count") for key in item.keys
) | {"dropout", "lora_dropout", "max_grad_norm", "min_lr", "warmup_ratio", "warmup_steps"}
"""Keys whose values are numbers, wherever they stand."""

_SECTIONS = frozenset(
    {"", "args", "controls", "hparams", "hyperparameters", "train", "trainer", "training"}
)
_ABSENT = frozenset({"", "none", "null", "auto", "~"})
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?\Z", re.ASCII)
_LONGEST_NUMBER = 64
_LARGEST = 1e300
_PRECISIONS = {
    "bfloat16": "bf16", "float16": "fp16", "half": "fp16", "16": "fp16",
    "float32": "fp32", "float": "fp32", "32": "fp32", "32-true": "fp32", "float64": "fp64",
    "64": "fp64", "double": "fp64",
}  # fmt: skip
_POINTED = frozenset({"json", "pickle", "toml", "yaml"})
"""Forms of configurations whose values have a JSON pointer below that of the configuration."""
_PUT_TOGETHER = frozenset({"inspect_log"})
"""Readers whose configurations are gathered from several places of a file."""
_WRAPPED = {"wandb_config": "value"}
"""Readers whose files hold each top-level value in an object, under this key."""


def statements(config: Config) -> Iterator[Statement]:
    """Each setting that a configuration fills, by its first key that is filled."""
    found: dict[tuple[str, str], tuple[tuple[str, ...], Value]] = {}
    for path, section, key, value in _fields(config.values):
        found.setdefault((key, section), (path, value))
    keys = {key for key, _ in found}
    for setting in SETTINGS:
        if keys.isdisjoint(setting.keys):
            continue
        sections = (*sorted(_SECTIONS), *sorted(setting.sections))
        known = (key for key in setting.keys if key in keys)
        for key, section in ((key, section) for key in known for section in sections):
            path, value = found.get((key, section), ((), None))
            meaning = means(setting, value)
            if meaning is not None:
                yield Statement(setting, config, path, value, meaning)
                break


def _fields(values: dict[str, Value]) -> Iterator[tuple[tuple[str, ...], str, str, Value]]:
    """Path, section, key and value of what stands at the top or one section below it."""
    for name, value in values.items():
        if isinstance(value, dict):
            for inner, item in value.items():
                if not isinstance(item, dict | list):
                    yield (name, inner), _plain(name), _plain(inner), item
        elif not isinstance(value, list):
            # Trackers store `training.lr` as one flat key.
            section, _, key = _plain(name).rpartition(".")
            yield (name,), section, key, value


def _plain(name: str) -> str:
    return name.lower().lstrip("-").replace("-", "_")


def means(setting: Setting, value: Value) -> Meaning | None:
    """What a value says; None where it says nothing (null, `auto`, -1 steps)."""
    if value is None or (isinstance(value, str) and value.strip().lower() in _ABSENT):
        return None
    match setting.type:
        case "number" | "count":
            read = number(value)
            return None if read is None or (setting.type == "count" and read <= 0) else read
        case "flag":
            text = str(value).lower() if isinstance(value, bool | str) else ""
            return text == "true" if text in ("true", "false") else None
        case "precision":
            if isinstance(value, str):
                text = value.lower().removeprefix("torch.")
                return _PRECISIONS.get(text, text)
            bits = number(value)
            return None if bits is None else _PRECISIONS.get(f"{bits:g}", f"{bits:g}")
        case _:
            return value.rstrip("/") or None if isinstance(value, str) else None


def number(value: Value) -> float | None:
    """A finite number, also one that was written as text; None for everything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str):
        text = value.strip()
        if len(text) > _LONGEST_NUMBER or not _NUMBER.match(text):
            return None
        value = float(text)
    return float(value) if -_LARGEST < value < _LARGEST else None


def agree(one: Meaning, other: Meaning) -> bool:
    """Whether two statements of a setting mean the same.

    Numbers may have gone through single precision; of a path another machine may have only the
    last part.
    """
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-300)
    if isinstance(one, str) and isinstance(other, str):
        return one == other or (
            ("/" in one or "/" in other) and one.rpartition("/")[2] == other.rpartition("/")[2]
        )
    return one is other


def place(config: Config, path: tuple[str, ...]) -> Location:
    """Where a value of a configuration stands; the configuration itself where nobody can say."""
    at = config.at
    if config.format not in _POINTED or config.reader in _PUT_TOGETHER or not path:
        return at
    wrapped = _WRAPPED.get(config.reader)
    keys = (path[0], wrapped, *path[1:]) if wrapped else path
    return Location(at.path, at.place + "".join(f"/{escape(key)}" for key in keys), at.scope)
