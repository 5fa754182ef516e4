"""pandas and this program read the same numbers from the tables of the fixtures."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

TABLES = Path(__file__).resolve().parents[2] / "fixtures" / "readers"
CASES = [
    "lightning_metrics_csv/clean/input",
    "generic_table/clean/input",
    "generic_table/epochs/input",
]


def by_pandas(path: Path) -> dict[str, list[float]]:
    """Column -> its numbers in file order, as text so that NaN equals NaN."""
    separator = "\t" if path.suffix == ".tsv" else ","
    # Blank cells hold nothing; `nan` is a number that was written.
    frame = pd.read_csv(io.BytesIO(path.read_bytes()), sep=separator, keep_default_na=False)
    found = {}
    for name in frame.columns:
        cells = [text for text in frame[name].astype(str) if text.strip()]
        numbers = pd.to_numeric(pd.Series(cells), errors="coerce")
        if cells and numbers.notna().any():
            found[str(name)] = [float(text) for text in cells]
    return found


@pytest.mark.parametrize("case", CASES)
def test_every_number_of_a_table(case: str, collected_all: Callable[..., list[Path]]) -> None:
    """Each measured column holds the very numbers, in the order in which they stand."""
    table = pd.concat(
        pq.read_table(archive / "metrics.parquet").to_pandas()
        for archive in collected_all(TABLES / case)
    )
    checked = 0
    for path in sorted((TABLES / case).rglob("*.?sv")):
        rows = table[table["source"].str.endswith(path.name)]
        for name, numbers in by_pandas(path).items():
            values = rows[rows["key"] == name]["value"].tolist()
            if values:
                assert sorted(map(repr, values)) == sorted(map(repr, numbers)), name
                checked += 1
    assert checked > 0, json.dumps(sorted(table["key"].unique()))
