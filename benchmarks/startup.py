"""CPU time of short commands, whole process: `runarchive` against other tools' `--help`.

    python benchmarks/startup.py [--rival PATH] [--repeat N]

Medians of runs that alternate, so that what else the machine does weighs on all alike. Modules are
compiled beforehand: without that every figure would be that of the compiler.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path

from collect import Cost, median, spawn

READERS = Path(__file__).resolve().parent.parent / "fixtures" / "readers"
SMALL = READERS / "coordexp_run_metadata/ms-swift-checkout/input/run_metadata.json"
"""One small artifact that nothing is wrong with."""
RIVAL = "check-jsonschema --help"


def main() -> None:
    """Print a line per command, with its ratio to the rival's where there is one."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rival", default=shutil.which("check-jsonschema"))
    parser.add_argument("--repeat", type=int, default=11)
    chosen = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    calls = commands(chosen.rival)
    for call in calls.values():
        spawn(call)
    costs: dict[str, list[Cost]] = {name: [] for name in calls}
    for _ in range(chosen.repeat):
        for name, call in calls.items():
            costs[name].append(spawn(call))
    medians = {name: median(found) for name, found in costs.items()}
    rival = medians.get(RIVAL)
    for name, cost in medians.items():
        ratio = f" {cost.cpu / rival.cpu:6.2f}" if rival else ""
        print(f"{name:<32} {cost.cpu:6.3f} s CPU {cost.memory:6.0f} MB{ratio}")


def commands(rival: str | None) -> dict[str, list[str]]:
    """What is measured, by the name that it is printed with."""
    runarchive = [sys.executable, "-m", "archiver"]
    found = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "runarchive --help": [*runarchive, "--help"],
        "runarchive collect --help": [*runarchive, "collect", "--help"],
        "runarchive rules": [*runarchive, "rules"],
        "runarchive validate --schema": [
            *runarchive, "validate", "--schema", "coordexp.run_metadata", str(SMALL),
        ],
        "runarchive validate": [*runarchive, "validate", str(SMALL)],
    }  # fmt: skip
    return {**found, RIVAL: [rival, "--help"]} if rival else found


if __name__ == "__main__":
    main()
