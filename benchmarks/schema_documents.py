"""5,000 small provenance documents against their schema: runarchive, check-jsonschema, ajv-cli.

    python benchmarks/schema_documents.py [--repeat N] [--documents N] [--ajv AJV]

Each side is one process over all files, start-up included; CPU is user + system time, the median of
the repetitions. `check-jsonschema` is looked for on the path, and so is `ajv` of ajv-cli (or give
`--ajv node_modules/.bin/ajv`); one that is not there is left out.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

import workload
from collect import Cost, median, run, spawn

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = "coordexp.effective_runtime"


def main() -> None:
    """Measure every side that is there and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--documents", type=int, default=5_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--ajv", default=shutil.which("ajv"))
    parser.add_argument("--check-jsonschema", default=shutil.which("check-jsonschema"))
    chosen = parser.parse_args()
    schema = str(ROOT / "schemas" / f"{SCHEMA}.v1.json")
    with tempfile.TemporaryDirectory(prefix="runarchive-bench-") as folder:
        files = workload.provenance(Path(folder), chosen.documents)
        print(f"{len(files):,} documents of {files[0].stat().st_size:,} bytes, {SCHEMA}")
        sides: dict[str, list[Cost]] = {"runarchive": [], "check-jsonschema": [], "ajv-cli": []}
        for _ in range(chosen.repeat):
            command = ["-m", "archiver", "validate", "--schema", SCHEMA]
            sides["runarchive"].append(run(*command, *map(str, files)))
            if chosen.check_jsonschema:
                command = [chosen.check_jsonschema, "--schemafile", schema]
                sides["check-jsonschema"].append(spawn([*command, *map(str, files)]))
            if chosen.ajv:
                command = [chosen.ajv, "validate", "--spec=draft2020", "--strict=false"]
                sides["ajv-cli"].append(spawn([*command, "-s", schema, "-d", f"{folder}/*.json"]))
    report(sides)


def report(sides: dict[str, list[Cost]]) -> None:
    """Print each side's cost, and the first's as a share of it."""
    first = median(next(iter(sides.values())))
    for name, costs in sides.items():
        if not costs:
            print(f"  {name:<24} is not installed", file=sys.stderr)
            continue
        cost = median(costs)
        share = first.cpu / cost.cpu
        print(f"  {name:<24} {cost.cpu:8.2f} s CPU {cost.memory:8.0f} MB   ratio {share:.3f}")


if __name__ == "__main__":
    main()
