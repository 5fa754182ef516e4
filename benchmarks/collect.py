"""`runarchive collect`, whole process, against what a user would read the same file with.

    python benchmarks/collect.py [--case NAME ...] [--repeat N] [--json FILE]

Each side is a process of its own, its imports included; CPU is user + system time, the median of
the repetitions; memory is the peak resident set. Only the ratios mean anything.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import workload

PANDAS = """
import sys, pandas
frame = pandas.read_json(sys.argv[1], lines=True)
assert len(frame) > 1
"""
ACCUMULATOR = """
import sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
events = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0})
events.Reload()
assert events.Tags()["scalars"]
"""
CSV = """
import sys, pandas
frame = pandas.read_csv(sys.argv[1])
assert len(frame) > 1
"""
WANDB = """
import json, struct, sys
from wandb.proto import wandb_internal_pb2
data, at, rows, parts = open(sys.argv[1], "rb").read(), 7, [], []
while at + 7 <= len(data):
    left = 32768 - at % 32768
    if left < 7:
        at += left
        continue
    _, length, kind = struct.unpack_from("<IHB", data, at)
    parts.append(data[at + 7 : at + 7 + length])
    at += 7 + length
    if kind in (1, 4):
        record = wandb_internal_pb2.Record.FromString(b"".join(parts))
        parts = []
        if record.HasField("history"):
            rows.append(
                {i.key or "/".join(i.nested_key): json.loads(i.value_json)
                 for i in record.history.item}
            )
assert len(rows) > 1
"""
MEGATRON = r"""
import re, sys
line = re.compile(r"iteration\s+(\d+)/\s*\d+ \|")
pair = re.compile(r"([a-zA-Z][\w /()]*): *([-+\d.eE]+|nan|inf) *\|")
rows = []
for text in open(sys.argv[1], encoding="utf-8"):
    head = line.search(text)
    if head:
        rows.append({"step": int(head[1]), **{k: float(v) for k, v in pair.findall(text)}})
assert len(rows) > 1
"""


@dataclass(frozen=True, slots=True)
class Case:
    """One file, and the reader that a user would otherwise pick for it."""

    make: Callable[[Path, int], Path]
    size: int
    rival: str
    script: str


CASES = {
    "log": Case(workload.ms_swift, 166_667, "pandas.read_json(lines=True)", PANDAS),
    "log-rows": Case(workload.ms_swift, 1_000_000, "pandas.read_json(lines=True)", PANDAS),
    "events": Case(workload.events, 1_000_000, "EventAccumulator", ACCUMULATOR),
    "lightning": Case(workload.lightning, 500_000, "pandas.read_csv", CSV),
    "wandb": Case(workload.wandb, 250_000, "wandb's own messages", WANDB),
    "megatron": Case(workload.megatron, 100_000, "a regular expression per field", MEGATRON),
}
"""`log`: a million points in 166,667 rows; `log-rows`: a million rows; `events`: scalars.

`lightning`: a million points in half a million rows; `wandb`: a million in 250,000 records, read by
its framing with the vendor's messages, as its Python package has no reader of its own any more;
`megatron`: nearly a million in 100,000 lines.
"""
DEFAULT = ("log", "events")


@dataclass(frozen=True, slots=True)
class Cost:
    """Median CPU seconds and peak megabytes of a process."""

    cpu: float
    memory: float


def main() -> None:
    """Measure the chosen cases and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--case", action="append", choices=[*CASES])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--json", type=Path, help="write the figures there, too")
    chosen = parser.parse_args()
    figures = {name: measure(name, chosen.repeat) for name in chosen.case or DEFAULT}
    if chosen.json:
        chosen.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


def measure(name: str, repeat: int) -> dict[str, float]:
    """Both sides of one case, turn by turn."""
    case = CASES[name]
    with tempfile.TemporaryDirectory(prefix="runarchive-bench-") as folder:
        file = case.make(Path(folder, "run"), case.size)
        ours: list[Cost] = []
        theirs: list[Cost] = []
        for turn in range(repeat):
            archives = str(Path(folder, f"archives-{turn}"))
            ours.append(run("-m", "archiver", "collect", str(file.parent), "-o", archives))
            theirs.append(run("-W", "ignore", "-c", case.script, str(file)))
    left, right = median(ours), median(theirs)
    print(f"{name}: {case.size:,} {'events' if name == 'events' else 'rows'}")
    print(f"  {'runarchive collect':<30} {left.cpu:8.2f} s CPU {left.memory:8.0f} MB")
    print(f"  {case.rival:<30} {right.cpu:8.2f} s CPU {right.memory:8.0f} MB")
    ratios = {"cpu": left.cpu / right.cpu, "memory": left.memory / right.memory}
    print(f"  ratio                          {ratios['cpu']:8.2f}       {ratios['memory']:8.2f}")
    return ratios


def median(costs: list[Cost]) -> Cost:
    """Medians of both figures."""
    cpu = statistics.median(cost.cpu for cost in costs)
    return Cost(cpu, statistics.median(cost.memory for cost in costs))


def run(*arguments: str) -> Cost:
    """One process of this Python, with what it printed thrown away."""
    return spawn([sys.executable, *arguments])


def spawn(command: list[str]) -> Cost:
    """One process, with what it printed thrown away."""
    null = os.open(os.devnull, os.O_WRONLY)
    actions = [(os.POSIX_SPAWN_DUP2, null, 1)]
    child = os.posix_spawn(command[0], command, os.environ, file_actions=actions)
    os.close(null)
    _, status, usage = os.wait4(child, 0)
    if status:
        sys.exit(f"failed: {' '.join(command)[:200]}")
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


if __name__ == "__main__":
    main()
