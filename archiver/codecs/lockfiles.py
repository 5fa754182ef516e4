"""Lockfiles as lists of packages: uv, Poetry, PDM, pylock (PEP 751), Pipenv, conda.

TOML lockfiles are one table per package, `[[package]]`, so they are read table by table: each is
small, and one that is damaged costs no other. Nothing in a lockfile raises.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import replace
from typing import TypeGuard

from archiver.codecs import json_document, requirements, text
from archiver.codecs.packages import Gathering, Package, PackageList, address, commit_of
from archiver.codecs.pointers import pointer
from archiver.codecs.toml_document import too_deep
from archiver.limits import DEFAULT, Limits

_HEADS = {"[[package]]": "package", "[[packages]]": "packages"}
_MOST_HEADER_DOTS = 50
"""In a table's name: every key below it costs as much again."""

Table = dict[str, object]


def toml(data: bytes, limits: Limits = DEFAULT) -> PackageList:
    """Read `uv.lock`, `poetry.lock`, `pdm.lock` or `pylock.toml`.

    Flaws: `empty`, `size-limit`, `syntax`, `entry-limit`, `too-many-packages`, and of the text.
    """
    gathering = Gathering(limits)
    if not data.strip(b"\0 \r\n\t"):
        gathering.flaws.add("empty", "the file is empty")
        return gathering.finished(complete=False)
    if len(data) > limits.lock_bytes:
        gathering.flaws.add("size-limit", f"{len(data)} bytes are more than a lockfile may have")
        return gathering.finished(complete=False)
    torn = False
    for line, key, lines in _tables(text.decode(data, gathering.flaws)):
        table = _table(lines, line, key, gathering)
        torn = table is None
        if table is not None and key:
            _take(table, f"L{line}", gathering)
    return gathering.finished(complete=not torn)


def _tables(body: str) -> Iterator[tuple[int, str, list[str]]]:
    """What stands before the first package, and each package: line, array's name, lines."""
    begun, key, lines = 1, "", list[str]()
    for number, raw in enumerate(body.split("\n"), 1):
        name = _HEADS.get(raw.strip())
        if name is not None:
            yield begun, key, lines
            begun, key, lines = number, name, []
        lines.append(raw.removesuffix("\r"))
    yield begun, key, lines


def _table(lines: list[str], begun: int, key: str, gathering: Gathering) -> Table | None:
    """One package's table (or what stands before all), None where it cannot be read."""
    place = f"L{begun}"
    if sum(map(len, lines)) > gathering.limits.lock_entry_bytes or any(
        _deep(line, gathering.limits) for line in lines
    ):
        gathering.spoilt("entry-limit", "an entry is over the limits of one", place)
        return None
    try:
        document: Table = tomllib.loads("\n".join(lines))
    except (ValueError, RecursionError) as error:
        message = "an entry that is no TOML" if isinstance(error, ValueError) else "too deep"
        gathering.spoilt("syntax", message, place)
        return None
    tables = document.get(key) if key else document
    if isinstance(tables, list):
        tables = tables[0] if tables else None
    return tables if isinstance(tables, dict) else {}


def _deep(line: str, limits: Limits) -> bool:
    header = line.lstrip().startswith("[") and line.count(".") > _MOST_HEADER_DOTS
    return header or too_deep(line, limits)


def _take(table: Table, place: str, gathering: Gathering) -> None:
    name, version = table.get("name"), table.get("version")
    if not isinstance(name, str) or not name:
        gathering.spoilt("unread-entry", "a package without a name", place)
        return
    source, note = _source(table, gathering)
    commit = _commit(table)
    gathering.add(
        Package(
            name,
            version if isinstance(version, str) and version else None,
            place,
            address(source) if source else None,
            commit or (commit_of(source) if source else None),
            note,
        )
    )


def _source(table: Table, gathering: Gathering) -> tuple[str | None, str | None]:
    """Where a package comes from, if not from an index, and how."""
    source = table.get("source")
    if isinstance(source, dict):  # uv, Poetry
        gathering.index(source.get("registry"))
        kind = source.get("type")
        if kind in ("legacy", "pypi"):
            gathering.index(source.get("url"))
            return None, None
        for key in ("git", "url", "path", "directory", "editable", "virtual"):
            if isinstance(source.get(key), str):
                return str(source[key]), str(kind) if isinstance(kind, str) else key
        return None, None
    for key in ("vcs", "archive", "directory"):  # PEP 751
        held = table.get(key)
        if isinstance(held, dict):
            place = held.get("url") or held.get("path")
            return (place if isinstance(place, str) else None), key
    for key in ("git", "url", "path"):  # PDM
        if isinstance(table.get(key), str):
            return str(table[key]), key
    gathering.index(table.get("index"))
    return None, None


def _commit(table: Table) -> str | None:
    source, vcs = table.get("source"), table.get("vcs")
    stated = table.get("revision")
    if isinstance(source, dict):
        stated = source.get("resolved_reference") or stated
    if isinstance(vcs, dict):
        stated = vcs.get("commit-id") or stated
    return commit_of(f"#{stated}") if isinstance(stated, str) else None


