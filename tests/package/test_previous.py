"""What differs from the previous run, in the archive of the next."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from archiver.model import codec
from archiver.model.findings import encoded
from archiver.package import loading
from archiver.workflows.comparing import of_archive
from archiver.workflows.linking import Linking, retold

RUNS = Path(__file__).resolve().parent.parent.parent / "fixtures" / "runs"
CLEAN, RESUMED, KILLED = (
    RUNS / f"coordexp-{name}" / "input" for name in ("clean", "resumed", "killed")
)
FIRST, SECOND, THIRD = "v0-20261122-093236", "v0-20261122-093352", "v0-20261122-093548"
"""Their names, which tell their starts."""
EXPERIMENT = "stage1_tiny_ce"
Cli = Callable[..., Any]


def contents(archives: Path) -> dict[str, bytes]:
    """Every file, but for the one that tells of the archiving."""
    files = (path for path in archives.rglob("*") if path.is_file())
    return {
        path.relative_to(archives).as_posix(): path.read_bytes()
        for path in files
        if path.name != "archived.json"
    }


def before(archives: Path) -> dict[str, str | None]:
    """Run -> the one before it, as its archive tells."""
    found = {}
    for path in archives.glob("*/*/record.json"):
        fields = json.loads(path.read_bytes())["fields"]
        named = fields.get("changes.previous_run_id")
        found[path.parent.name] = named["value"] if named is not None else None
        page = path.with_name("diff-previous.md")
        assert page.exists() == (named is not None)
        if named is not None:
            assert f"/{named['value']} against " in page.read_text("utf-8").partition("\n")[0]
    return found


def together(root: Path) -> Path:
    """The three runs below one directory."""
    for source in (CLEAN, RESUMED, KILLED):
        shutil.copytree(source, root, symlinks=True, dirs_exist_ok=True)
    return root


def test_the_latest_earlier_run_is_the_one_before(cli: Cli, tmp_path: Path) -> None:
    """Each run by its start, whatever was archived first, alone or in one call: same bytes."""
    at_once = tmp_path / "at-once"
    ran = cli("collect", together(tmp_path / "runs"), "-o", at_once)
    assert (ran.code, ran.err) == (0, "")
    assert before(at_once) == {FIRST: None, SECOND: FIRST, THIRD: SECOND}
    assert f"  previous  {FIRST}, see diff-previous.md" in ran.out
    for name, order in (("back", (KILLED, RESUMED, CLEAN)), ("middle", (CLEAN, KILLED, RESUMED))):
        for source in order:
            ran = cli("collect", source, "-o", tmp_path / name)
            assert (ran.code, ran.err) == (0, "")
        # The last call put the next run right, and said so.
        revised = {"back": SECOND, "middle": THIRD}[name]
        assert f"revised: {tmp_path / name / EXPERIMENT / revised} (the run before it)" in ran.out
        assert contents(tmp_path / name) == contents(at_once)
    fields = json.loads((at_once / EXPERIMENT / SECOND / "record.json").read_bytes())["fields"]
    told = fields["changes.previous_run_id"]
    assert (told["origin"], told["rule"]) == ("derived", "latest-earlier-start-of-the-experiment")
    assert told["at"] == fields["summary.started_at"]["at"]
    again = cli("collect", tmp_path / "runs", "-o", at_once)
    assert again.out.count("unchanged: ") == 3
    assert "revised" not in again.out


def test_an_archive_tells_the_same_when_it_is_read_back(
    fixture_run: Path, collected_all: Callable[..., list[Path]]
) -> None:
    """Record, inventory, findings and page of each fixture run come out of itself byte for byte."""
    for archive in collected_all(fixture_run):
        found = of_archive(archive, "")
        assert retold(archive, found) == (archive / "ARCHIVE.md").read_text("utf-8")
        record = json.loads((archive / "record.json").read_bytes())
        assert json.dumps(codec.encode(found.record)) == json.dumps(record)
        lines = (archive / "inventory.ndjson").read_bytes().splitlines()
        assert [codec.encode(entry) for entry in found.files] == [*map(json.loads, lines)]
        findings = json.loads((archive / "findings.json").read_bytes())
        assert [encoded(item) for item in loading.findings(archive)] == findings


def test_a_run_that_changed_or_went_changes_what_the_next_one_tells(
    cli: Cli, tmp_path: Path
) -> None:
    """Archived anew, or taken away: the next run is put right by the next call."""
    source = together(tmp_path / "runs")
    archives = tmp_path / "archives"
    assert cli("collect", source, "-o", archives).code == 0
    page = archives / EXPERIMENT / THIRD / "diff-previous.md"
    first_told = page.read_text("utf-8")
    (config,) = source.glob(f"**/{SECOND}/args.json")
    config.write_text(config.read_text("utf-8").replace('"seed": 17', '"seed": 18'), "utf-8")
    ran = cli("collect", config.parent, "-o", archives, "--format", "json")
    said = json.loads(ran.out)
    assert said["revised"] == [str(page.parent)]
    assert [item["changed"] for item in said["archives"]] == [True]
    assert page.read_text("utf-8") != first_told
    shutil.rmtree(archives / EXPERIMENT / SECOND)
    ran = cli("collect", CLEAN, "-o", archives, "--format", "json")
    said = json.loads(ran.out)
    assert said["revised"] == [str(page.parent)]
    assert [item["changed"] for item in said["archives"]] == [False]
    assert before(archives) == {FIRST: None, THIRD: FIRST}


def test_the_two_kinds_of_clock_are_never_compared(cli: Cli, tmp_path: Path) -> None:
    """The sweep's jobs have local times, its baseline's evaluation has UTC: nothing is guessed.

    Both trainings began when the sweep did, so the directory decides between them.
    """
    assert cli("collect", RUNS / "run_experiment-sweep" / "input", "-o", tmp_path).code == 0
    assert before(tmp_path) == {
        "Tiny-1B-Instruct_base": None,
        "rank64_lr1e-4": None,
        "rank8_lr1e-4": "rank64_lr1e-4",
    }


def test_what_cannot_be_compared_is_told_and_passed_over(cli: Cli, tmp_path: Path) -> None:
    """A damaged archive is not the run before, and stays as it is; neither does it end the call."""
    for source in (CLEAN, RESUMED):
        assert cli("collect", source, "-o", tmp_path).code == 0
    damaged = tmp_path / EXPERIMENT / SECOND / "metrics.parquet"
    damaged.write_bytes(b"PAR1")
    ran = cli("collect", KILLED, "-o", tmp_path)
    assert ran.code == 0
    assert f"runarchive: {damaged}: is no table of points" in ran.err
    assert ran.err.count("runarchive: ") == 1
    assert before(tmp_path) == {FIRST: None, SECOND: FIRST, THIRD: FIRST}
    assert damaged.read_bytes() == b"PAR1"


def test_what_is_not_of_the_archive_is_never_lost(cli: Cli, tmp_path: Path) -> None:
    """A person's file in an archive keeps it from being revised, which is told."""
    for source in (CLEAN, KILLED):
        assert cli("collect", source, "-o", tmp_path).code == 0
    note = tmp_path / EXPERIMENT / THIRD / "notes.txt"
    note.write_text("mine", "utf-8")
    ran = cli("collect", RESUMED, "-o", tmp_path)
    assert ran.code == 0
    assert f"runarchive: {note}: does not belong to an archive" in ran.err
    assert note.read_text("utf-8") == "mine"
    assert before(tmp_path) == {FIRST: None, SECOND: FIRST, THIRD: FIRST}


