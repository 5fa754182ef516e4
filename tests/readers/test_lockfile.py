"""Lockfiles of every tool: what they pin, where, and the digests that a manifest may name."""

from __future__ import annotations

import hashlib

from hypothesis import given, settings
from hypothesis import strategies as st


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("lockfile", case)


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "lockfile")


def test_digests_with_either_line_end(read_one):
    """A checkout that converts line ends changes the digest and nothing else."""
    unix, windows = b"idna==3.10\nsix==1.17.0\n", b"idna==3.10\r\nsix==1.17.0\r\n"
    (claim,) = read_one("requirements.txt", windows).reading.locks
    assert claim.actual_sha256 == hashlib.sha256(windows).hexdigest()
    assert claim.lf_sha256 == hashlib.sha256(unix).hexdigest()
    assert claim.crlf_sha256 == claim.actual_sha256
    assert (claim.path, claim.recorded_sha256) == ("requirements.txt", None)


def test_empty_lock_still_has_a_digest(read_one):
    """What a manifest recorded may be the digest of nothing."""
    found = read_one("uv.lock", b"")
    assert found.match == "damaged"
    assert found.reading.locks[0].actual_sha256 == hashlib.sha256(b"").hexdigest()


def test_crlf_lock_is_read_alike(read_one):
    """Line ends do not change what is pinned."""
    text = 'version = 1\n\n[[package]]\nname = "idna"\nversion = "3.10"\n'
    found = read_one("uv.lock", text.replace("\n", "\r\n"))
    assert [(item.name, item.version) for item in found.reading.dependencies] == [("idna", "3.10")]
    assert found.codes == []


def test_json_spelling_of_a_lock(read_one):
    """`uv.lock.json` is where codex_ml looks next."""
    found = read_one("uv.lock.json", {"version": 1, "package": [{"name": "idna", "version": "3"}]})
    assert [(item.name, item.version) for item in found.reading.dependencies] == [("idna", "3")]
    assert found.reading.dependencies[0].at.place == "/package/0"


def test_credentials_of_addresses_are_left_out(bench):
    """Neither a user's password nor a signed query reaches a note."""
    found = bench.read("lockfile", bench.input("lockfile", "other-tools"))
    notes = [str(item.note) for one in found.values() for item in one.reading.dependencies]
    assert not [note for note in notes if "secret" in note or "token" in note or "sig=" in note]


def test_one_damaged_package_costs_no_other(read_one):
    """Packages are read one by one."""
    one = '[[package]]\nname = "{}"\nversion = "1"\n\n'
    text = "version = 1\n\n" + one.format("a") + "[[package]]\nname = = 3\n\n" + one.format("b")
    found = read_one("uv.lock", text)
    assert [item.name for item in found.reading.dependencies] == ["a", "b"]
    assert (found.reading.accounting.read, found.reading.accounting.corrupt) == (2, 1)
    assert found.codes == ["syntax"]


def test_requirements_of_prose_are_no_list(read_one):
    """More than a quarter of the lines is something else."""
    assert read_one("requirements.txt", "idna==3.10\nplease install it first\n").match == "no"
