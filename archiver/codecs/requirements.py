"""Lists of packages, one a line: `pip freeze`, requirements files, `conda list`.

Requirement lines follow PEP 508 (`name[extra]==1.0 ; marker`, `name @ address`) with pip's
additions: `-e address`, hashes, options, comments, and lines continued with a backslash.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from archiver.codecs import text
from archiver.codecs.packages import Gathering, Package, PackageList, address, commit_of
from archiver.limits import DEFAULT, Limits

_LINE_BYTES = 64 * 1024
"""No requirement is longer, its hashes included."""
_NAME = re.compile(
    r"([A-Za-z0-9][A-Za-z0-9._-]{0,200})\s*(?:\[[^\]]{0,2000}\])?\s*(.*)\Z", re.DOTALL
)
_EXACT = re.compile(r"={2,3}\s*([^\s,;*]{1,200})\s*\Z")
_RANGE = re.compile(r"\(?(?:(?:[<>]=?|[!~]=|={2,3})[^,;()<>!~=]{1,200},?){1,20}\)?\Z")
"""Blanks are taken out before."""
_FILE_NAME = 500
"""Longest name of a package's file that is taken apart."""
_OPTION = re.compile(r"--?[A-Za-z][A-Za-z-]*")
_INDEXES = ("-i", "--index-url", "--extra-index-url")
_EDITABLE = ("-e", "--editable")
_EGG = re.compile(r"[#&]egg=([A-Za-z0-9][A-Za-z0-9._-]*)")
_WHEEL = re.compile(r"([A-Za-z0-9][A-Za-z0-9._]*)-([0-9][^-/]*)(?:-[^/]+)?\.(?:whl|tar\.gz|zip)\Z")
_CONDA_FILE = re.compile(r"(.+)-([^-]+)-([^-]+)\.(?:conda|tar\.bz2)\Z")
_COLUMNS = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*\Z")


def parse(data: bytes, limits: Limits = DEFAULT) -> PackageList:
    """Read a list of requirements.

    Flaws: `empty`, `size-limit`, `unread-line`, `too-many-packages`, and those of the text.
    """
    gathering = Gathering(limits)
    body = _body(data, gathering)
    for number, line in _logical(body):
        _requirement(line.strip(), f"L{number}", gathering)
    return _finished(gathering, data)


def conda(data: bytes, limits: Limits = DEFAULT) -> PackageList:
    """Read what `conda list` printed: columns, `--export` or `--explicit`.

    Flaws: as of `parse`.
    """
    gathering = Gathering(limits)
    for number, raw in enumerate(_body(data, gathering).split("\n"), 1):
        line = raw.strip()
        if not line or line.startswith(("#", "@EXPLICIT")):
            continue
        package = _conda(line[:_LINE_BYTES], f"L{number}")
        if package is None:
            gathering.spoilt("unread-line", "no package of conda", f"L{number}")
        else:
            gathering.add(package)
    return _finished(gathering, data)


def _body(data: bytes, gathering: Gathering) -> str:
    most = gathering.limits.lock_bytes
    if len(data) > most:
        message = f"more than {most} bytes; the lines before that were read"
        gathering.flaws.add("size-limit", message, f"byte {most}")
        data = data[:most].rpartition(b"\n")[0]
    return text.decode(data, gathering.flaws).replace("\0", "")


def _finished(gathering: Gathering, data: bytes) -> PackageList:
    if not data.strip(b"\0 \r\n\t\xef\xbb\xbf"):
        gathering.flaws.add("empty", "the file is empty")
    return gathering.finished(complete=len(data) <= gathering.limits.lock_bytes)


def _logical(body: str) -> Iterator[tuple[int, str]]:
    """Lines joined over their continuations, comments left out, with the number of the first."""
    parts: list[str] = []
    begun = size = 0
    for number, raw in enumerate(body.split("\n"), 1):
        line = raw.rstrip("\r")
        begun = begun if parts else number
        if not parts and line.lstrip().startswith("#"):
            continue
        goes_on = line.endswith("\\")
        size += len(line)
        if size <= _LINE_BYTES:
            parts.append(line[:-1] if goes_on else line)
        elif not parts:
            parts.append(line[:_LINE_BYTES])
        if goes_on:
            continue
        yield begun, _without_comment("".join(parts))
        parts, size = [], 0
    if parts:
        yield begun, _without_comment("".join(parts))


