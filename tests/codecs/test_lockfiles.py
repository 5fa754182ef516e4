"""Lockfiles as bytes: hostile ones are bounded, damaged ones keep their good part."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.codecs import lockfiles, requirements
from archiver.codecs.packages import address, commit_of
from archiver.limits import DEFAULT

COMMIT = "9c1e7f0b6a52d4c83e11f7f0d0a4b5c6d7e8f901"
PARSERS = (
    lockfiles.toml,
    lockfiles.json,
    lockfiles.conda_lock,
    lockfiles.conda_environment,
    requirements.parse,
    requirements.conda,
)
PIECES = st.sampled_from(
    [
        b"[[package]]\n", b'name = "a"\n', b'version = "1"\n', b"source = { git = 3 }\n",
        b"a==1\n", b"-e x\n", b"b @ https://u:p@h/x\n", b"\\\n", b"#", b"\0", b"\xff", b"\r\n",
        b'{"default": {"a": {"version": 3}}, ', b"package:\n- name: a\n",
        b"dependencies:\n- pip:\n",
        b"  - a==1\n", b"=" * 40, b"[" * 60, b"'" * 3, b"a = " + b"9" * 5000 + b"\n",
    ]
)  # fmt: skip


@pytest.mark.parametrize("parse", PARSERS)
@settings(max_examples=60)
@given(data=st.lists(PIECES, max_size=30))
def test_nothing_raises(parse, data):
    """Whatever stands in a file, a list and its flaws come out."""
    listed = parse(b"".join(data))
    assert listed.corrupt >= 0
    assert all(item.name for item in listed.packages)


@pytest.mark.parametrize(
    ("parse", "data"),
    [
        (lockfiles.toml, b"[[package]]\n" + b"a" + b".a" * 2_000_000 + b" = 1\n"),
        (lockfiles.toml, b"[[package]]\n[" + b"a" + b".a" * 3_000 + b"]\n" + b"k=1\n" * 200_000),
        (lockfiles.toml, b"[[package]]\nname = " + b"[" * 500_000),
        (lockfiles.toml, b"[[package]]\nname = 'a'\n" * 100_000),
        (requirements.parse, b"a" + b"=" * 60_000 + b";"),
        (requirements.parse, b"a" + b" " * 60_000 + b"<1 ,"),
        (requirements.parse, b"a" + b"<1," * 20_000 + b"!"),
        (requirements.parse, b"https://h/" + b"a" * 60_000),
        (requirements.parse, b"-e https://h/" + b"#egg" * 15_000),
        (requirements.parse, b"a\\\n" * 400_000),
        (requirements.conda, b"-" * 60_000 + b"://" + b"-" * 60_000),
    ],
)
def test_what_is_made_to_be_slow_is_not(parse, data):
    """Time grows with the bytes, not with their square: this ends."""
    assert len(parse(data).packages) <= DEFAULT.packages


def test_limits_are_flaws():
    """Too many bytes, too many packages, an entry that is too large."""
    small = replace(DEFAULT, lock_bytes=100, packages=1, lock_entry_bytes=40)
    assert lockfiles.toml(b"x" * 101, small).flaws.counts == {"size-limit": 1}
    two = b'[[package]]\nname="a"\n[[package]]\nname="b"\n'
    listed = lockfiles.toml(two, small)
    assert [item.name for item in listed.packages] == ["a"]
    assert listed.flaws.counts == {"too-many-packages": 1}
    listed = lockfiles.toml(b"[[package]]\n" + b"# comment\n" * 5, small)
    assert listed.flaws.counts == {"entry-limit": 1}
    assert (listed.corrupt, listed.complete) == (1, False)
    listed = requirements.parse(b"a==1\n" * 30, small)
    assert listed.flaws.counts == {"size-limit": 1}
    assert listed.complete is False


def test_same_package_of_several_platforms_is_one():
    """It is listed once per name, version and source."""
    text = b"package:\n" + b"- {name: a, version: '1', manager: conda, platform: x}\n" * 3
    listed = lockfiles.conda_lock(text)
    assert [(item.name, item.version) for item in listed.packages] == [("a", "1")]


def test_two_versions_of_a_package_are_two():
    """A lock may fork by Python version."""
    text = b'[[package]]\nname="a"\nversion="1"\n[[package]]\nname="a"\nversion="2"\n'
    assert [item.version for item in lockfiles.toml(text).packages] == ["1", "2"]


@pytest.mark.parametrize(
    ("line", "name", "version", "note"),
    [
        ("idna==3.10", "idna", "3.10", None),
        (
            "idna[all] == 3.10 ; python_version < '4'",
            "idna",
            "3.10",
            "only where python_version < '4'",
        ),
        ("idna===3.10+local", "idna", "3.10+local", None),
        ("idna == 3.*", "idna", None, "== 3.*, no version pinned"),
        ("idna (>=3,<4)", "idna", None, "(>=3,<4), no version pinned"),
        ("idna~=3.1", "idna", None, "~=3.1, no version pinned"),
        ("idna", "idna", None, "no version pinned"),
        ("idna ; python_version > '3'", "idna", None, "no version pinned"),
        ("idna==3.10 --hash=sha256:00", "idna", "3.10", None),
        ("idna==3.10 # why", "idna", "3.10", None),
        ("https://h/w/idna-3.10-py3-none-any.whl", "idna", "3.10", None),
        ("git+https://h/acme/tool.git@v1", "tool", None, None),
    ],
)
def test_requirement_lines(line, name, version, note):
    """One line, as pip takes it."""
    (package,) = requirements.parse(line.encode()).packages
    assert (package.name, package.version, package.note) == (name, version, note)


@pytest.mark.parametrize("line", ["hello world", "@@", "a b==1", "?", "=1", "a=1"])
def test_lines_that_are_none(line):
    """They are counted."""
    listed = requirements.parse(line.encode())
    assert (listed.packages, listed.corrupt) == ((), 1)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("https://user:pw@h/p", "https://h/p"),
        ("https://token@h/p?sig=1&rev=2", "https://h/p?rev=2"),
        ("git+ssh://git@h/p.git@main", "git+ssh://git@h/p.git@main"),
        ("git+ssh://git:pw@h/p", "git+ssh://h/p"),
        (f"https://h/p?rev=a#{COMMIT}", f"https://h/p?rev=a#{COMMIT}"),
        ("https://h/p#egg=x&access=secret", "https://h/p#egg=x"),
        ("https://h/p#sha256=00", "https://h/p"),
        ("../local", "../local"),
    ],
)
def test_addresses_lose_what_is_secret(written, kept):
    """Users of a secure shell stay, everything that may be a token goes."""
    assert address(written) == kept


def test_commit_of_an_address():
    """After the last `@` or in the fragment; a branch is none."""
    assert commit_of(f"git+https://h/p@{COMMIT}") == COMMIT
    assert commit_of(f"https://h/p?rev=main#{COMMIT}") == COMMIT
    assert commit_of("git+https://h/p@main") is None
