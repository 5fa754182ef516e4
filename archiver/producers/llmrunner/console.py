"""What LLMRunner's terminal output says, line by line: preparations, runs, their steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from archiver.codecs.lines import LineTally
from archiver.model.times import Instant
from archiver.producers.llmrunner import layout


class Remark(NamedTuple):
    """One thing that happened, in the order of the lines."""

    line: int
    time: Instant | None
    kind: str
    subject: str
    detail: str


@dataclass
class Copied:
    """One copy of raw data, as its lines told it."""

    line: int
    kind: str
    config: str
    source: str = ""
    destination: str = ""
    mode: str = ""
    copied: int | None = None
    skipped: int | None = None


@dataclass
class Prepare:
    """One preparation: what it copied and merged."""

    line: int
    copies: dict[tuple[str, str], Copied] = field(default_factory=dict)


@dataclass
class Execution:
    """One step as it was run once."""

    id: str
    type: str
    line: int
    started: Instant | None
    ended: Instant | None = None
    end_line: int = 0
    outcome: str = ""
    """`done`, `failed`, or empty where neither line stands."""
    exit_code: int | None = None

    @property
    def exit(self) -> str:
        """Its exit code in words."""
        code = self.exit_code
        return f"exit code {code}" if code is not None else "no exit code"


@dataclass
class Run:
    """One call of the runner."""

    line: int
    id: str
    workdir: str
    pool: str
    dry: bool
    started: Instant | None
    finished: Instant | None = None
    finish_line: int = 0
    executions: list[Execution] = field(default_factory=list)
    skipped: dict[str, tuple[int, str]] = field(default_factory=dict)


@dataclass
class Merged:
    """One line about the file that the data of a stage is merged into."""

    line: int
    kind: str
    path: str
    existed: bool
    shuffle: str


@dataclass
class Console:
    """Everything that the runner said."""

    tally: LineTally
    first: tuple[int, Instant] | None = None
    last: tuple[int, Instant] | None = None
    config_dir: tuple[int, str] | None = None
    pool: tuple[int, str] | None = None
    prepares: list[Prepare] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    merges: list[Merged] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    warnings: list[tuple[int, str]] = field(default_factory=list)
    clashes: int = 0
    clashes_cut: int = 0
    own: int = 0
    """Lines of the runner itself."""
    traceback: tuple[int, str] | None = None
    """Line and last line of a traceback outside of any step."""
    plans: int = 0
    """Commands that a dry run printed."""

    @property
    def real(self) -> list[Run]:
        """The runs that executed their steps, oldest first."""
        return [run for run in self.runs if not run.dry]

    @property
    def executions(self) -> dict[str, list[Execution]]:
        """Step -> its executions in real runs, oldest first."""
        found: dict[str, list[Execution]] = {}
        for run in self.real:
            for one in run.executions:
                found.setdefault(one.id, []).append(one)
        return found

    def copies(self) -> Iterator[tuple[Copied, list[Copied]]]:
        """Each source as the first preparation copied it, and what later ones found of it."""
        found: dict[tuple[str, str], list[Copied]] = {}
        for prepare in self.prepares:
            for key, copy in prepare.copies.items():
                found.setdefault(key, []).append(copy)
        for first, *later in found.values():
            yield first, later

    @property
    def root(self) -> str:
        """LLMRunner's root on the machine that ran it; empty where no line tells."""
        config_dir = self.config_dir[1] if self.config_dir else ""
        return layout.root_of(config_dir) or _root_above(self)


def _root_above(console: Console) -> str:
    """LLMRunner's root where a standard place below it was printed."""
    texts = [(console.pool[1] if console.pool else "", "/datapool")]
    texts += [(run.workdir, "/.llmrunner") for run in console.runs[:1]]
    for text, tail in texts:
        head, found, rest = text.rstrip("/").partition(tail)
        if found and head and (not rest or rest.startswith("/")):
            return head
    return ""
