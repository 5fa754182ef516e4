"""Annotations: read back as GitHub's runner does, they are the findings of the report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from archiver.extension import Help, Report, Severity
from archiver.model.claims import Location
from archiver.model.findings import RunFindings
from archiver.outputs.github import ENCODER
from tests.outputs.conftest import RUN, finding

Book = dict[str, Help]


@dataclass(frozen=True)
class Command:
    """One workflow command."""

    name: str
    properties: dict[str, str]
    data: str


def commands(text: str) -> list[Command]:
    """What the runner obeys, after its own two parsers (actions/runner, `ActionCommand.cs`)."""
    found = []
    for line in text.splitlines():
        start = line.lstrip()
        if start.startswith("::") and "::" in start[2:]:
            head, _, data = start[2:].partition("::")
            name, _, rest = head.partition(" ")
            pairs = (pair.partition("=") for pair in rest.strip().split(",") if pair)
            properties = {key: unescaped(value, property_=True) for key, _, value in pairs}
            found.append(Command(name, properties, unescaped(data)))
        elif "##[" in line:
            found.append(Command("legacy", {}, line))
    return found


def unescaped(text: str, *, property_: bool = False) -> str:
    """The percent sign is unescaped last."""
    codes = {"%0D": "\r", "%0A": "\n"}
    codes |= {"%3A": ":", "%2C": ","} if property_ else {}
    for code, char in (codes | {"%25": "%"}).items():
        text = text.replace(code, char)
    return text


def test_golden(report: Report, book: Book, golden: Callable[[str, str], None]) -> None:
    """The whole text."""
    golden("github.txt", ENCODER.encode(report, book, False))


def test_each_finding_is_one_command(report: Report, book: Book) -> None:
    """Gravest first over all runs; nothing else can be read as a command."""
    found = commands(ENCODER.encode(report, book, False))
    assert [(item.name, item.properties["title"]) for item in found] == [
        ("error", "RA003 truncated-artifact"),
        ("error", "RA003 truncated-artifact"),
        ("error", "RA003 truncated-artifact"),
        ("warning", "RA201 conflicting-claims"),
        ("warning", "RA201 conflicting-claims"),
        ("warning", "RA204 ambiguous-yaml-value"),
        ("warning", "RA204 ambiguous-yaml-value"),
        ("notice", "RA105 no-package-list"),
    ]


def test_places(report: Report, book: Book) -> None:
    """Files as seen from the directory of the call, with line and column as far as known."""
    found = commands(ENCODER.encode(report, book, False))
    places = [{**item.properties, "title": ""} for item in found]
    assert places[0] == {"file": f"{RUN}/logging.jsonl", "line": "8", "title": ""}
    assert places[1] == {"file": f"{RUN}/runs/events.0", "title": ""}
    assert places[2] == {"file": "a:b/state.json", "title": ""}
    assert places[3] == {
        "file": RUN + "/-rf ::warning::\\n\\x1b]0;x\\x07\\u202e#?%41<&>\"',\\ud800é.json",
        "line": "3",
        "title": "",
    }
    assert places[4] == {
        "file": "runs/shared/setup.yaml",
        "line": "21",
        "col": "3",
        "title": "",
    }
    assert places[7] == {"file": RUN, "title": ""}


def test_messages(report: Report, book: Book) -> None:
    """Place in the file, message, and the hint on a line of its own."""
    found = [item.data for item in commands(ENCODER.encode(report, book, False))]
    assert found[1] == "byte 8562: the stream ends inside a record (40 bytes of it are there)"
    assert found[3] == (
        "/a~1b/\\x1b[2J: a\\n::error::b\\r\\x1b[31mc\\x1b[0m \\u202ed\\u2066 100% e,f:g"
        " #\\x23[error]h #\\x23vso[task]i <j>&\"k'</j> ]]> \\x00\\x9b\\u2028 \\ud800 \uffff"
        " é日本🙂 [l](http://m)\n"
        "hint: see [this](http://evil) #\\x23[add-mask]x\\n::stop-commands::y"
    )
    assert found[5].endswith("says a text\nhint: write 5.0e-3")


def test_last_line_sums_up(report: Report, empty: Report, book: Book) -> None:
    """A plain line for the log, which is no command."""
    assert ENCODER.encode(empty, book, False) == (
        "0 errors, 0 warnings, 0 notes in 0 runs, 0 artifacts, 0 rules\n"
    )
    assert ENCODER.encode(report, book, False).splitlines()[-1].startswith("3 errors, 4 warnings")


def test_run_in_the_current_directory(book: Book) -> None:
    """A directory without a name is no file to annotate."""
    note = finding("RA105", Severity.NOTE, "none", Location(""))
    run = RunFindings(path=".", run_id="a", findings=(note,))
    (found,) = commands(ENCODER.encode(Report(runs=(run,), rules=1), book, False))
    assert found == Command("notice", {"title": "RA105 no-package-list"}, "none")


@pytest.mark.parametrize("text", ["::stop-commands::x", "%0A::error::x", "\r\n::error::x"])
def test_own_parser_sees_commands(text: str) -> None:
    """The reader of these tests would notice a command that is smuggled in."""
    line = text.replace("%0A", "\n")
    assert commands(f"plain\n{line}")[0].name in {"stop-commands", "error"}
