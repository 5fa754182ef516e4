"""The only door: what is listed, what is opened, and what an attacker cannot make it do."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.errors import ArchiverError
from archiver.limits import DEFAULT
from archiver.rundir import (
    TOO_DEEP,
    ReadFault,
    RunDir,
    natural,
    printable_path,
)
from archiver.snapshots import SnapshotStore


@pytest.fixture
def root(tmp_path: Path) -> Path:
    directory = tmp_path / "run"
    directory.mkdir()
    return directory


@pytest.fixture
def run(root: Path) -> Iterator[RunDir]:
    with RunDir(root, "run", DEFAULT) as opened:
        yield opened


def read(run: RunDir, path: str) -> bytes:
    handle = run.open(run.walk().by_path[path])
    try:
        return b"".join(handle.chunks())
    finally:
        handle.close()


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_lists_every_kind_of_entry_and_opens_none(root: Path, run: RunDir) -> None:
    """Links, FIFOs and sockets are listed as what they are; nothing is opened by the walk."""
    (root / "file").write_bytes(b"x")
    (root / "dir").mkdir()
    (root / "to-file").symlink_to("file")
    (root / "to-dir").symlink_to("dir")
    (root / "to-nothing").symlink_to("missing")
    os.mkfifo(root / "fifo")
    listener = socket.socket(socket.AF_UNIX)
    with listener:
        here = Path.cwd()
        os.chdir(root)
        try:
            listener.bind("socket")
        finally:
            os.chdir(here)
        found = {entry.path: (entry.type, entry.target) for entry in run.walk().entries}
    assert found == {
        "file": ("file", None),
        "to-file": ("symlink", "file"),
        "to-dir": ("symlink", "dir"),
        "to-nothing": ("symlink", "missing"),
        "fifo": ("fifo", None),
        "socket": ("socket", None),
    }
    assert run.opened == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes device nodes")
def test_only_some_directories_are_listed(root: Path, run: RunDir) -> None:
    """Of the others nothing is told, not even that they are there."""
    for path in ("a/b/c.txt", "a/d.txt", "e/f.txt", "g.txt"):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("x")
    tree = run.walk(lambda path: path == "a")
    assert [entry.path for entry in tree.entries] == ["a/d.txt", "g.txt"]
    assert tree.cut == 0


def test_a_device_is_listed(root: Path, run: RunDir) -> None:
    """A device node is listed and is no file to read."""
    try:
        os.mknod(root / "zero", stat.S_IFCHR | 0o666, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("this container makes no device nodes")
    assert run.walk().by_path["zero"].type == "device"
    assert not run.walk().files


def test_what_is_behind_a_linked_directory_is_not_walked(
    root: Path, run: RunDir, tmp_path: Path
) -> None:
    """A link to a directory outside is one entry, not a way out."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("s")
    (root / "way-out").symlink_to(outside)
    (root / "loop").symlink_to(".")
    assert [entry.path for entry in run.walk().entries] == ["loop", "way-out"]


