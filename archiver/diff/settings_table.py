"""The settings that every trainer has: under which names they go, and how much they matter."""

from __future__ import annotations

import re
from fnmatch import translate

from archiver import settings
from archiver.diff.names import Path, last, words

ALIASES: tuple[tuple[str, ...], ...] = (
    *(item.keys for item in settings.SETTINGS),
    ("warmup_steps", "num_warmup_steps", "lr_warmup_steps", "lr_warmup_iters", "warmup_iters"),
    ("warmup_ratio", "lr_warmup_fraction", "warmup_fraction"),
    ("lr_scheduler_type", "lr_scheduler", "lr_decay_style", "scheduler", "lr_schedule"),
    ("optim", "optimizer", "optimizer_name", "optimizer_type"),
    ("max_grad_norm", "clip_grad", "grad_clip", "gradient_clip_val", "clip_grad_norm"),
    ("adam_beta1", "beta1"),
    ("adam_beta2", "beta2"),
    ("adam_epsilon", "adam_eps", "eps"),
    ("lora_rank", "lora_r", "r"),
    ("max_seq_length", "max_seq_len", "seq_length", "max_length", "cutoff_len"),
    ("min_lr", "lr_min", "min_learning_rate"),
    ("per_device_train_batch_size", "micro_batch_size", "train_micro_batch_size_per_gpu",
     "train_batch_size", "batch_size"),
    ("per_device_eval_batch_size", "eval_batch_size"),
    ("model", "model_name_or_path", "model_name", "base_model", "model_id"),
    ("dataset", "dataset_name", "datasets"),
    ("dtype", "torch_dtype"),
    ("num_workers", "dataloader_num_workers"),
    ("eval_strategy", "evaluation_strategy"),
)  # fmt: skip
"""Names of one setting; a key that moved to another of them is the same setting. The batch sizes
come twice: those of one reach first, then whatever is there."""

GOVERNING = 16
"""Ranks below this one are of settings that govern optimisation."""
OPTIMISATION = 8
"""Ranks below this one are of the optimisation itself, which every trainer has."""
OTHER = 50

_RANKS: tuple[str, ...] = (
    "*learning_rate* lr *_lr lr_? lr_min",
    "*batch_size* gradient_accumulation* accumulate_grad_batches grad_accum*",
    (
        "*epochs steps max_steps* num_steps train*_steps total_steps *max_iters train_iters iters"
        " num_iterations train_samples total_tokens train_tokens"
    ),
    "optim optim_args optimizer* adam* beta1 beta2 betas momentum nesterov",
    "*scheduler* lr_schedule lr_decay* decay_* gamma",
    "*warmup*",
    "*weight_decay* *dropout* label_smoothing*",
    "*grad_norm *clip_grad* grad_clip *gradient_clip*",
    "loss loss_* *_loss *loss_weight* kl_* beta temperature",
    "bf16 fp16 fp8 tf32 *dtype *precision* quant* load_in_?bit amp",
    "lora* *_lora r rank alpha peft* target_modules *tuner_type train_type freeze*",
    "*seq_len *seq_length max_length cutoff_len packing block_size *max_pixels",
    (
        "*_parallel* world_size deepspeed zero_stage *proc_per_node num_gpus num_nodes devices"
        " strategy"
    ),
    "seed *_seed",
    (
        "model model_name* model_type model_id model_path base_model* *pretrained* load"
        " resume_from_checkpoint tokenizer* num_layers hidden_size ffn_hidden_size _component_"
    ),
    (
        "data *dataset* data_* *_data *_jsonl train_file validation_file split* sample_limit"
        " max_samples template system"
    ),
)
"""Shell patterns over last keys, by rank."""
_RANK = [
    (rank, re.compile("|".join(translate(item) for item in patterns.split())))
    # Steps of a warm-up are warm-up before they are steps.
    for rank, patterns in sorted(enumerate(_RANKS), key=lambda item: "warmup" not in item[1])
]
_EVERY = re.compile(
    r"(?:eval|save|logging|log|checkpoint|report|exit|print|valid|test)_.*|.*_interval"
)
"""Keys of how often something is looked at or written; they do not govern the training."""

_SETTING = {key: names[0] for names in reversed(ALIASES) for key in names}
_LOOSE = {key: names[0] for names in ALIASES for key in names}


def rank(path: Path) -> int:
    """How much a setting matters; smaller is told first, below `GOVERNING` it matters most."""
    name = last(path)
    if _EVERY.match(name):
        return OTHER
    for number, pattern in _RANK:
        if pattern.match(name):
            return number
    if name.isdigit() or name in ("name", "type", "path", "value"):
        # Of a list or a wrapper, what it belongs to counts.
        owner = words(path)[-2:-1]
        return rank((owner[0],)) if owner and owner[0] and not owner[0].isdigit() else OTHER
    return OTHER


def setting(path: Path, *, loose: bool = False) -> str | None:
    """Name that a setting has under all trainers; None of what no two of them share."""
    return (_LOOSE if loose else _SETTING).get(last(path))


def topic(path: Path, before: Path | None = None) -> str:
    """What a key speaks of, wherever it stands: its setting's name, else its last key.

    Of a key that moved, the same whichever of its two places is the earlier one.
    """
    if before is not None:
        names = sorted({topic(path), topic(before)})
        return next((name for name in names if name in _SETTING), names[0])
    name = last(path) or (path[-1] if path else "")
    if name.isdigit() or name in ("name", "type", "path", "value", "enabled"):
        return ".".join(words(path)[-2:])
    return _SETTING.get(name, name)
