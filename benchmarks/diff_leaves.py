"""CPU time of comparing two large configurations: ours against a plain DeepDiff script.

Whole processes with their imports, both reading the same two JSON files: 50,000 leaves of which
1 % changed, and 10,000 list items in another order.
"""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
from pathlib import Path

from collect import median, run

REPEAT = 5
SEED = 7
LEAVES, ITEMS = 50_000, 10_000

OURS = """
import json, sys
from pathlib import Path
from archiver.diff.comparing import compare
from archiver.diff.options import RunData
from archiver.model.claims import Location
from archiver.model.differences import Compared
from archiver.model.record import Config, Coverage, RunIdentity, RunRecord
def run(path):
    values = json.loads(Path(path).read_bytes())
    config = Config(at=Location(path), id="c", role="resolved", format="json", values=values)
    identity = RunIdentity(path, "x", (), {}, path, "")
    record = RunRecord(identity, Coverage(0, 0, 0, 0, 0, 0, {}), configs=(config,))
    return RunData(compared=Compared(path, path, "x", (), ""), record=record)
print(len(compare(run(sys.argv[1]), run(sys.argv[2])).differences))
"""
THEIRS = """
import json, sys
from pathlib import Path
from deepdiff import DeepDiff
a, b = (json.loads(Path(path).read_bytes()) for path in sys.argv[1:3])
print(sum(map(len, DeepDiff(a, b, ignore_order=sys.argv[3:] == ["order"]).values())))
"""


def main() -> None:
    """Print a line per case and side, and the ratio of their CPU times."""
    # A process that may not keep its compiled modules pays for them every time.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory() as directory:
        for name, options, (a, b) in (
            ("50,000 leaves, 1 % changed", (), leaves()),
            ("10,000 shuffled items", ("order",), shuffled()),
        ):
            paths = [str(Path(directory, f"{side}.json")) for side in "ab"]
            for path, value in zip(paths, (a, b), strict=True):
                Path(path).write_text(json.dumps(value), "utf-8")
            ours = median([run("-c", OURS, *paths) for _ in range(REPEAT)])
            theirs = median([run("-c", THEIRS, *paths, *options) for _ in range(REPEAT)])
            print(f"{name:<28} runarchive {ours.cpu:6.3f} s CPU {ours.memory:6.0f} MB")
            print(f"{name:<28} DeepDiff   {theirs.cpu:6.3f} s CPU {theirs.memory:6.0f} MB")
            print(f"{name:<28} ratio      {ours.cpu / theirs.cpu:6.3f}")
            sys.stdout.flush()


def leaves() -> tuple[object, object]:
    """Nested objects of numbers, 1 % of which are others on the second side."""
    chance = random.Random(SEED)  # noqa: S311 - the same numbers every time
    a = {
        f"section_{outer}": {f"setting_{inner}": chance.random() for inner in range(LEAVES // 500)}
        for outer in range(500)
    }
    b = {name: dict(section) for name, section in a.items()}
    places = [(outer, inner) for outer, section in b.items() for inner in section]
    for outer, inner in chance.sample(places, LEAVES // 100):
        b[outer][inner] = chance.random()
    return a, b


def shuffled() -> tuple[object, object]:
    """Objects that nothing identifies, in another order on the second side, and one changed."""
    chance = random.Random(SEED)  # noqa: S311 - the same numbers every time
    items = [{"weight": place, "source": [place, f"shard-{place % 97}"]} for place in range(ITEMS)]
    others = [*items]
    chance.shuffle(others)
    others[17] = {"weight": -1, "source": [0, "shard-x"]}
    return {"mixture": items}, {"mixture": others}


if __name__ == "__main__":
    main()