def _without_comment(line: str) -> str:
    at = min((pos for pos in (line.find(" #"), line.find("\t#")) if pos >= 0), default=-1)
    return line if at < 0 else line[:at]


def _requirement(line: str, place: str, gathering: Gathering) -> None:
    if not line:
        return
    if line.startswith("-"):
        _option(line, place, gathering)
        return
    package = _named(line, place) or _bare(line, place)
    if package is None:
        gathering.spoilt("unread-line", "no requirement", place)
    else:
        gathering.add(package)


def _option(line: str, place: str, gathering: Gathering) -> None:
    word = _OPTION.match(line)
    if word is None:
        gathering.spoilt("unread-line", "no requirement", place)
        return
    value = line[word.end() :].lstrip("= \t")
    if word[0] in _INDEXES:
        gathering.index(value.partition(" ")[0])
    elif word[0] in _EDITABLE:
        package = _bare(value, place, note="editable")
        if package is None:
            gathering.spoilt("unread-line", "an editable requirement of no name", place)
        else:
            gathering.add(package)


def _named(line: str, place: str) -> Package | None:
    """`name`, `name==1.0`, `name>=1.0`, `name @ address`."""
    match = _NAME.match(line)
    if match is None or "://" in match[1]:
        return None
    name, rest = match[1], match[2]
    if rest.startswith("@"):
        url = rest[1:].strip().partition(" ")[0]
        return _direct(name, url, place) if url else None
    stated, _, condition = rest.partition(";")
    specifier = stated.partition(" --")[0].strip()
    if not specifier:
        plain = not rest or rest.startswith((";", "--"))
        return Package(name, None, place, note="no version pinned") if plain else None
    exact = _EXACT.match(specifier)
    if exact is not None:
        marker = condition.partition(" --")[0].strip()
        return Package(name, exact[1], place, note=f"only where {marker}" if marker else None)
    if _RANGE.match("".join(specifier.split())):
        return Package(name, None, place, note=f"{specifier}, no version pinned")
    return None


def _bare(line: str, place: str, note: str | None = None) -> Package | None:
    """An address or a path, which names the package itself or not at all."""
    url = line.strip().partition(" ")[0]
    if "://" not in url and not url.startswith((".", "/", "file:")):
        return None
    egg = _EGG.search(url)
    if egg is not None:
        return _direct(egg[1], url, place, note)
    file = _WHEEL.match(url.partition("#")[0].partition("?")[0].rpartition("/")[2][:_FILE_NAME])
    if file is not None:
        found = _direct(file[1], url, place, note)
        return Package(file[1], file[2], place, found.source, found.commit, note)
    name = url.partition("#")[0].rstrip("/").rpartition("/")[2].partition("@")[0]
    name = name.removesuffix(".git")
    return _direct(name, url, place, note) if name.strip(".") else None


def _direct(name: str, url: str, place: str, note: str | None = None) -> Package:
    return Package(name, None, place, address(url), commit_of(url.partition("#egg=")[0]), note)


def _conda(line: str, place: str) -> Package | None:
    if "://" in line:
        file = _CONDA_FILE.match(line.partition("#")[0].rpartition("/")[2][:_FILE_NAME])
        return Package(file[1], file[2], place, note=f"build {file[3]}") if file else None
    if line.count("=") == 2 and " " not in line:
        name, version, build = line.split("=")
        return Package(name, version or None, place, note=f"build {build}") if name else None
    words = line.split()
    if not 2 <= len(words) <= 4 or not _COLUMNS.match(words[0]) or not words[1][0].isalnum():
        return None
    note = f"build {words[2]}" if len(words) > 2 else None
    if len(words) > 3:
        note = f"{note}, channel {words[3]}"
    return Package(words[0], words[1], place, note=note)
