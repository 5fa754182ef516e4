"""A checkpoint is there that the list of checkpoints does not name."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from archiver.model.claims import Location
from archiver.model.findings import Finding, RunFindings
from archiver.model.record import Checkpoint
from tests.rules.made import book, copied, hits, told

Audit = Callable[..., RunFindings]
Compare = Callable[[RunFindings, RunFindings], list[Finding]]

INDEX = "ck/index.json"
KIND = "codex_ml.checkpoint_index"


def saved(path, *named_at, present=True):
    """A checkpoint in its own directory, and where else it is named."""
    places = tuple(Location(place, f"/entries/{n}") for n, place in enumerate(named_at))
    return Checkpoint(at=Location(path), path=path, present=present, named_at=places)


def test_only_what_lies_beside_the_list():
    """Checkpoints of other directories, and those that are gone, are none of this list's."""
    found = hits(
        "unnamed-checkpoint",
        checkpoints=(
            saved("ck/epoch-1", "ck/best_index.json"),
            saved("ck/epoch-2", INDEX),
            saved("ck/epoch-3", present=False),
            saved("other/epoch-4"),
            saved("ck/deeper/epoch-5"),
        ),
        accounting=(book(INDEX, KIND, read=1),),
    )
    assert told(found) == ["1 of 2 checkpoints beside it is not named: ck/epoch-1"]
    assert [str(place.at) for place in found[0].related] == ["ck/epoch-1"]


def test_list_that_was_not_read_in_full():
    """A torn list, an empty one and one with entries that were passed over say nothing."""
    for counts in ({"read": 0}, {"dropped": 1}, {"corrupt": 1}):
        found = hits(
            "unnamed-checkpoint",
            checkpoints=(saved("ck/epoch-1"),),
            accounting=(book(INDEX, KIND, **counts),),
        )
        assert found == []


def test_list_of_the_best_is_not_one_of_all():
    """Other lists name a choice."""
    books = (
        book("ck/best_index.json", KIND),
        book("ck/latest.json", KIND),
        book("x/index.json", "other"),
    )
    assert hits("unnamed-checkpoint", checkpoints=(saved("ck/epoch-1"),), accounting=books) == []


def test_mutation(tmp_path: Path, audited: Audit, new_findings: Compare) -> None:
    """An entry that is taken out is missed, and nothing else."""
    before, after = copied("unnamed_checkpoint/quiet-all-named", tmp_path)
    index = after / "toy-ctx" / "checkpoints" / "index.json"
    document = json.loads(index.read_text("utf-8"))
    del document["entries"][1]
    index.write_text(json.dumps(document), "utf-8")
    found = new_findings(audited(before), audited(after))
    assert [(item.name, item.at.path) for item in found] == [
        ("unnamed-checkpoint", "checkpoints/index.json")
    ]
