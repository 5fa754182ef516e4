"""Verdicts on lockfiles: what was recorded, held against what lies there."""

from __future__ import annotations

import pytest

from archiver.lockfiles import join
from archiver.model.claims import Location, LockClaim

A, B, C, D = ("abcd"[n] * 64 for n in range(4))
UV = ("uv.lock", "uv.lock.json")
ANY = ("uv.lock", "requirements/lock.txt", "poetry.lock", "Pipfile.lock")


def file(path: str, raw: str, lf: str | None = None, crlf: str | None = None) -> LockClaim:
    """A lockfile of the run."""
    return LockClaim(path, Location(path), None, raw, lf or raw, crlf or raw, reader="lockfile")


def said(digest: str | None, names: tuple[str, ...] = UV, path: str = "", n: int = 1) -> LockClaim:
    """What a manifest recorded."""
    return LockClaim(path, Location(f"c/{n}.json"), digest, names=names, reader="manifest")


def verdicts(*claims: LockClaim) -> list[tuple[str, str | None, str | None, str]]:
    """Path, recorded and actual digest (their first letters), verdict."""
    return [
        (
            entry.path,
            entry.recorded_sha256 and entry.recorded_sha256[0],
            entry.actual_sha256 and entry.actual_sha256[0],
            entry.verdict,
        )
        for entry in join(claims)
    ]


def test_match():
    """The same digest, in whatever case."""
    assert verdicts(file("uv.lock", A), said(A.upper())) == [("uv.lock", "A", "a", "match")]


def test_mismatch():
    """Another digest than the first lockfile that the producer looks for."""
    found = verdicts(file("poetry.lock", C), file("uv.lock", B), said(A))
    assert found == [("poetry.lock", None, "c", "not_recorded"), ("uv.lock", "a", "b", "mismatch")]


@pytest.mark.parametrize("named", [{"lf": A}, {"crlf": A}])
def test_line_ends_alone(named):
    """Equal once the line ends are."""
    assert verdicts(file("uv.lock", B, **named), said(A)) == [("uv.lock", "a", "b", "crlf_only")]


def test_match_with_any_lockfile_is_a_match():
    """The process may have been started elsewhere; only the digest tells which file was meant."""
    found = verdicts(file("uv.lock", B), file("sub/poetry.lock", A), said(A))
    assert found == [
        ("sub/poetry.lock", "a", "a", "match"),
        ("uv.lock", None, "b", "not_recorded"),
    ]


def test_match_is_better_than_line_ends():
    """A file that is equal to the byte was meant, not one that would be."""
    found = verdicts(file("a/uv.lock", B, lf=A), file("b/uv.lock", A), said(A))
    assert ("b/uv.lock", "a", "a", "match") in found


def test_no_lock():
    """Recorded, and nothing there that its producer would have found."""
    assert verdicts(said(A)) == [("uv.lock", "a", None, "no_lock")]
    found = verdicts(file("requirements.txt", B), said(A))
    assert ("uv.lock", "a", None, "no_lock") in found


def test_not_recorded():
    """The manifest states that there was none, whether or not one lies there."""
    assert verdicts(said("")) == [("uv.lock", None, None, "not_recorded")]
    assert verdicts(file("uv.lock", A), said("")) == [("uv.lock", None, "a", "not_recorded")]


def test_lockfile_without_a_manifest():
    """Each lockfile has an entry."""
    (entry,) = join([file("uv.lock", A)])
    assert (entry.verdict, entry.reader, entry.at.path) == ("not_recorded", "lockfile", "uv.lock")


def test_unreadable_manifest_and_odd_digest():
    """Neither says anything that could be compared; what was written stays."""
    assert verdicts(file("uv.lock", A), said(None)) == [("uv.lock", None, "a", "unreadable")]
    assert verdicts(file("uv.lock", A), said("unknown")) == [("uv.lock", "u", "a", "unreadable")]


def test_manifests_that_agree_are_one_and_others_are_not():
    """Each digest that was recorded is told once, at the first manifest that states it."""
    found = join([file("uv.lock", A), said(A, n=1), said(A, n=2), said(B, n=3)])
    assert [(entry.at.path, entry.verdict) for entry in found] == [
        ("c/1.json", "match"),
        ("c/3.json", "mismatch"),
    ]


def test_null_at_the_top_and_a_nested_digest_of_another_lock():
    """A run with `requirements/lock.txt` alone: nothing of uv's, and the nested digest fits."""
    found = verdicts(file("requirements/lock.txt", A), said("", UV), said(A, ANY))
    assert found == [
        ("requirements/lock.txt", "a", "a", "match"),
        ("uv.lock", None, None, "not_recorded"),
    ]


def test_path_that_is_named():
    """It is that file that is meant, and no other."""
    found = verdicts(file("a/uv.lock", B), file("b/uv.lock", C), said(A, (), path="b/uv.lock"))
    assert ("b/uv.lock", "a", "c", "mismatch") in found
    assert verdicts(said(A, (), path="env/lock.txt")) == [("env/lock.txt", "a", None, "no_lock")]


def test_manifest_that_names_nothing_is_held_against_the_first():
    """Without names and path any lockfile is the one."""
    assert verdicts(file("uv.lock", B), said(A, ())) == [("uv.lock", "a", "b", "mismatch")]


def test_no_claims():
    """A run without lockfiles and manifests has no entry."""
    assert join([]) == ()
