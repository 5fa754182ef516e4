"""Packages as lockfiles and lists name them, and addresses without what is secret in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from archiver.codecs.flaws import Flaws
from archiver.limits import Limits

_ADDRESS = re.compile(
    r"([A-Za-z][A-Za-z0-9+.-]{0,30})://([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?\Z", re.DOTALL
)
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")
_HARMLESS = frozenset({"branch", "egg", "lfs", "rev", "subdirectory", "tag"})
"""Parts of an address's query that say which state of the source is meant."""


@dataclass(frozen=True, slots=True)
class Package:
    """One package of a list."""

    name: str
    version: str | None
    place: str
    """`L12` or a JSON pointer."""
    source: str | None = None
    """Where it comes from, if not from a package index; without credentials."""
    commit: str | None = None
    note: str | None = None
    """What else pins (or does not pin) it."""


@dataclass(frozen=True, slots=True)
class PackageList:
    """What was read of one list."""

    packages: tuple[Package, ...] = ()
    complete: bool = True
    """Whether its end was read, too."""
    corrupt: int = 0
    """Entries that could not be read."""
    flaws: Flaws = field(default_factory=Flaws)
    indexes: tuple[str, ...] = ()
    """Package indexes that it names, without credentials."""


@dataclass(slots=True)
class Gathering:
    """A bounded list of packages in the making; one that is named again is kept once."""

    limits: Limits
    flaws: Flaws = field(default_factory=Flaws)
    corrupt: int = 0
    found: dict[tuple[str, str | None, str | None], Package] = field(default_factory=dict)
    indexes: dict[str, None] = field(default_factory=dict)

    def add(self, package: Package) -> None:
        """Take a package; over the limit it is only counted."""
        key = (package.name, package.version, package.source)
        if key in self.found:
            return
        if len(self.found) >= self.limits.packages:
            message = f"packages after the first {self.limits.packages} are not listed"
            self.flaws.add("too-many-packages", message, package.place)
            return
        self.found[key] = package

    def spoilt(self, code: str, message: str, place: str) -> None:
        """Count an entry that cannot be read."""
        self.corrupt += 1
        self.flaws.add(code, message, place)

    def index(self, url: object) -> None:
        """Remember a package index."""
        if isinstance(url, str) and url:
            self.indexes[address(url)] = None

    def finished(self, *, complete: bool = True) -> PackageList:
        """The list."""
        return PackageList(
            tuple(self.found.values()), complete, self.corrupt, self.flaws, tuple(self.indexes)
        )


def address(url: str) -> str:
    """An address without user and password, and without what its query may hide.

    The user of a secure shell is part of the address; anywhere else a token may stand there.
    """
    match = _ADDRESS.match(url)
    if match is None:
        return url
    scheme, host, path, query, fragment = match.groups()
    user, at, machine = host.rpartition("@")
    if at:
        host = f"{user}@{machine}" if scheme.endswith("ssh") and ":" not in user else machine
    kept = "&".join(_harmless(query or ""))
    return f"{scheme}://{host}{path}{'?' if kept else ''}{kept}{_fragment(fragment or '')}"


def _harmless(query: str) -> Iterator[str]:
    for part in query.removeprefix("?").split("&"):
        if part.partition("=")[0] in _HARMLESS:
            yield part


def _fragment(fragment: str) -> str:
    text = fragment.removeprefix("#")
    if "=" not in text:
        return fragment if _COMMIT.match(text) else ""
    kept = "&".join(_harmless(text))
    return f"#{kept}" if kept else ""


def commit_of(url: str) -> str | None:
    """The commit that an address is pinned to: `…@<commit>`, `…#<commit>`."""
    head, _, fragment = url.partition("#")
    for part in (fragment, head.rpartition("@")[2]):
        if _COMMIT.match(part):
            return part
    return None
