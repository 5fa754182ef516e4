"""Bytes of small artifacts as they were read, until the archive takes them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from typing import IO

from archiver.limits import Limits


class SnapshotStore:
    """Bytes of small artifacts as they were read, until the archive takes them.

    They wait in one private, already unlinked temporary file above the memory limit, so that
    what is copied is what was hashed and parsed, even while the run is still being written.
    """

    def __init__(self, limits: Limits) -> None:
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(  # noqa: SIM115
            max_size=limits.spool_memory_bytes, prefix="runarchive-"
        )
        self._places: dict[tuple[str, str], tuple[int, int]] = {}

    def put(self, scope: str, path: str, chunks: Iterator[bytes]) -> None:
        """Keep one file's bytes."""
        start = self._file.seek(0, os.SEEK_END)
        for chunk in chunks:
            self._file.write(chunk)
        self._places[scope, path] = (start, self._file.tell() - start)

    def rename(self, scope: str, path: str, new: str) -> None:
        """Let the bytes of a file go by another path, unless that one is taken."""
        if (scope, path) in self._places and (scope, new) not in self._places:
            self._places[scope, new] = self._places.pop((scope, path))

    def get(self, scope: str, path: str) -> bytes | None:
        """The bytes kept for a file, or None."""
        if (scope, path) not in self._places:
            return None
        start, size = self._places[scope, path]
        self._file.seek(start)
        return self._file.read(size)

    def close(self) -> None:
        """Forget everything."""
        self._file.close()