def test_collect_tells_what_changed(cli: Cli, tmp_path: Path) -> None:
    """What a person says stands against the starts: fields, page, ARCHIVE.md; and stays so."""
    for source in (KILLED, CLEAN):
        assert cli("collect", source, "-o", tmp_path).code == 0
    first, second = tmp_path / EXPERIMENT / THIRD, tmp_path / EXPERIMENT / SECOND
    for word in ("archived", "unchanged"):
        ran = cli("collect", RESUMED, "-o", tmp_path, "--previous", first)
        assert ran.code == 0, ran.err
        assert f"{word}: " in ran.out + ran.err
    assert cli("collect", CLEAN, "-o", tmp_path).code == 0
    fields = json.loads((second / "record.json").read_bytes())["fields"]
    told = {name: field for name, field in fields.items() if name.startswith("changes.")}
    assert {name: field["value"] for name, field in told.items()} == {
        "changes.config_diff": "diff-previous.md",
        "changes.previous_run_id": first.name,
    }
    assert {field["origin"] for field in told.values()} == {"declared"}
    page = (second / "diff-previous.md").read_text("utf-8")
    assert page.startswith(f"# stage1_tiny_ce/{first.name} against stage1_tiny_ce/{second.name}\n")
    assert "| eval_loss " in page
    assert str(tmp_path) not in page
    assert f"- previous_run_id: {first.name}" in (second / "ARCHIVE.md").read_text("utf-8")
    assert cli("diff", RESUMED, second).out.endswith("\nidentical: nothing differs\n")
    # Without it, the starts decide.
    assert cli("collect", RESUMED, "-o", tmp_path).code == 0
    assert before(tmp_path)[SECOND] == FIRST


