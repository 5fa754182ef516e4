"""Nothing tells which state of the data was read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from archiver.model.claims import Location, Origin
from archiver.model.findings import Finding, RunFindings
from archiver.model.record import Dataset, Digest
from tests.rules.made import copied, hits, told

Audit = Callable[..., RunFindings]
Compare = Callable[[RunFindings, RunFindings], list[Finding]]

NAME = "unfingerprinted-data"


def data(path, **marks):
    """Data that an artifact names."""
    return Dataset(at=Location("args.json", f"/{path}"), role="train", path=path, **marks)


def test_any_mark_is_enough():
    """A digest, a size or a count of lines, in any of the records of a path."""
    digest = Digest("sha256", "a1" * 32, Origin.RECORDED)
    marked = (
        data("a", digests=(digest,)),
        data("b", bytes=0),
        data("c", lines=0),
        data("d"),
        data("d", bytes=7),
    )
    assert hits(NAME, datasets=marked) == []


def test_all_are_one_finding():
    """With the first ones by name and the places of the others."""
    (hit,) = hits(NAME, datasets=(*(data(f"d{n}") for n in range(8)), data("e", bytes=1)))
    assert hit.message == (
        "8 of 9 data sources have no digest, size or count of lines: d0, d1, d2, d3, d4 and 3 more"
    )
    assert (hit.at.place, len(hit.related)) == ("/d0", 5)


def test_data_in_the_run_is_known():
    """What lies in the run has a size and a digest there."""
    assert hits(NAME, ["data/train.jsonl"], datasets=(data("data/train.jsonl"), data(""))) == []
    assert told(hits(NAME, ["train.jsonl"], datasets=(data("/d/train.jsonl"),))) == [
        "1 of 1 data source has no digest, size or count of lines: /d/train.jsonl"
    ]


def test_mutation(tmp_path: Path, audited: Audit, new_findings: Compare) -> None:
    """Digests and sizes that were never taken are missed, and nothing else."""
    before, after = copied("unfingerprinted_data/quiet-digests", tmp_path)
    for path in after.glob("*/*.json"):
        document = json.loads(path.read_text("utf-8"))
        for source in (
            document.get("provenance", {}).get("dataset_source_jsonl"),
            document.get("runtime", {}).get("dataset_source_train_jsonl"),
            document.get("runtime", {}).get("dataset_source_val_jsonl"),
        ):
            for key in ("sha256", "size_bytes", "mtime_ns") if source else ():
                source.pop(key, None)
            if source:
                source["exists"] = False
        path.write_text(json.dumps(document), "utf-8")
    found = new_findings(audited(before), audited(after))
    assert [item.name for item in found] == [NAME]
