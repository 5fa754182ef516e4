"""The order of an experiment's runs by their starts."""

from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path

from archiver.package.succession import Place, Succession, of_home


def place(name: str, start: int, *, naive: bool = False, directory: str = "run") -> Place:
    return Place(name, (start, directory, name * 64), naive, None, fixed=False)


def names(known: Succession, one: Place) -> list[str]:
    return [other.name for other in known.before(one)]


def test_the_order_in_which_runs_are_added_does_not_matter() -> None:
    """Latest first, equal starts by directory and then by identity, never the run itself."""
    places = [
        place("a", 1),
        place("c", 2, directory="x"),
        place("b", 2, directory="y"),
        place("d", 3),
    ]
    for order in permutations(places):
        known = Succession(order)
        assert [item.name for item in known] == ["a", "c", "b", "d"]
        assert names(known, place("d", 3)) == ["b", "c", "a"]
        assert names(known, place("a", 1)) == []
    assert names(known, place("b", 9, directory="y")) == ["d", "c", "a"]


def test_kinds_of_clock_are_apart() -> None:
    """A local time comes after no time of the common line, however large it is."""
    known = Succession([place("zoned", 1), place("local", 2, naive=True)])
    assert names(known, place("x", 10)) == ["zoned"]
    assert names(known, place("y", 10, naive=True)) == ["local"]


def test_a_run_that_is_added_again_moves() -> None:
    """With another start and on another clock, it stands there only."""
    known = Succession([place("a", 1), place("b", 2)])
    known.add(place("a", 5, naive=True))
    assert names(known, place("z", 9)) == ["b"]
    assert names(known, place("z", 9, naive=True)) == ["a"]


def test_what_is_no_record_has_no_place(tmp_path: Path) -> None:
    """Damaged, of another shape, without a start, elsewhere by its name, or a link: none."""
    run = {
        "run_id": "good", "experiment": "e", "producers": [], "eras": {}, "directory": "good",
        "identity": "0" * 64, "related": [],
    }  # fmt: skip
    start = {"value": "2026-01-01T00:00:00Z", "origin": "recorded", "reader": "r"}
    start["at"] = {"scope": "run", "path": "log", "place": ""}
    fields = {"summary.started_at": start}
    records = {
        "good": {"run": run, "fields": fields},
        "renamed": {"run": run, "fields": fields},
        "undated": {"run": {**run, "run_id": "undated"}, "fields": {}},
        "wrong": {
            "run": {**run, "run_id": "wrong"},
            "fields": {"summary.started_at": {**start, "value": 7}},
        },
        "list": [],
    }
    for name, record in records.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "record.json").write_text(json.dumps(record), "utf-8")
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / "record.json").write_text('{"run": {', "utf-8")
    (tmp_path / "link").symlink_to("good")
    assert [item.name for item in of_home(tmp_path)] == ["good"]
