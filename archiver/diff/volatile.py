"""What differs from run to run whatever one does: recognised by key and by the value's shape.

A path says where something lies; of what a run reads (data, models, scripts) it also says what
that is, so there the last components count, and a run's own name or a date may be that of a data
set or a model. Keys that govern training are never volatile.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from fnmatch import translate
from functools import cached_property, partial

from archiver.diff.interning import same_scalar
from archiver.diff.names import Path, dotted, last, words
from archiver.diff.settings_table import GOVERNING, rank
from archiver.model.differences import Missing, Side
from archiver.model.values import Tagged

KEYS = (
    # What a run writes, and where it works.
    "*_dir_name", "adapter_output*", "add_version", "artifact_dir", "artifacts_dir", "cache_dir",
    "cwd", "default_root_dir", "exp_dir", "hf_home", "home", "log_dir", "log_file", "log_path",
    "logdir", "logging_dir", "logging_root", "logs_root", "out_dir", "outdir", "output",
    "output_*dir", "output_dir", "output_path", "output_root", "result_dir", "results_dir",
    "run_dir", "runs_dir", "save", "save_dir", "save_path", "tb_dir", "temp_dir", "tensorboard_dir",
    "tmp*_dir", "tmpdir", "torch_home", "transformers_cache", "triton_cache_dir", "wandb_dir",
    "wandb_save_dir", "work_dir", "workdir", "workspace",
    # What it is called, and what is said about it.
    "*wandb_run_name", "app_tag_run_name", "artifact_subdir", "display_name", "exp_id", "exp_name",
    "experiment_id", "experiment_name", "job_name", "run", "run_id", "run_name", "run_uuid",
    "session_id", "trial_id", "trial_name", "uuid", "vis_label", "wandb_exp_name", "wandb_group",
    "wandb_id", "wandb_name", "wandb_run_id", "wandb_version", "*experiment.key_deviations",
    "*experiment.question", "*experiment.runtime_settings", "comment", "description", "hypothesis",
    "notes", "purpose", "tags", "title",
    # When.
    "*_datetime", "*_runtime", "*_started", "*_timestamp", "completed_at", "create_time", "created",
    "created_at", "date", "datetime", "duration", "duration_*", "elapsed", "elapsed_*", "end_time",
    "ended_at", "finished", "finished_at", "generated_at", "modified", "modified_at", "mtime",
    "save_time", "saved_at", "start_time", "started", "started_at", "stopped", "timestamp",
    "total_time", "updated_at", "written_at",
    # On which machine, for whom, as which process.
    "*_job_id", "*_pid", "*hostfile", "account", "group_rank", "host", "host_name", "hostname",
    "ip", "ip_address", "job", "job_id", "jobid", "local_process_index", "local_rank", "machine",
    "mail_type", "mail_user", "master_addr", "master_address", "mkl_num_threads", "nccl_debug",
    "node_list", "node_name", "node_rank", "nodelist", "nodename", "omp_num_threads", "partition",
    "pid", "ppid", "rdzv_endpoint", "rdzv_id", "reservation", "server", "slurm_*",
    "slurmd_nodename", "tokenizers_parallelism", "user", "username",
)  # fmt: skip
"""Shell patterns over the last key in its plain form: whatever its value is, it is volatile."""

COUNTS = (
    "slurm_*nnodes", "slurm_*_per_node", "slurm_gpus*", "slurm_job_num_nodes", "slurm_nprocs",
    "slurm_ntasks*",
)  # fmt: skip
"""Of the keys above, those that say how much of a machine there was, which is never volatile."""

DEVICES = ("*visible_devices",)
"""Keys of lists of devices: which they are is volatile, how many is not."""

WHOLE_NUMBERS = ("master_port", "port", "*_port", "ports")
"""Keys that are volatile where both sides hold port numbers."""

INPUTS = (
    "*adapter*", "*annotation*", "*audio*", "*backbone*", "*caption*", "*checkpoint*", "*ckpt*",
    "*config*", "*corpora*", "*corpus*", "*critic*", "*data", "*data*set*", "*data_*", "*datas*",
    "*decoder*", "*deepspeed*", "*embedding*", "*encoder*", "*eval*", "*from", "*from_*", "*image*",
    "*init_from*", "*input*", "*instruction*", "*jsonl*", "*label*", "*load", "*load_*", "*lora*",
    "*merges*", "*model*", "*name_or_path", "*plugin*", "*pretrained*", "*processor*", "*prompt*",
    "*ref", "*ref_*", "*reference*", "*restore*", "*resume*", "*reward*", "*script*", "*source*",
    "*src*", "*teacher*", "*template*", "*test*", "*token*", "*train*", "*vae*", "*val", "*val_*",
    "*valid*", "*verifier*", "*video*", "*vocab*", "*weights*", "root",
)  # fmt: skip
"""Keys of what a run reads; a path under them is volatile only if it ends alike."""

OUTPUTS = ("*cache*", "*log*", "*out*", "*output*", "*save*", "*tensorboard*", "*tmp*")
"""Keys of what a run writes, whatever else they name."""

VALUES = (
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    r"\d{4}-\d\d-\d\d(?:[T _]\d\d[:\-]?\d\d(?:[:\-]?\d\d(?:[.,]\d+)?)?(?:Z|[+\-]\d\d[:\-]?\d\d)?)?",
    r"(?<!\d)20\d{6}[-_T]?\d{4,6}(?!\d)",
    r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\d\d_\d\d-\d\d-\d\d(?:_[\w.\-]+)?",
    r"(?<=://)[\w.\-]+(?::\d{2,5})?(?=/|$)",
    r"(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\d{1,3}(?:\.\d{1,3}){3}):\d{2,5}",
    r"(?<=0x)[0-9a-f]{6,16}",
)
"""Regular expressions of parts of texts; texts that are equal but for them are volatile."""

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
"""A day: of a run it says when, of a model or a data set which one."""

_GENERIC = re.compile(
    r"(?!.*\.(?:py|sh)$)[-_.\d]*(?:(?:adapter|annotations?|artifacts|base|best|captions?|checkpoint|ckpt|config"
    r"|corpus|data|dataset|dev|documents?|epoch|eval|examples?|final|full|hf|images?|index|info|input"
    r"|instances?|items?|iter|jsonl?|labels?|last|latest|main|manifest|meta|metadata|messages?|mini|model|of"
    r"|output|params|part|prompts?|pytorch|questions?|raw|records?|samples?|sft|shards?|splits?|step"
    r"|tables?|tests?|texts?|tokenizer|train|training|v|val|valid|validation|weights)[-_.\d]*){0,4}"
    r"(?:\.[a-z0-9]{1,12}){0,3}\Z"
)
_HOMES = ("home", "users")
"""Directories of the users of a machine."""
_PATH_KEY = re.compile(r"(?:^|_)(?:path|paths|dir|dirs|directory|file|files|filename|root|folder)$")
_ROOTED = re.compile(
    r"(?:[/~]|\.\.?[/\\]|[A-Za-z]:[/\\]|\\\\|file:|s3:|gs:|hdfs:|\$\{?[A-Z_]+\}?/)"
)
_RELATIVE = re.compile(r"[\w.@+=\-]+(?:[/\\][\w.@+=,\- ]+)+[/\\]?\Z")
_ENDING = re.compile(r"\.[A-Za-z][A-Za-z0-9]{0,7}\Z")
_TELLING = re.compile(r"^(?=.*[\d_\-.])(?=.*[A-Za-z]).{6,200}$")
_LONG_NAME = 8
"""Characters of a name from which on it is one wherever it stands."""
_OWN = (
    r"(?=[/\\_.\-]\S{0,200}?(?<![a-z])(?:artifacts|checkpoints?|ckpts?|epoch|iter|step)(?![a-z]))"
)
"""What follows the name of a run in a path to weights of its own."""
_TREE = (
    r"(?P<before>(?:^|[/\\])(?:experiments?|exps?|jobs?|logs?|outputs?|out|[\w\-]*projects?|results?|runs?"
    r"|work)[/\\](?:[^/\\\s]{1,100}[/\\]){0,3}?)"
)
"""What goes before the name of a run in a path to its own directory."""
_READ = re.compile(
    r"\.(?:arrow|bin|csv|gguf|h5|json|jsonl|npy|npz|parquet|pt|pth|ckpt|py|safetensors|sh|tar|tsv|txt"
    r"|ya?ml|zip)(?:\.(?:gz|zst))?\Z|[/\\](?:corpora|corpus|datasets?)[/\\]",
    re.IGNORECASE,
)
"""Paths that lead to data, weights or code whatever key they stand under."""
_SPOKEN = re.compile(r"(?:^|_)(?:chat|conversation|instruction|message|prompt|template)s?(?:_|$)")
"""Keys below which `user` is somebody who speaks."""
_MOST = 1_000
_LONGEST = 65_536
_MARK = "\0"


@dataclass(frozen=True)
class Volatile:
    """The table of what is volatile; patterns are over keys in their plain form."""

    keys: tuple[str, ...] = KEYS
    counts: tuple[str, ...] = COUNTS
    devices: tuple[str, ...] = DEVICES
    ports: tuple[str, ...] = WHOLE_NUMBERS
    inputs: tuple[str, ...] = INPUTS
    outputs: tuple[str, ...] = OUTPUTS
    values: tuple[str, ...] = VALUES
    never: tuple[str, ...] = field(default=())
    """Patterns over keys or whole fields that are always significant."""

    names_a: tuple[str, ...] = ()
    """Names of the first run, the longest first."""
    names_b: tuple[str, ...] = ()

    def of_runs(self, a: Iterable[str], b: Iterable[str]) -> Volatile:
        """The table for two runs that go by these names; short and plain words are not telling."""
        one, other = (
            tuple(sorted({name for name in names if _TELLING.search(name)}, key=len, reverse=True))
            for names in (a, b)
        )
        return replace(self, names_a=one, names_b=other)

    def extended(
        self,
        keys: tuple[str, ...] = (),
        values: tuple[str, ...] = (),
        never: tuple[str, ...] = (),
    ) -> Volatile:
        """The table with more entries; a pattern with a dot is over whole fields."""
        return replace(
            self,
            keys=self.keys + keys,
            values=self.values + values,
            never=self.never + never,
        )

    @cached_property
    def _keys(self) -> re.Pattern[str]:
        return _any(self.keys)

    @cached_property
    def _counts(self) -> re.Pattern[str]:
        return _any(self.counts)

    @cached_property
    def _devices(self) -> re.Pattern[str]:
        return _any(self.devices)

    @cached_property
    def _ports(self) -> re.Pattern[str]:
        return _any(self.ports)

    @cached_property
    def _inputs(self) -> re.Pattern[str]:
        return _any(self.inputs)

    @cached_property
    def _outputs(self) -> re.Pattern[str]:
        return _any(self.outputs)

    @cached_property
    def _never(self) -> re.Pattern[str]:
        return _any(self.never)

    @cached_property
    def _values(self) -> re.Pattern[str]:
        return re.compile("|".join(f"(?:{item})" for item in self.values), re.ASCII)

    def covers(self, path: Path, a: Side, b: Side) -> bool:
        """Whether a difference under a path says nothing about the outcome."""
        name, field_ = last(path), dotted(path).lower()
        if self.never and (self._never.match(name) or self._never.match(field_)):
            return False
        if self._counts.match(name):
            return False
        if self._keys.match(field_) or (self._keys.match(name) and not _spoken(path)):
            return True
        if self._devices.match(name):
            return isinstance(a, Missing) or isinstance(b, Missing) or _devices(a) == _devices(b)
        if self._ports.match(name):
            return _is_port(a) and _is_port(b)
        if isinstance(a, list) and isinstance(b, list):
            return 0 < len(a) == len(b) <= _MOST and all(map(partial(self._covers, path), a, b))
        return self._covers(path, a, b)

    def _covers(self, path: Path, a: Side, b: Side) -> bool:
        matters = self.is_input(path) or rank(path) < GOVERNING
        one = _anonymous(_text(a), self._names[0], own=matters)
        other = _anonymous(_text(b), self._names[1], own=matters)
        if one is None or other is None:
            there = one if other is None else other
            if there is None or not (isinstance(a, Missing) or isinstance(b, Missing)):
                return same_scalar(a, b)
            return is_path(there, last(path)) and not self._reads(path, there)
        return self._alike(path, one, other, dates=not matters)

    @cached_property
    def _names(self) -> tuple[tuple[_Name, ...], tuple[_Name, ...]]:
        return tuple(map(_Name, self.names_a)), tuple(map(_Name, self.names_b))

    def is_input(self, path: Path) -> bool:
        """Whether a path under these keys says what a run reads."""
        return not self._is_output(path) and any(map(self._inputs.match, words(path)[-2:]))

    def _is_output(self, path: Path) -> bool:
        return any(map(self._outputs.match, words(path)[-2:]))

    def _reads(self, path: Path, *paths: str) -> bool:
        """Whether these paths under these keys say what a run reads."""
        if self._is_output(path):
            return False
        return self.is_input(path) or all(map(_READ.search, paths))

    def _alike(self, path: Path, one: str, other: str, *, dates: bool) -> bool:
        """`dates`: whether texts may be of different days."""
        if len(one) > _LONGEST or len(other) > _LONGEST:
            return False
        if one == other:
            return True
        if is_path(one, last(path)) and is_path(other, last(path)):
            return not self._reads(path, one, other) or self.ends_alike(one, other)
        if self.neutral(one, dates=dates) == self.neutral(other, dates=dates):
            return True
        return self._same_words(one, other, dates=dates)

    def _same_words(self, one: str, other: str, *, dates: bool) -> bool:
        """Command lines and the like: equal word by word, but for paths."""
        left, right = one.split(), other.split()
        if len(left) < 2 or len(left) != len(right):
            return False
        return all(
            x == y
            or self.neutral(x, dates=dates) == self.neutral(y, dates=dates)
            or (_ROOTED.match(x) and _ROOTED.match(y) and self.ends_alike(x, y))
            for x, y in zip(left, right, strict=True)
        )

    def neutral(self, text: str, *, dates: bool = True) -> str:
        """A text without its volatile parts; without `dates`, days stay."""
        if dates:
            return self._values.sub(_MARK, text)
        return self._values.sub(
            lambda found: found[0] if _DATE.fullmatch(found[0]) else _MARK, text
        )

    def ends_alike(self, one: str, other: str) -> bool:
        """Whether two paths lead to the same under another root.

        Components such as `train.jsonl`, `v1` or `checkpoint-60` say nothing by themselves: there
        the ones before them count as well, up to one that does.
        """
        left, right = (self._parts(item) for item in (one, other))
        for ours, theirs in zip(reversed(left), reversed(right), strict=False):
            if ours != theirs:
                return False
            if not _GENERIC.match(ours.lower()):
                return True
        return False

    def _parts(self, text: str) -> list[str]:
        parts = [part for part in text.replace("\\", "/").split("/") if part not in ("", ".")]
        if len(parts) > 1 and parts[0].lower() in _HOMES:
            parts[1] = _MARK
        return [self.neutral(part, dates=False) for part in parts]


def is_path(text: str, key: str = "") -> bool:
    """Whether a text is a path: rooted, or relative with an ending or under a key for paths."""
    if "\n" in text or len(text) > _LONGEST:
        return False
    if _ROOTED.match(text):
        return " -" not in text
    if not _RELATIVE.match(text):
        return bool(_PATH_KEY.search(key)) and " " not in text
    return bool(_PATH_KEY.search(key) or _ENDING.search(text))


def _is_port(value: Side) -> bool:
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return text.isascii() and text.isdigit() and len(text) <= 5 and 1_024 <= int(text) <= 65_535


def _text(value: Side) -> str | None:
    if isinstance(value, Missing):
        return None
    if isinstance(value, Tagged):
        return value.value if value.type in ("argument", "unresolved") else None
    return value if isinstance(value, str) else None


def _spoken(path: Path) -> bool:
    return any(map(_SPOKEN.search, words(path)[:-1]))


def _devices(value: Side) -> int:
    """How many devices a text or a list names."""
    if isinstance(value, list):
        return len(value)
    return len(str(value.value if isinstance(value, Tagged) else value).split(","))


class _Name:
    """Where the name of a run stands in texts."""

    def __init__(self, name: str) -> None:
        escaped = re.escape(name)
        if len(name) < _LONG_NAME:
            escaped = rf"(?<![A-Za-z0-9]){escaped}(?![A-Za-z0-9])"
        self.name = name
        self.anywhere = re.compile(escaped)
        self.own = re.compile(escaped + _OWN)
        self.tree = re.compile(_TREE + escaped + r"(?=[/\\])")


def _anonymous(text: str | None, names: tuple[_Name, ...], *, own: bool) -> str | None:
    """A text without the names of the run that it is of.

    With `own`, only where something of the run itself is meant: the run may be called after its
    data or its model.
    """
    if text is None or len(text) > _LONGEST:
        return text
    for item in names:
        if item.name not in text:
            continue
        if own:
            text = item.own.sub(_MARK, text)
            text = item.tree.sub(rf"\g<before>{_MARK}", text)
        else:
            text = item.anywhere.sub(_MARK, text)
    return text


def _any(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(translate(item.lower()) for item in patterns) or r"(?!)")
