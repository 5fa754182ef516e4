"""Where findings stand."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, fields, replace

import pytest

from archiver import registry
from archiver.model.claims import Location
from archiver.model.findings import (
    Accepted,
    Finding,
    Place,
    Position,
    Report,
    RunFindings,
    Severity,
    decoded,
    detail_of,
    encoded,
)


def finding(place: str, position: Position | None = None) -> Finding:
    """A finding at a place."""
    at = Location("a.json", place)
    return Finding(
        rule="RA001", name="x", severity=Severity.NOTE, message="m", at=at, position=position
    )


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("", (None, None, None)),
        ("/a/b", (None, None, "/a/b")),
        ("L12", (12, None, None)),
        ("L12-40", (12, None, None)),
        ("L38:32", (38, 32, None)),
        ("L12!/loss", (12, None, "/loss")),
        ("header.json!/eval", (None, None, "/eval")),
        ("byte 12", (None, None, None)),
        ("Level", (None, None, None)),
    ],
)
def test_lines_columns_and_pointers_of_places(
    place: str, expected: tuple[int | None, int | None, str | None]
) -> None:
    """What codecs and readers write as places is taken apart."""
    item = finding(place)
    assert (item.line, item.column, item.pointer) == expected


def test_a_position_that_was_established_counts() -> None:
    """It is exact where the place is not."""
    item = finding("/a", Position(3, 7))
    assert (item.line, item.column, item.pointer) == (3, 7, "/a")


@pytest.mark.parametrize(
    ("place", "detail"),
    [
        ("", ""),
        ("/a/b", "/a/b"),
        ("L12", ""),
        ("L12-40", ""),
        ("L38:32", ""),
        ("L12!/loss", "/loss"),
        ("header.json!/eval", "header.json!/eval"),
        ("byte 12", "byte 12"),
    ],
)
def test_detail(place: str, detail: str) -> None:
    """What a place names beyond its line is told whole: nothing of it is lost to people."""
    assert detail_of(Location("a.json", place)) == detail


def test_encoded_is_well_formed() -> None:
    """Half of a surrogate pair is spelled out, since strict parsers refuse the whole document."""
    at = Location("a\udcff.json", "/\ud800")
    item = Finding(
        rule="RA001", name="x", severity=Severity.NOTE, message="\udfff é🙂", at=at, hint="\ud900"
    )
    document = encoded(item)
    assert document["path"] == "a\\udcff.json"
    assert document["pointer"] == "/\\ud800"
    assert document["message"] == "\\udfff é🙂"
    assert document["hint"] == "\\ud900"


@pytest.mark.parametrize("position", [None, Position(3), Position(3, 4)])
@pytest.mark.parametrize(
    "place",
    ["", "/a/b", "/", "L12", "L12-40", "L3", "L38:32", "L12!/loss", "header.json!/eval", "byte 12"],
)
def test_what_is_encoded_comes_back(place: str, position: Position | None) -> None:
    """Every kind of place, with and without a position, also of what else it speaks of."""
    item = finding(place, position)
    other = Place(Location("b.json", place, "experiment"), "there", position)
    item = replace(item, related=(other,), hint="h", fingerprint="0" * 32)
    back = decoded(json.loads(json.dumps(encoded(item))))
    assert (back.at, back.line, back.column, back.pointer) == (
        item.at, item.line, item.column, item.pointer,
    )  # fmt: skip
    assert [(entry.at, entry.message) for entry in back.related] == [(other.at, "there")]
    assert encoded(back) == encoded(item)
    same = replace(back, at=item.at, position=item.position, related=item.related)
    assert same == item


@pytest.mark.parametrize("path", ["a/b.json", "b.json", "/b", ""])
def test_an_accepted_file_is_one_without_findings(path: str) -> None:
    """It says of every field what the findings of such a file would, in every output as well."""
    whole = RunFindings(path=path, run_id=path.rpartition("/")[2], artifacts=1)
    one = Accepted(path)
    for item in fields(RunFindings):
        assert getattr(one, item.name) == getattr(whole, item.name)
    assert one.file(Location("x")) == whole.file(Location("x"))
    assert one == Accepted(path) != Accepted(path + "x")
    with pytest.raises(FrozenInstanceError):
        one.path = "c"  # type: ignore[misc]
    for encoder in registry.outputs():
        for number in (1, 2):
            plain, light = (
                encoder.encode(Report(runs=(run,) * number, rules=0), {}, False)
                for run in (whole, one)
            )
            assert plain == light