def json(data: bytes, limits: Limits = DEFAULT) -> PackageList:
    """Read `Pipfile.lock`, or a TOML lockfile's content spelled as JSON.

    Flaws: those of the document, `unread-entry`, `too-many-packages`.
    """
    document = json_document.parse(data, replace(limits, document_bytes=limits.lock_bytes))
    gathering = Gathering(limits, document.flaws)
    value = document.value
    if isinstance(value, dict):
        for section in ("default", "develop"):
            _pipenv(value.get(section), section, gathering)
        for key in ("package", "packages"):
            tables = value.get(key)
            for index, table in enumerate(tables if isinstance(tables, list) else ()):
                _entry(table, pointer((key, index)), gathering)
    return gathering.finished(complete=document.complete)


def _pipenv(section: object, name: str, gathering: Gathering) -> None:
    for key, held in section.items() if isinstance(section, dict) else ():
        place = pointer((name, key))
        if not isinstance(held, dict) or not key:
            gathering.spoilt("unread-entry", "a package that is no object", place)
            continue
        version = held.get("version")
        pinned = version.removeprefix("==") if isinstance(version, str) else None
        where = next((str(held[k]) for k in ("git", "file", "path") if _filled(held.get(k))), None)
        revision = held.get("ref")
        gathering.add(
            Package(
                key,
                pinned if pinned and pinned[0].isalnum() else None,
                place,
                address(where) if where else None,
                commit_of(f"#{revision}") if isinstance(revision, str) else None,
                "editable" if held.get("editable") is True else None,
            )
        )


def _filled(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and bool(value)


def _entry(table: object, place: str, gathering: Gathering) -> None:
    if isinstance(table, dict):
        _take(table, place, gathering)
    else:
        gathering.spoilt("unread-entry", "a package that is no table", place)


def conda_lock(data: bytes, limits: Limits = DEFAULT) -> PackageList:
    """Read `conda-lock.yml`: a package stands there once per platform.

    Flaws: those of the document, `unread-entry`, `too-many-packages`.
    """
    from archiver.codecs import yaml_document

    document = yaml_document.parse(data, limits)
    gathering = Gathering(limits, document.flaws)
    tables = document.value.get("package") if isinstance(document.value, dict) else None
    for index, table in enumerate(tables if isinstance(tables, list) else ()):
        place = pointer(("package", index))
        name = table.get("name") if isinstance(table, dict) else None
        if not isinstance(table, dict) or not isinstance(name, str) or not name:
            gathering.spoilt("unread-entry", "a package without a name", place)
            continue
        version, manager = table.get("version"), table.get("manager")
        gathering.add(
            Package(
                name,
                version if _filled(version) else None,
                place,
                note=manager if isinstance(manager, str) else None,
            )
        )
    return gathering.finished(complete=document.complete)


def conda_environment(data: bytes, limits: Limits = DEFAULT) -> PackageList:
    """Read `environment.yml`, as written by hand or by `conda env export`.

    Flaws: those of the document, `unread-entry`, `too-many-packages`.
    """
    from archiver.codecs import yaml_document

    document = yaml_document.parse(data, limits)
    gathering = Gathering(limits, document.flaws)
    value = document.value if isinstance(document.value, dict) else {}
    entries = value.get("dependencies")
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        place = pointer(("dependencies", index))
        if isinstance(entry, str) and entry:
            gathering.add(_conda_spec(entry, place))
        elif isinstance(entry, dict) and isinstance(entry.get("pip"), list):
            for number, line in enumerate(entry["pip"]):  # type: ignore[arg-type]
                _pip_line(line, f"{place}/pip/{number}", gathering)
        else:
            gathering.spoilt("unread-entry", "a dependency that is no text", place)
    return gathering.finished(complete=document.complete)


def _conda_spec(spec: str, place: str) -> Package:
    """`name`, `name=1.0`, `name=1.0=build`, `channel::name>=1`; one `=` pins a prefix."""
    _, _, plain = spec.rpartition("::")
    name, *rest = plain.replace("==", "=").strip().split("=")
    ranged = next((i for i, char in enumerate(plain) if char in "<>!~ "), None)
    if ranged is not None:
        return Package(plain[:ranged], None, place, note=f"{plain[ranged:].strip()}, not pinned")
    version = rest[0] if rest and rest[0] and "*" not in rest[0] else None
    note = f"build {rest[1]}" if len(rest) > 1 else None
    return Package(name, version, place, note=note if version else "no version pinned")


def _pip_line(line: object, place: str, gathering: Gathering) -> None:
    found = (
        requirements.parse(line.encode("utf-8", "replace"), gathering.limits)
        if isinstance(line, str)
        else PackageList(corrupt=1)
    )
    if found.corrupt:
        gathering.spoilt("unread-entry", "no requirement", place)
    for package in found.packages:
        gathering.add(
            Package(
                package.name,
                package.version,
                place,
                package.source,
                package.commit,
                package.note,
            )
        )
