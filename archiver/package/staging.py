"""Whole or not at all: archives are staged beside their place and swapped in.

A process locks the experiment's directory while it writes there. A staging directory in one whose
lock is free was left by a process that died; the next call removes it. The swap itself is one
system call where the system has one (`renameat2` with RENAME_EXCHANGE, Linux), so at any moment
the old archive or the new one stands in its place.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import shutil
from collections.abc import Container, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from archiver.errors import ArchiverError

PARTIAL = ".runarchive-partial"
PREVIOUS = ".runarchive-previous"
"""Suffixes of what only this package makes and removes."""
_OPEN_HOME = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Make a directory and hold its exclusive lock; an empty one does not stay behind.

    Raises:
        OSError: when something else, a link among it, is in the way.
    """
    held: int | None = None
    try:
        while held is None:
            directory.mkdir(exist_ok=True)
            held = _lock(directory)
        yield
    finally:
        with suppress(OSError):
            directory.rmdir()
        if held is not None:
            os.close(held)


def _lock(directory: Path) -> int | None:
    """The locked descriptor; None where another process removed the directory meanwhile."""
    with ExitStack() as held:
        try:
            descriptor = os.open(directory, _OPEN_HOME)
            held.callback(os.close, descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            there = directory.stat(follow_symlinks=False)
        except FileNotFoundError:
            return None
        if not os.path.samestat(there, os.fstat(descriptor)):
            return None
        held.pop_all()
        return descriptor


@contextmanager
def stage(home: Path, name: str) -> Iterator[Path]:
    """An empty directory beside the archive's place, in a locked home; removed at the end."""
    directory = home / f".{name}{PARTIAL}"
    shutil.rmtree(directory, ignore_errors=True)
    try:
        directory.mkdir()
        yield directory
    finally:
        try:
            shutil.rmtree(directory, ignore_errors=True)
        except KeyboardInterrupt:
            shutil.rmtree(directory, ignore_errors=True)
            raise


def sweep(archives: Path) -> None:
    """Remove what processes that were killed left behind, in every experiment.

    An experiment in which a living process writes is left alone.
    """
    for home in archives.iterdir() if archives.is_dir() else ():
        if home.is_dir() and not home.is_symlink():
            _sweep_one(home)


def _sweep_one(home: Path) -> None:
    try:
        descriptor = os.open(home, _OPEN_HOME)
    except OSError:
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for left in home.glob(f".*{PREVIOUS}"):
            _put_back(left)
        abandoned = list(home.glob(f".*{PARTIAL}"))
        for left in abandoned:
            if left.is_dir() and not left.is_symlink():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink()
        if abandoned and not any(home.iterdir()):
            home.rmdir()
    except BlockingIOError:
        return  # A living process writes there.
    finally:
        os.close(descriptor)


def _put_back(left: Path) -> None:
    """Finish an exchange that was cut short where the system has none in one call."""
    target = left.with_name(left.name.removeprefix(".").removesuffix(PREVIOUS))
    if target.exists():
        shutil.rmtree(left, ignore_errors=True)
    else:
        left.rename(target)


def write(directory: Path, relative: str, data: bytes) -> None:
    """Write one file durably, making the directories it needs."""
    path = directory / relative
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def share(source: Path, staged: Path, without: Container[str]) -> None:
    """Give a staged directory the regular files of another one, but for some of them.

    No file of an archive is ever written again, so both may have the same one for a moment.
    """
    for path in sorted(source.rglob("*")):
        relative = path.relative_to(source).as_posix()
        if relative in without or path.is_symlink() or not path.is_file():
            continue
        target = staged / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            target.hardlink_to(path)
        except OSError:  # Not every file system has links.
            with path.open("rb") as file, target.open("xb") as copy:
                shutil.copyfileobj(file, copy)
                copy.flush()
                os.fsync(copy.fileno())


def sync(directory: Path) -> None:
    """Make the names in a directory, and below it, durable."""
    for path in [directory, *(item for item in directory.rglob("*") if item.is_dir())]:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def publish(staged: Path, target: Path) -> None:
    """Put the staged directory in its place; the old one, if any, ends up as `staged`.

    Raises:
        ArchiverError: when the file system refuses.
    """
    sync(staged)
    try:
        if not target.exists():
            staged.rename(target)
        elif not _exchange(staged, target):
            previous = target.with_name(f".{target.name}{PREVIOUS}")
            target.rename(previous)
            staged.rename(target)
            shutil.rmtree(previous)
        descriptor = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
        os.fsync(descriptor)
        os.close(descriptor)
    except OSError as fault:
        hint = "mend the file system or choose another --output"
        raise ArchiverError(str(target), fault.strerror or "cannot be written", hint) from None


def _exchange(left: Path, right: Path) -> bool:
    """Swap two directories in one step; False where the system cannot."""
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is None:
        return False
    done = renameat2(_AT_FDCWD, os.fsencode(left), _AT_FDCWD, os.fsencode(right), _RENAME_EXCHANGE)
    if done == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP):
        return False
    raise OSError(code, os.strerror(code))
