r"""Console output of one SLURM job that trains with torchtune or evaluates with inspect-ai.

Training draws a progress bar: `<epoch>|<step>|Loss: <float32 as a double>`, both from 1, at most
every tenth of a second, so that steps are missing; a bar that is closed late repeats an older one.
`Validation loss: 1.2345` is glued to it. The configuration is dumped once, resolved, keys sorted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from archiver.limits import Limits
from archiver.model.times import Instant, parse_iso

_FLOAT = rb"[-+]?(?:\d{1,40}(?:\.\d{0,40})?(?:e[-+]?\d{1,4})?|nan|inf)"
_LOSS = re.compile(rb"(?<!\d)(\d{1,9})\|(\d{1,15})\|Loss: (" + _FLOAT + rb")(?=[:\s])")
_VALIDATION = re.compile(rb"Validation loss: (" + _FLOAT + rb")(?!\S)")
_RECIPE = re.compile(rb"(?:^|:)\s?Running (\w{1,100}) with resolved config:")
_NO_YAML = re.compile(rb"(?![\w.]{1,200}:(?:\s|$)|[ \-'\"#]|$)")
_METRIC_LOG = re.compile(rb"Writing logs to (\S{1,4000}/log_(\d{9,11})\.txt)")
_MEMORY = re.compile(rb"GPU peak memory (\w{1,20})[^:\n]{0,20}: ([\d.]{1,20}) GiB")
_WANDB = re.compile(rb"wandb:\s{1,200}(\w[\w/.-]{0,100}) (" + _FLOAT + rb")\s*\Z")
_SAVED = re.compile(rb"Checkpoint saved in [\d.]{1,20} seconds")
_FINAL = b"Saving final epoch checkpoint"
_TRACEBACK = b"Traceback (most recent call last):"
_RANK = re.compile(rb"\[rank\d{1,6}\]:\s?")
_MEMORY_ERROR = re.compile(
    rb"(?:torch\.(?:cuda\.)?OutOfMemoryError|CUDA out of memory|Detected \d{1,9} oom[_-]kill event)"
)
_EXIT = re.compile(rb"srun: error: \S{1,200}: tasks? [\d,-]{1,200}: (.{1,200})")
_EXIT_CODE = re.compile(rb"Exited with exit code (\d{1,6})")
_DEATH = re.compile(
    rb"slurmstepd: error: \*\*\* (?:JOB|STEP) (\S{1,60}) ON (\S{1,200}) CANCELLED AT (\S{1,40})"
    rb"(?: DUE TO ([A-Z ]{1,60})[^*]{0,100})?(?:\s?\*\*\*|\s*\Z)"
)
_SAMPLES = re.compile(rb"(\S.{0,200}) \((\d{1,9}) samples?\): \S")
_TOTAL_TIME = re.compile(rb"total time:\s{1,60}(\d{1,6}):(\d\d):(\d\d)")
_TOKENS = re.compile(
    rb"(\S{1,200})\s{1,60}([\d,]{1,30}) tokens \[I: ([\d,]{1,30}),.{0,100} O: ([\d,]{1,30})"
)
_CLOCKED = re.compile(rb"(real|user|sys)\s{1,20}(\d{1,12}(?:\.\d{1,9})?)\s*\Z")
_LOG_ENDS = (".eval", ".json")
_LOG_PIECES = 6
_TOTALS_BYTES = 2_000
"""Of a line with totals, which has less than two hundred."""
_RECENT = 64
_KEPT = 200


class Point(NamedTuple):
    """One measurement of a progress bar."""

    validation: bool
    epoch: int | None
    """From 1, as written."""
    step: int | None
    value: float


class Death(NamedTuple):
    """The scheduler's note that it ended the job."""

    line: int
    host: str
    time: Instant | None
    reason: str
    """`TIME LIMIT`, `NODE FAILURE`, ...; empty where somebody cancelled it."""


