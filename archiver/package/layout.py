"""Names in the archive: safe everywhere, whatever the run called itself."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import field
from itertools import chain, count

from archiver.model.plain import dataclass

DOCUMENT = "ARCHIVE.md"
RECORD = "record.json"
FINDINGS = "findings.json"
INVENTORY = "inventory.ndjson"
PLOTS = "plots"
POINTS = "metrics.parquet"
STAMP = "archived.json"
PREVIOUS = "diff-previous.md"
SIGNS = frozenset({RECORD, POINTS, STAMP})
"""Files that tell an archive from anything else."""
MAX_NAME_BYTES = 80
MAX_PATH_BYTES = 800
_UNSAFE = re.compile(r"[^A-Za-z0-9._@=+,-]+")
_RESERVED = frozenset(
    {"con", "prn", "aux", "nul"}
    | {f"{device}{number}" for device in ("com", "lpt") for number in range(1, 10)}
)


def looks_like_archive(names: Iterable[str]) -> bool:
    """Whether a directory that holds files of these names is an archive.

    One may be missing: a damaged archive is to be told as such, not taken for a run.
    """
    return len(SIGNS.intersection(names)) >= len(SIGNS) - 1


def slug(name: str) -> str:
    """`name` with everything outside the allow-list replaced; equal to it where it was safe.

    Only ASCII letters, digits and `._@=+,-` are kept; no leading dot or dash (hidden, option),
    no trailing dot, no device name of any system.
    """
    text = _UNSAFE.sub("_", unicodedata.normalize("NFC", name))
    text = text.lstrip(".-")[:MAX_NAME_BYTES].rstrip(".") or "_"
    return f"_{text}" if text.partition(".")[0].lower() in _RESERVED else text


def marked(name: str, digest: str, digits: int = 8) -> str:
    """The slug with some digits of a digest, for names that are altered or taken."""
    return f"{slug(name)[: MAX_NAME_BYTES - digits - 1]}-{digest[:digits]}"


def unambiguous(name: str) -> str:
    """The slug, marked by the name's own digest where it is not the name itself."""
    safe = slug(name)
    if safe == name:
        return safe
    return marked(name, hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest())


@dataclass
class DataNames:
    """Paths below `data/` for copied artifacts: their own tree, in safe names.

    Two files never share a path and none is another's folder, not even on file systems that fold
    case.
    """

    _files: set[str] = field(default_factory=set)
    _folders: set[str] = field(default_factory=set)

    def place(self, scope: str, path: str) -> str:
        """The path below `data/` of one file."""
        folders = [] if scope == "run" else [scope]
        parts = [*folders, *path.split("/")]
        safe = "/".join(_component(part) for part in parts)
        digest = hashlib.sha256(f"{scope}\0{path}".encode("utf-8", "surrogatepass")).hexdigest()
        last = _component(parts[-1])
        if len(safe) > MAX_PATH_BYTES:
            safe = f"deep/{digest[:16]}-{last}"
        head, dot, suffix = safe.rpartition(".")
        other = f"{head}-{digest[:8]}.{suffix}" if dot else f"{safe}-{digest[:8]}"
        numbered = (f"{digest[:16]}-{number}-{last}" for number in count())
        place = next(name for name in chain((safe, other), numbered) if self._free(name))
        self._files.add(place.casefold())
        self._folders.update(_above(place.casefold()))
        return place

    def _free(self, name: str) -> bool:
        folded = name.casefold()
        taken = folded in self._files or folded in self._folders
        return not taken and self._files.isdisjoint(_above(folded))


def _above(path: str) -> list[str]:
    """The folders that a path lies in."""
    return [path[:end] for end, char in enumerate(path) if char == "/"]


def _component(name: str) -> str:
    safe = slug(name)
    if safe == name:
        return safe
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
    stem, dot, suffix = safe.rpartition(".")
    return f"{stem}-{digest[:8]}.{suffix}" if dot and stem else f"{safe}-{digest[:8]}"