def test_what_cannot_be_the_previous_run(cli: Cli, tmp_path: Path) -> None:
    """What is no archive, and the run itself."""
    assert cli("collect", CLEAN, "-o", tmp_path / "one").code == 0
    (archive,) = (path.parent for path in (tmp_path / "one").glob("*/*/record.json"))
    for wrong, words in ((tmp_path, "is no archive"), (archive, "this very run")):
        ran = cli("collect", CLEAN, "-o", tmp_path / "two", "--previous", wrong)
        assert (ran.code, ran.out) == (2, "")
        assert words in ran.err


def test_a_call_that_was_cut_short_leaves_nothing_stale(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between an archive and the run after it: the next call puts that right."""
    source = together(tmp_path / "runs")
    archives = tmp_path / "archives"
    assert cli("collect", source, "-o", archives).code == 0
    page = archives / EXPERIMENT / THIRD / "diff-previous.md"
    first_told = page.read_text("utf-8")
    (config,) = source.glob(f"**/{SECOND}/args.json")
    config.write_text(config.read_text("utf-8").replace('"seed": 17', '"seed": 18'), "utf-8")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Linking, "settle", killed)
        assert cli("collect", config.parent, "-o", archives).code == 130
    assert page.read_text("utf-8") == first_told
    ran = cli("collect", config.parent, "-o", archives)
    assert "unchanged: " in ran.out
    assert f"revised: {page.parent}" in ran.out
    assert page.read_text("utf-8") != first_told


def test_a_damaged_record_is_told(cli: Cli, tmp_path: Path) -> None:
    """Whether its run came before another is not known; the one before that is taken."""
    for source in (CLEAN, RESUMED):
        assert cli("collect", source, "-o", tmp_path).code == 0
    damaged = tmp_path / EXPERIMENT / SECOND / "record.json"
    damaged.write_text("{", "utf-8")
    ran = cli("collect", KILLED, "-o", tmp_path)
    assert ran.code == 0
    assert f"runarchive: {damaged}: is no record" in ran.err
    assert before_of(tmp_path, THIRD) == FIRST


def before_of(archives: Path, run: str) -> object:
    """The run before one, as its archive tells."""
    record = json.loads((archives / EXPERIMENT / run / "record.json").read_bytes())
    return record["fields"]["changes.previous_run_id"]["value"]


def test_previous_is_for_one_run(cli: Cli, tmp_path: Path) -> None:
    """Of several runs nothing is archived before that is told."""
    assert cli("collect", KILLED, "-o", tmp_path / "one").code == 0
    named = tmp_path / "one" / EXPERIMENT / THIRD
    source = together(tmp_path / "runs")
    ran = cli("collect", source, "-o", tmp_path / "two", "--previous", named)
    assert (ran.code, ran.out) == (2, "")
    assert "is for one run, not 3" in ran.err
    assert not (tmp_path / "two").exists()