@dataclass
class Console:
    """What a console says, taken piece by piece."""

    limits: Limits
    recipe: str = ""
    recipe_line: int = 0
    config: list[bytes] = field(default_factory=list)
    config_line: int = 0
    metric_log: str = ""
    metric_log_start: int = 0
    metric_log_line: int = 0
    memory: dict[str, float] = field(default_factory=dict)
    wandb: dict[str, float] = field(default_factory=dict)
    death: Death | None = None
    exit_code: int | None = None
    exit_line: int = 0
    out_of_memory: tuple[int, str] | None = None
    finished: int | None = None
    """Line on which the checkpoint of the last epoch was saved."""
    first_step: int | None = None
    last_step: int | None = None
    last_line: int = 0
    points: int = 0
    redrawn: int = 0
    """Measurements that were drawn again."""
    traceback: list[bytes] = field(default_factory=list)
    traceback_line: int = 0
    # Of an evaluation.
    samples: tuple[str, int] | None = None
    log: str = ""
    totals: dict[str, float] = field(default_factory=dict)
    _recent: dict[tuple[bool, int | None], float] = field(default_factory=dict)
    _in_config: bool = False
    _config_bytes: int = 0
    _traceback_bytes: int = 0
    _final: bool = False
    _log_pieces: int = 0

    @property
    def trains(self) -> bool:
        """Whether anything shows a training."""
        return bool(self.recipe or self.points or self.metric_log)

    @property
    def evaluates(self) -> bool:
        """Whether anything shows an evaluation."""
        return not self.trains and bool(self.samples or self.log or "total_time_sec" in self.totals)

    def take(self, line: int, piece: bytes) -> Iterator[Point]:
        """One piece of the console; the measurements in it that are new."""
        if self._in_config and self._continues(piece):
            return
        if b"oss: " in piece:
            yield from self._progress(line, piece)
        if b"Running " in piece:
            self._banner(line, piece)
        if b"Trace" in piece or self.traceback:
            self._follow(line, piece)
        self._training(line, piece)
        self._scheduler(line, piece)
        self._evaluation(piece)

    def _continues(self, piece: bytes) -> bool:
        """Whether a piece still belongs to the dump of the configuration."""
        self._config_bytes += len(piece) + 1
        if _NO_YAML.match(piece) or self._config_bytes > self.limits.yaml_bytes:
            self._in_config = False
            return False
        self.config.append(piece)
        return True

    def _banner(self, line: int, piece: bytes) -> None:
        match = _RECIPE.search(piece)
        if match is not None:
            self.recipe, self.recipe_line = match[1].decode(), line
            self.config, self.config_line = [], line + 1
            self._in_config, self._config_bytes = True, 0

    def _progress(self, line: int, piece: bytes) -> Iterator[Point]:
        for match in _LOSS.finditer(piece):
            step = int(match[2])
            yield from self._new(Point(False, int(match[1]), step, float(match[3])), line)  # noqa: FBT003
        for match in _VALIDATION.finditer(piece):
            yield from self._new(Point(True, None, self.last_step, float(match[1])), line)  # noqa: FBT003

    def _new(self, point: Point, line: int) -> Iterator[Point]:
        place = (point.validation, point.step)
        known = self._recent.get(place)
        if known is not None and (known == point.value or known != known):  # noqa: PLR0124
            self.redrawn += 1
            return
        if len(self._recent) >= _RECENT:
            del self._recent[next(iter(self._recent))]
        self._recent[place] = point.value
        self.points += 1
        # Work goes on, so that an exception before it was handled.
        self.traceback, self.out_of_memory = [], None
        if point.step is not None and not point.validation:
            if self.first_step is None:
                self.first_step = point.step
            self.last_step, self.last_line = point.step, line
        yield point

    def _follow(self, line: int, piece: bytes) -> None:
        """Keep what is printed from a traceback on."""
        start = piece.find(_TRACEBACK)
        if start >= 0:
            self.traceback, self.traceback_line = [piece[start:]], line
            self._traceback_bytes = 0
        elif self.traceback and self._traceback_bytes < self.limits.traceback_bytes:
            text = _RANK.sub(b"", piece, count=1)
            self.traceback.append(text)
            self._traceback_bytes += len(text) + 1

    def _training(self, line: int, piece: bytes) -> None:
        if b"Writing logs to " in piece:
            match = _METRIC_LOG.search(piece)
            if match is not None:
                self.metric_log = match[1].decode("utf-8", "replace")
                self.metric_log_start, self.metric_log_line = int(match[2]), line
        elif b"GPU peak memory " in piece:
            match = _MEMORY.search(piece)
            if match is not None and match[2].count(b".") <= 1 and match[2] != b".":
                self.memory[match[1].decode()] = float(match[2])
        elif piece.startswith(b"wandb:"):
            match = _WANDB.match(piece)
            if match is not None and len(self.wandb) < _KEPT:
                self.wandb[match[1].decode()] = float(match[2])
        elif _FINAL in piece:
            self._final = True
        elif self._final and _SAVED.search(piece):
            self.finished = line

    def _scheduler(self, line: int, piece: bytes) -> None:
        if b"slurmstepd: " in piece:
            match = _DEATH.search(piece)
            if match is not None:
                time = parse_iso(match[3].decode("utf-8", "replace"))
                reason = (match[4] or b"").decode().strip()
                self.death = Death(line, match[2].decode("utf-8", "replace"), time, reason)
        elif piece.startswith(b"srun: error: "):
            match = _EXIT.match(piece)
            code = _EXIT_CODE.search(match[1]) if match else None
            if code is not None:
                self.exit_code, self.exit_line = int(code[1]), line
        if _MEMORY_ERROR.search(piece):
            text = _RANK.sub(b"", piece, count=1).decode("utf-8", "replace").strip()
            self.out_of_memory = (line, text[:2000])

    def _evaluation(self, piece: bytes) -> None:
        if self._log_pieces:
            self._continue_log(piece.decode("utf-8", "replace").strip())
        elif piece.startswith(b"Log:"):
            self.log, self._log_pieces = "", _LOG_PIECES
            self._continue_log(piece[4:].decode("utf-8", "replace").strip())
        elif b" samples" in piece or b" sample)" in piece:
            match = _SAMPLES.match(piece)
            if match is not None:
                self.samples = (match[1].decode("utf-8", "replace"), int(match[2]))
        elif b"total time:" in piece or b" tokens [" in piece:
            self._totals(piece)
        elif piece.startswith((b"real", b"user", b"sys")):
            match = _CLOCKED.match(piece)
            if match is not None:
                self.totals[f"{match[1].decode()}_sec"] = float(match[2])

    def _continue_log(self, text: str) -> None:
        """The log's path, which a narrow display breaks into several lines."""
        self.log += text
        self._log_pieces -= 1
        if self.log.endswith(_LOG_ENDS):
            self._log_pieces = 0
        elif not self._log_pieces:
            self.log = ""

    def _totals(self, piece: bytes) -> None:
        match = _TOTAL_TIME.search(piece)
        if match is not None:
            hours, minutes, seconds = (int(part) for part in match.groups())
            self.totals["total_time_sec"] = float(hours * 3600 + minutes * 60 + seconds)
        match = _TOKENS.search(piece[:_TOTALS_BYTES])
        if match is not None:
            for name, number in zip(("total", "input", "output"), match.groups()[1:], strict=True):
                digits = number.replace(b",", b"")
                if digits:
                    self.totals[f"{name}_tokens"] = float(digits)
