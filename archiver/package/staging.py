"""Whole or not at all: archives are staged beside their place and swapped in.

A staging directory is locked by the process that fills it. One whose lock is free was left by a
process that died; the next call removes it. The swap itself is one system call where the system
has one (`renameat2` with RENAME_EXCHANGE, Linux), so at any moment the old archive or the new
one stands in its place.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from archiver.errors import ArchiverError

PARTIAL = ".partial"
_PREVIOUS = ".previous"
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Hold the exclusive lock of an existing directory; leaves no file behind."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def stage(home: Path, name: str) -> Iterator[Path]:
    """A locked, private directory beside the archive's place; removed when the block ends."""
    directory = Path(tempfile.mkdtemp(prefix=f".{name[:40]}.", suffix=PARTIAL, dir=home))
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        directory.chmod(0o777 & ~_umask())
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)
        os.close(descriptor)


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def sweep(archives: Path) -> None:
    """Remove what processes that were killed left behind, in every experiment."""
    for home in archives.iterdir() if archives.is_dir() else ():
        if not home.is_dir() or home.is_symlink():
            continue
        for left in home.glob(f".*{_PREVIOUS}"):
            _put_back(left)
        abandoned = [left for left in home.glob(f".*{PARTIAL}") if _abandoned(left)]
        for left in abandoned:
            shutil.rmtree(left, ignore_errors=True)
        if abandoned and not any(home.iterdir()):
            home.rmdir()


def _abandoned(directory: Path) -> bool:
    try:
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    else:
        return True
    finally:
        os.close(descriptor)


def _put_back(left: Path) -> None:
    """Finish an exchange that was cut short where the system has none in one call."""
    target = left.with_name(left.name.removeprefix(".").removesuffix(_PREVIOUS))
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
            previous = target.with_name(f".{target.name}{_PREVIOUS}")
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
