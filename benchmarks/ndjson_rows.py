"""1,000,000 NDJSON rows against the schema of a row: runarchive and the ajv library.

    python benchmarks/ndjson_rows.py --modules DIR [--repeat N] [--rows N]

`DIR` is a directory in which `npm install ajv` was run; without it there is nothing to compare
with. Each side is a process of its own that reads, parses and judges every row; CPU is user +
system time, the median of the repetitions.
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
SCHEMA = "ms_swift.logging"
OURS = """
import sys
from archiver.codecs.ndjson import NdjsonStream
from archiver.schemacheck import checker
from archiver.schemacheck.rows import RowChecker
def chunks():
    with open(sys.argv[2], "rb") as file:
        while data := file.read(1 << 20):
            yield data
checked = RowChecker(checker.checker(sys.argv[1])).check(NdjsonStream(chunks()))
assert checked.rows and not checked.refused, (checked.rows, checked.refused)
"""
AJV = """
const fs = require("fs");
const Ajv = require(process.argv[1] + "/node_modules/ajv/dist/2020").default;
const schema = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
const judge = new Ajv({ strict: false }).compile(schema);
let rows = 0, refused = 0, rest = "";
const stream = fs.createReadStream(process.argv[3], { encoding: "utf8", highWaterMark: 1 << 20 });
stream.on("data", (chunk) => {
  const lines = (rest + chunk).split("\\n");
  rest = lines.pop();
  for (const line of lines) { rows++; if (!judge(JSON.parse(line))) refused++; }
});
stream.on("end", () => { process.exitCode = !rows || refused ? 1 : 0; });
"""


def main() -> None:
    """Measure both sides and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--modules", type=Path, help="where `npm install ajv` was run")
    chosen = parser.parse_args()
    node = shutil.which("node")
    schema = str(ROOT / "schemas" / f"{SCHEMA}.v1.json")
    with tempfile.TemporaryDirectory(prefix="runarchive-bench-") as folder:
        file = workload.ms_swift(Path(folder, "run"), chosen.rows)
        print(f"{chosen.rows:,} rows, {file.stat().st_size / 1e6:,.0f} MB, {SCHEMA}")
        ours: list[Cost] = []
        theirs: list[Cost] = []
        for _ in range(chosen.repeat):
            ours.append(run("-c", OURS, SCHEMA, str(file)))
            if node and chosen.modules:
                modules = str(chosen.modules.resolve())
                theirs.append(spawn([node, "-e", AJV, modules, schema, str(file)]))
    left = tell("runarchive", ours, chosen.rows)
    if not theirs:
        sys.exit("  node or its module ajv is not there: nothing to compare with")
    print(f"  ratio of rates                {left / tell('ajv', theirs, chosen.rows):8.2f}")


def tell(name: str, costs: list[Cost], rows: int) -> float:
    """Print a side's cost; its rows per CPU second."""
    cost = median(costs)
    rate = rows / cost.cpu
    print(f"  {name:<12} {cost.cpu:8.2f} s CPU {cost.memory:8.0f} MB {rate:12,.0f} rows/s")
    return rate


if __name__ == "__main__":
    main()
