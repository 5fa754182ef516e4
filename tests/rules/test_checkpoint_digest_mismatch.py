"""A checkpoint's file is not the one whose digest was recorded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from archiver.model.claims import Location, Origin
from archiver.model.findings import Finding, RunFindings, Severity
from archiver.model.record import Checkpoint, Digest
from tests.rules.made import copied, hits, told

Audit = Callable[..., RunFindings]
Compare = Callable[[RunFindings, RunFindings], list[Finding]]

OLD, NEW, OTHER = "a1" * 32, "b2" * 32, "c3" * 32
NAME = "checkpoint-digest-mismatch"


def saved(*digests, path="ck"):
    """A checkpoint with digests: what is recorded (`+`) and what is computed (`=`), of a file."""
    origins = {"+": Origin.RECORDED, "=": Origin.DERIVED}
    return Checkpoint(
        at=Location(path),
        path=path,
        present=True,
        files=3,
        digests=tuple(
            Digest("sha256", value, origins[sign], file) for sign, value, file in digests
        ),
    )


def test_other_file():
    """One file, two digests."""
    (hit,) = hits(NAME, checkpoints=(saved(("+", OLD, "ck/m.pt"), ("=", NEW, "ck/m.pt")),))
    assert hit.message == "its sha256 is b2b2b2b2b2b2…, recorded is a1a1a1a1a1a1…"
    assert (str(hit.at), hit.severity) == ("ck/m.pt", None)


def test_alike():
    """Shortened, in capitals, or one of several that were recorded over time."""
    for recorded in (OLD[:8], OLD.upper(), OLD):
        pair = saved(("+", recorded, "ck/m.pt"), ("+", OTHER, "ck/m.pt"), ("=", OLD, "ck/m.pt"))
        assert hits(NAME, checkpoints=(pair,)) == []


def test_too_short_to_tell():
    """Seven digits are no digest."""
    assert len(hits(NAME, checkpoints=(saved(("+", OLD[:7], "ck/m"), ("=", OLD, "ck/m")),))) == 1


def test_nothing_to_compare():
    """Of another file, of no file, or never computed."""
    alone = saved(("+", OLD, "ck/m.pt"), ("=", NEW, "ck/n.pt"), ("+", OLD, None))
    assert hits(NAME, checkpoints=(alone,)) == []


def test_copy_of_an_earlier_payload():
    """`state.pt` keeps the first payload: its digest may be any that was recorded there."""
    digests = (("+", NEW, "ck/state.pt"), ("+", OLD, "ck/a.pt"))
    assert hits(NAME, checkpoints=(saved(*digests, ("=", OLD, "ck/state.pt")),)) == []
    assert len(hits(NAME, checkpoints=(saved(*digests, ("=", OTHER, "ck/state.pt")),))) == 1


def test_directory_is_told_where_no_file_is():
    """A digest over a directory repeats what a file's says; alone it is a warning."""
    whole = (("+", OLD, "ck"), ("=", NEW, "ck"))
    (hit,) = hits(NAME, checkpoints=(saved(*whole),))
    assert (hit.message.split(",")[0], hit.severity) == (
        "the sha256 is b2b2b2b2b2b2…",
        Severity.WARNING,
    )
    both = saved(*whole, ("+", OLD, "ck/m.pt"), ("=", NEW, "ck/m.pt"))
    assert [str(hit.at) for hit in hits(NAME, checkpoints=(both,))] == ["ck/m.pt"]


def test_file_of_two_checkpoints_is_told_once():
    """A payload is listed by itself and with its directory."""
    digests = (("+", OLD, "ck/m.pt"), ("=", NEW, "ck/m.pt"))
    twice = (saved(*digests), saved(*digests, path="ck/m.pt"))
    assert told(hits(NAME, checkpoints=twice)) == told(hits(NAME, checkpoints=twice[:1]))


def test_mutation(tmp_path: Path, audited: Audit, new_findings: Compare) -> None:
    """A byte of a payload is found, and nothing else."""
    before, after = copied("unnamed_checkpoint/quiet-all-named", tmp_path)
    (payload,) = after.glob("*/checkpoints/epoch-0001/ckpt-*.pt")
    data = payload.read_bytes()
    payload.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    found = new_findings(audited(before), audited(after))
    assert [(item.name, item.at.path.rpartition("/")[2]) for item in found] == [
        ("checkpoint-digest-mismatch", payload.name)
    ]