@pytest.mark.parametrize("swap", ["file", "parent", "fifo", "directory", "gone"])
def test_what_is_swapped_between_walk_and_open_is_refused(
    root: Path, run: RunDir, tmp_path: Path, swap: str
) -> None:
    """A file replaced after the walk by a link, FIFO or directory is never read through."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a").write_text("secret")
    (root / "d").mkdir()
    (root / "d" / "a").write_text("mine")
    entry = run.walk().by_path["d/a"]
    if swap == "parent":
        shutil.rmtree(root / "d")
        (root / "d").symlink_to(outside)
    else:
        (root / "d" / "a").unlink()
    if swap == "file":
        (root / "d" / "a").symlink_to(outside / "a")
    elif swap == "fifo":
        os.mkfifo(root / "d" / "a")
    elif swap == "directory":
        (root / "d" / "a").mkdir()
    before = open_descriptors()
    with pytest.raises(ReadFault) as fault:
        run.open(entry)
    assert fault.value.filename == "d/a"
    assert open_descriptors() == before


def test_the_root_may_be_moved_while_it_is_read(root: Path, run: RunDir) -> None:
    """The held descriptor counts, not the name that the directory had."""
    (root / "a").write_text("mine")
    entry = run.walk().by_path["a"]
    root.rename(root.with_name("elsewhere"))
    root.mkdir()
    (root / "a").write_text("another's")
    handle = run.open(entry)
    assert b"".join(handle.chunks()) == b"mine"
    handle.close()


NASTY = (
    b"line\nbreak",
    b"not utf-8 \xff\xfe",
    b"literally \\xff",
    "bidi \u202egnp.exe".encode(),
    b"\x1b[31mred",
    b"n" * 255,
    b" -rf --help ",
    "\u0661\u0662.json".encode(),
)


def test_names_of_every_kind_can_be_listed_and_read(root: Path, run: RunDir) -> None:
    """Every name a file system allows is listed once, under a valid path, and read back."""
    for number, name in enumerate(NASTY):
        with open(os.path.join(os.fsencode(root), name), "wb") as file:  # noqa: PTH118, PTH123
            file.write(b"%d" % number)
    tree = run.walk()
    assert len(tree.by_path) == len(NASTY)
    contents = set()
    for entry in tree.entries:
        entry.path.encode("utf-8")
        contents.add(read(run, entry.path))
    assert contents == {b"%d" % number for number in range(len(NASTY))}


@given(st.binary(max_size=40), st.binary(max_size=40))
def test_no_two_names_look_the_same(left: bytes, right: bytes) -> None:
    """The printed path is valid Unicode, and different names stay different."""
    shown = [printable_path(name.decode("utf-8", "surrogateescape")) for name in (left, right)]
    for text in shown:
        text.encode("utf-8")
    assert (shown[0] == shown[1]) == (left == right)


@pytest.mark.parametrize(
    ("left", "right"), [(b"a\xff", b"a\\xff"), (b"\\xff", b"\\x5cxff"), (b"\\\xff", b"\\\\xff")]
)
def test_an_escape_is_not_taken_for_a_byte(left: bytes, right: bytes) -> None:
    """A name that spells an escape is told from the byte that needs one."""
    shown = {printable_path(name.decode("utf-8", "surrogateescape")) for name in (left, right)}
    assert len(shown) == 2


def test_depth_beyond_path_max_is_walked_to_the_limit(root: Path, run: RunDir) -> None:
    """200 levels of 200-byte names: listed down to the limit, the limit is named, no crash."""
    name = "d" * 200
    top = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    held = [top]
    for level in range(200):
        os.mkdir(name, dir_fd=held[-1])
        held.append(os.open(name, os.O_RDONLY | os.O_DIRECTORY, dir_fd=held[-1]))
        leaf = os.open("leaf", os.O_CREAT | os.O_WRONLY, dir_fd=held[-1])
        os.write(leaf, b"%d" % level)
        os.close(leaf)
    before = open_descriptors()
    tree = run.walk()
    assert open_descriptors() == before
    faults = [entry for entry in tree.entries if entry.fault]
    assert [entry.fault for entry in faults] == [TOO_DEEP]
    assert faults[0].path.count("/") == DEFAULT.tree_depth
    deepest = max(tree.files, key=lambda entry: entry.path.count("/"))
    assert deepest.path.count("/") == DEFAULT.tree_depth
    assert read(run, deepest.path) == b"%d" % (DEFAULT.tree_depth - 1)
    while len(held) > 1:
        deepest_held = held.pop()
        os.unlink("leaf", dir_fd=deepest_held)
        os.close(deepest_held)
        os.rmdir(name, dir_fd=held[-1])
    os.close(top)


def test_the_limit_of_entries_is_counted(root: Path) -> None:
    """A walk that stops at the limit says that it did."""
    for number in range(10):
        (root / f"f{number}").touch()
    with RunDir(root, "run", replace(DEFAULT, files=4)) as run:
        tree = run.walk()
    assert [entry.path for entry in tree.entries] == ["f0", "f1", "f2", "f3"]
    assert tree.cut == 6


def test_order_is_natural_and_does_not_depend_on_the_disk(root: Path, run: RunDir) -> None:
    """Numbers sort as numbers, at every level."""
    names = ["checkpoint-100/a", "checkpoint-20/a", "checkpoint-3/b", "checkpoint-3/a", "z", "a10"]
    for name in names:
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).touch()
    assert [entry.path for entry in run.walk().entries] == [
        "a10", "checkpoint-3/a", "checkpoint-3/b", "checkpoint-20/a", "checkpoint-100/a", "z",
    ]  # fmt: skip


@given(st.lists(st.text(max_size=12), max_size=20))
def test_natural_orders_anything(names: list[str]) -> None:
    """Digits of any script, of any length, never break the order, which is total."""
    backwards = sorted(names, key=natural, reverse=True)
    assert sorted(names, key=natural) == sorted(backwards, key=natural)


def test_a_file_that_grows_ends_where_it_ended_when_opened(root: Path, run: RunDir) -> None:
    """Bytes appended while it is read are not read, the digest is of what was, and it is told."""
    (root / "log").write_bytes(b"first")
    handle = run.open(run.walk().by_path["log"])
    chunks = handle.chunks()
    first = next(chunks)
    with (root / "log").open("ab") as file:
        file.write(b"second")
    assert first + b"".join(chunks) == b"first"
    assert handle.sha256() == hashlib.sha256(b"first").hexdigest()
    assert handle.changed()
    handle.close()


def test_a_change_between_walk_and_open_is_told(root: Path, run: RunDir) -> None:
    """What the inventory says of a file is what the walk saw, so a later change counts."""
    (root / "log").write_bytes(b"first")
    entry = run.walk().by_path["log"]
    (root / "log").write_bytes(b"other than that")
    handle = run.open(entry)
    assert handle.changed()
    handle.close()


def test_a_file_that_shrinks_is_read_to_its_end(root: Path, run: RunDir) -> None:
    """Truncation while reading ends the stream; no error, and it is told."""
    (root / "log").write_bytes(b"x" * 100)
    handle = run.open(run.walk().by_path["log"])
    (root / "log").write_bytes(b"y")
    assert b"".join(handle.chunks()) == b"y"
    assert handle.changed()
    handle.close()


def test_reads_out_of_order_do_not_spoil_the_digest(root: Path, run: RunDir) -> None:
    """Recognition, parsing and hashing read as they like; the digest is the file's."""
    data = bytes(range(256)) * 10
    (root / "f").write_bytes(data)
    handle = run.open(run.walk().by_path["f"])
    assert handle.read_at(1000, 10) == data[1000:1010]
    assert handle.read_at(0, 100) == data[:100]
    assert handle.read_at(50, 100) == data[50:150]
    assert handle.read_at(10**6, 5) == b""
    assert handle.sha256() == hashlib.sha256(data).hexdigest()
    assert not handle.changed()
    handle.close()


def test_opened_files_are_remembered(root: Path, run: RunDir) -> None:
    """What was opened is known afterwards, by path."""
    (root / "a").write_text("1")
    (root / "b").write_text("2")
    read(run, "b")
    assert run.opened == ["b"]


def test_a_directory_below_is_reached_without_a_link(root: Path, tmp_path: Path) -> None:
    """A run found below an experiment is opened from the held descriptor, not by its path."""
    (root / "exp" / "run").mkdir(parents=True)
    (root / "exp" / "run" / "f").write_text("mine")
    outside = tmp_path / "outside" / "run"
    outside.mkdir(parents=True)
    with RunDir(root, "run", DEFAULT) as run:
        with run.below("exp/run", "run") as below:
            assert [entry.path for entry in below.walk().entries] == ["f"]
        with run.below("", "experiment") as same:
            assert same.walk() == run.walk()
        shutil.rmtree(root / "exp")
        (root / "exp").symlink_to(outside.parent)
        with pytest.raises(ArchiverError):
            run.below("exp/run", "run")
        assert run.walk().by_path["exp"].type == "symlink"


@pytest.mark.parametrize("what", ["missing", "file", "loop"])
def test_what_is_no_directory_is_one_error(tmp_path: Path, what: str) -> None:
    """A missing path, a file and a link that leads nowhere are the user's error."""
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(ArchiverError) as fault:
        RunDir(tmp_path / what, "run", DEFAULT)
    assert fault.value.hint


def test_the_argument_itself_may_be_a_link(root: Path, tmp_path: Path) -> None:
    """The person named it, so a link as the run directory is followed once."""
    (root / "a").write_text("1")
    (tmp_path / "link").symlink_to(root)
    with RunDir(tmp_path / "link", "run", DEFAULT) as run:
        assert read(run, "a") == b"1"


def test_snapshots_keep_bytes_by_scope_and_path() -> None:
    """Bytes kept for one file are given back for that one, also after it was renamed."""
    store = SnapshotStore(replace(DEFAULT, spool_memory_bytes=4))
    store.put("run", "a", iter([b"12", b"345"]))
    store.put("with-1", "a", iter([b"other"]))
    store.put("run", "b", iter([]))
    store.rename("run", "a", "c")
    store.rename("run", "b", "c")
    store.rename("run", "missing", "d")
    assert store.get("run", "a") is None
    assert store.get("run", "c") == b"12345"
    assert store.get("run", "b") == b""
    assert store.get("with-1", "a") == b"other"
    assert store.get("run", "d") is None
    store.close()
