"""What people and programs meet: options, results, messages, exit codes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]
ROOT = Path(__file__).resolve().parent.parent
RUNS = ROOT / "fixtures" / "runs"
INFER = RUNS / "coordexp-infer" / "input" / "tiny_val"
RESUMED = RUNS / "coordexp-resumed" / "input"
HF = RUNS / "hf_trainer-clean" / "input" / "tiny-clm"
ENVIRONMENT = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}


def metadata(directory: Path, **extra: object) -> Path:
    """A run that is recognised by its run_metadata.json."""
    directory.mkdir(parents=True)
    place = "/o/" + os.fsencode(directory.name).decode("ascii", "replace")
    stated = {"created_at": "2026-01-01T00:00:00", "git_sha": None, "output_dir": place, **extra}
    (directory / "run_metadata.json").write_text(json.dumps(stated))
    return directory


def record_of(archives: Path) -> dict[str, Any]:
    (path,) = archives.glob("*/*/record.json")
    found: dict[str, Any] = json.loads(path.read_bytes())
    return found


def inventory_of(archives: Path) -> dict[str, dict[str, Any]]:
    (path,) = archives.glob("*/*/inventory.ndjson")
    entries = [json.loads(line) for line in path.read_text().splitlines()]
    return {f"{entry['scope']}:{entry['path']}": entry for entry in entries}


def test_json_result_has_the_agreed_shape(cli: Call, tmp_path: Path) -> None:
    """One object per archive, with the agreed keys, and nothing else on stdout."""
    ran = cli("collect", INFER, "-o", tmp_path / "a", "--format", "json")
    assert (ran.code, ran.err) == (0, "")
    (item,) = json.loads(ran.out)["archives"]
    assert item == {
        "run_id": "tiny_val", "experiment": "infer", "archive": str(tmp_path / "a/infer/tiny_val"),
        "status": "unknown", "producers": ["coordexp"], "changed": True,
        "findings": {"error": 0, "warning": 0, "note": 3},
    }  # fmt: skip
    again = json.loads(cli("collect", INFER, "-o", tmp_path / "a", "--format", "json").out)
    assert again == {"archives": [{**item, "changed": False}], "revised": []}


def test_a_dry_run_tells_all_and_writes_nothing(cli: Call, tmp_path: Path) -> None:
    """Recognised, unplaced, copied and redacted files are listed; no archive appears."""
    ran = cli("collect", RESUMED, "-o", tmp_path / "a", "--dry-run")
    assert ran.code == 0
    assert not (tmp_path / "a").exists()
    lines = {line.split("  ")[-2].split()[-1]: line for line in ran.out.splitlines()[3:-1]}
    assert "coordexp.run_metadata" in lines["run_metadata.json"]
    assert lines["run_metadata.json"].endswith("copied")
    assert "unplaced" in lines["checkpoint-20/config.json"]
    assert "weights.torch" in lines["checkpoint-20/scheduler.pt"]
    assert "not copied: weights or state" in lines["checkpoint-20/scheduler.pt"]
    assert lines["train.log"].endswith("copied (secrets removed from the copy)")
    assert "would be removed" in ran.out.splitlines()[-1]


def test_declared_values_say_so_and_keep_the_loser(cli: Call, tmp_path: Path) -> None:
    """`--set` wins over what the run recorded; the recorded value stays beside it."""
    run = metadata(tmp_path / "run", git_sha="a" * 40)
    options = ["--set", "summary.git_commit=" + "b" * 40, "--set", "summary.user=ann"]
    options += ["--set", "summary.gpus=8 x H100", "--set", "repro.env.NCCL_DEBUG=INFO"]
    assert cli("collect", run, "-o", tmp_path / "a", *options).code == 0
    fields = record_of(tmp_path / "a")["fields"]
    commit = fields["summary.git_commit"]
    assert (commit["value"], commit["origin"]) == ("b" * 40, "declared")
    (loser,) = commit["others"]
    assert (loser["value"], loser["verdict"], loser["origin"]) == (
        "a" * 40, "different", "recorded",
    )  # fmt: skip
    assert fields["summary.user"]["value"] == "ann"
    assert fields["summary.gpus"]["value"] == ["8 x H100"]
    assert fields["repro.env.NCCL_DEBUG"]["value"] == "INFO"
    assert {fields[name]["origin"] for name in ("summary.user", "summary.gpus")} == {"declared"}


def test_a_declared_secret_is_not_kept(cli: Call, tmp_path: Path) -> None:
    """`--set` of a secret is redacted like any other."""
    run = metadata(tmp_path / "run")
    token = "hf_" + "abCD12" * 6
    assert (
        cli("collect", run, "-o", tmp_path / "a", "--set", f"repro.env.HF_TOKEN={token}").code == 0
    )
    assert token not in json.dumps(record_of(tmp_path / "a"))


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--set", "summary.gitcommit=1"], "docs/fields.md"),
        (["--set", "steps.params=1"], "no field"),
        (["--set", "summary.user"], "FIELD=VALUE"),
        (["--set", "=x"], "FIELD=VALUE"),
        (["--set", "summary.user=a", "--set", "summary.user=b"], "twice"),
        (["--primary", "nope"], "it has "),
        (["--max-copy-size", "big"], "500K"),
        (["--max-copy-size", "-1"], "500K"),
        (["--max-copy-size", "1KK"], "500K"),
        (["--copy", "some"], "some"),
        (["--hash", "md5"], "md5"),
        (["--format", "xml"], "xml"),
        (["--nonsense"], "--nonsense"),
        (["--with", "/nonexistent/tree"], "/nonexistent/tree"),
        (["extra"], "extra"),
        (["--set", "a\nb\x1b[31m=1"], "\\x1b"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_2(
    cli: Call, tmp_path: Path, options: list[str], word: str
) -> None:
    """Wrong options: exit 2, nothing on stdout, one line that names the fault."""
    ran = cli("collect", INFER, "-o", tmp_path / "a", *options)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.count("\n") == 1
    assert ran.err.startswith("runarchive: ")
    assert word in ran.err
    assert "Traceback" not in ran.err
    assert not list(tmp_path.glob("a/*"))


def test_an_unknown_primary_names_the_series(cli: Call, tmp_path: Path) -> None:
    """The message lists what the run has."""
    ran = cli("collect", HF, "-o", tmp_path / "a", "--primary", "nope")
    assert ran.code == 2
    assert "grad_norm" in ran.err


def test_primary_chooses_the_curve(cli: Call, tmp_path: Path) -> None:
    """The named series becomes loss_curve.csv."""
    assert cli("collect", HF, "-o", tmp_path / "a", "--primary", "grad_norm").code == 0
    (csv,) = tmp_path.glob("a/*/*/loss_curve.csv")
    assert [line.split(",")[0] for line in csv.read_text().splitlines()[1:]] == [
        "1", "5", "10", "15", "20", "25", "30",
    ]  # fmt: skip


@pytest.mark.parametrize("what", ["missing", "file", "loop", "x" * 5000, "bad\udcffname"])
def test_what_is_no_run_directory(cli: Call, tmp_path: Path, what: str) -> None:
    """Missing, a file, a loop of links, an endless name, no UTF-8: exit 2, one line."""
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    ran = cli("collect", tmp_path / what, "-o", tmp_path / "a")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.count("\n") == 1


def test_an_empty_directory_is_archived(cli: Call, tmp_path: Path) -> None:
    """Any directory is accepted; nothing is claimed of it."""
    (tmp_path / "empty").mkdir()
    assert cli("collect", tmp_path / "empty", "-o", tmp_path / "a").code == 0
    record = record_of(tmp_path / "a")
    assert list(record["fields"]) == ["summary.status"]
    assert record["fields"]["summary.status"]["value"] == "unknown"


def test_an_experiment_is_archived_run_by_run(cli: Call, tmp_path: Path) -> None:
    """One archive per run; a run inside a run is part of it; a name that is no UTF-8 works."""
    top = tmp_path / "exp"
    metadata(top / "one")
    metadata(top / "two", run_name="x")
    metadata(top / "two" / "inner")
    metadata(Path(os.fsdecode(os.fsencode(top) + b"/caf\xe9")))
    (top / "notes.txt").write_text("beside")
    ran = cli("collect", top, "-o", tmp_path / "a", "--format", "json")
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)["archives"]
    assert len(found) == 3
    assert len({item["archive"] for item in found}) == 3
    for item in found:
        assert Path(item["archive"]).parent.parent == tmp_path / "a"
        lines = (Path(item["archive"]) / "inventory.ndjson").read_text().splitlines()
        entries = {(entry["scope"], entry["path"]) for entry in map(json.loads, lines)}
        assert ("run", "run_metadata.json") in entries
        assert ("experiment", "notes.txt") in entries
    again = json.loads(cli("collect", top, "-o", tmp_path / "a", "--format", "json").out)
    assert [item["changed"] for item in again["archives"]] == [False] * 3
    ran = cli("collect", top, "-o", tmp_path / "b", "--with", INFER)
    assert (ran.code, ran.err.count("\n")) == (2, 1)


def test_a_folder_that_a_tracker_makes_names_no_experiment(cli: Call, tmp_path: Path) -> None:
    """Downloaded runs name no project; what holds their `wandb` directory groups them.

    Links to the latest run and out of a moved tree, as W&B makes them, are no runs and no harm.
    """
    for number, run in enumerate(("run-20260102_030405-abcdefg1", "run-20260102_040506-abcdefg2")):
        files = tmp_path / "words" / "wandb" / run / "files"
        files.mkdir(parents=True)
        document = {"os": "Linux", "python": "3.11.7", "host": f"n{number}", "args": []}
        (files / "wandb-metadata.json").write_text(
            json.dumps({**document, "startedAt": "2026-01-02T03:04:05", "program": "train.py"})
        )
    (files.parent.parent / "latest-run").symlink_to(files.parent.name)
    (files.parent / "logs").mkdir()
    (files.parent / "logs" / "debug-core.log").symlink_to("/nowhere/core-debug.log")
    ran = cli("collect", tmp_path / "words", "-o", tmp_path / "a", "--format", "json")
    found = json.loads(ran.out)["archives"]
    assert [item["experiment"] for item in found] == ["words", "words"]


def test_another_tree_of_the_run_joins_it(cli: Call, tmp_path: Path) -> None:
    """TensorBoard logs kept elsewhere become series of the run, under a scope of their own."""
    run = metadata(tmp_path / "run")
    (events,) = (HF / "runs").glob("*/*.0")
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / events.name).write_bytes(events.read_bytes())
    assert cli("collect", run, "-o", tmp_path / "a", "--with", logs).code == 0
    record = record_of(tmp_path / "a")
    losses = [item for item in record["series"] if item["key"] == "train/loss"]
    assert [(item["at"]["path"], item["points"]) for item in losses] == [(events.name, 7)]
    assert inventory_of(tmp_path / "a")[f"with-1:{events.name}"]["kind"] == "tensorboard.events"


@pytest.mark.parametrize("also", ["run", "run/inside", "."])
def test_another_tree_must_be_another(cli: Call, tmp_path: Path, also: str) -> None:
    """A tree that is read already would count everything twice."""
    run = metadata(tmp_path / "run")
    (run / "inside").mkdir()
    ran = cli("collect", run, "-o", tmp_path.parent / "a", "--with", tmp_path / also)
    assert (ran.code, ran.err.count("\n")) == (2, 1)


@pytest.mark.parametrize(
    ("options", "copied", "hashed"),
    [
        ([], {"run_metadata.json"}, {"run_metadata.json", "notes.txt", "w.bin"}),
        (["--copy", "all"], {"run_metadata.json", "notes.txt"},
         {"run_metadata.json", "notes.txt", "w.bin"}),
        (["--copy", "none"], set(), {"run_metadata.json", "notes.txt", "w.bin"}),
        (["--hash", "none"], {"run_metadata.json"}, set()),
        (["--hash", "artifacts"], {"run_metadata.json"}, {"run_metadata.json"}),
        (["--max-copy-size", "1K", "--copy", "all"], {"run_metadata.json"},
         {"run_metadata.json", "notes.txt", "w.bin"}),
    ],
)  # fmt: skip
def test_what_is_copied_and_hashed(
    cli: Call, tmp_path: Path, options: list[str], copied: set[str], hashed: set[str]
) -> None:
    """The policies do what they say; what is not copied says why."""
    run = metadata(tmp_path / "run")
    (run / "notes.txt").write_text("n" * 2000)
    (run / "w.bin").write_bytes(b"w")
    assert cli("collect", run, "-o", tmp_path / "a", *options).code == 0
    files = inventory_of(tmp_path / "a").values()
    assert {entry["path"] for entry in files if entry.get("copied")} == copied
    assert {entry["path"] for entry in files if entry.get("sha256")} == hashed
    for entry in files:
        assert entry.get("copied") or entry["reason"]


def test_unreadable_files_are_exit_1(
    cli: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that vanishes while the run is collected: archived, named, exit 1."""
    from archiver import rundir

    run = metadata(tmp_path / "run")
    (run / "gone.txt").write_text("x")
    really_open = rundir.RunDir.open

    def vanish_first(self: rundir.RunDir, entry: rundir.Entry) -> rundir.OpenFile:
        if entry.path == "gone.txt":
            (run / "gone.txt").unlink()
        return really_open(self, entry)

    monkeypatch.setattr(rundir.RunDir, "open", vanish_first)
    ran = cli("collect", run, "-o", tmp_path / "a")
    assert ran.code == 1
    assert ran.err == "1 files could not be read; problems in record.json name them\n"
    problems = record_of(tmp_path / "a")["problems"]
    assert [item["at"]["path"] for item in problems if item["code"] == "unreadable"] == ["gone.txt"]
    assert inventory_of(tmp_path / "a")["run:gone.txt"]["reason"].startswith("unreadable: ")


@pytest.mark.parametrize("value", ["x", "-", "99999999999999999999", "1e3"])
def test_a_bad_epoch_is_one_line(
    cli: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    """SOURCE_DATE_EPOCH that is no time is the user's error."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", value)
    ran = cli("collect", INFER, "-o", tmp_path / "a")
    assert (ran.code, ran.err.count("\n")) == (2, 1)


def test_names_never_reach_the_terminal_raw(cli: Call, tmp_path: Path) -> None:
    """Escapes, bidi controls and newlines of run files are made visible in every output."""
    run = metadata(tmp_path / "run\x1b[31m\u202e", run_name="r\x1b]0;x\x07\nname\u202e")
    (run / "a\x1b[2J\u202eb\nc\x9b").write_text("x")
    for options in ([], ["--dry-run"], ["--format", "json"], ["--primary", "\x1b[31m"]):
        ran = cli("collect", run, "-o", tmp_path / "a", *options)
        text = (ran.out + ran.err).replace("\n", "")
        assert not {char for char in text if not char.isprintable() or char == "\u202e"}
        if options == ["--dry-run"]:
            assert len(ran.out.splitlines()) == 5


def test_help_tells_every_option(cli: Call) -> None:
    """`--help` and no argument at all print help and succeed."""
    for arguments in ([], ["--help"], ["-h"]):
        ran = cli(*arguments)
        assert ran.code == 0
        assert "collect" in ran.out
    ran = cli("collect", "--help")
    assert ran.code == 0
    for option in ("--output", "--set", "--with", "--primary", "--dry-run", "--format", "--copy",
                   "--hash", "--max-copy-size"):  # fmt: skip
        assert option in ran.out
    assert cli("--version").out.startswith("runarchive ")


def shell(command: str, tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    call = f"{sys.executable} -m archiver collect '{INFER}' -o '{tmp_path}/a'"
    return subprocess.run(
        ["bash", "-c", command.replace("CALL", call)],
        env={**ENVIRONMENT, **environment},
        capture_output=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("CALL | head -0; exit ${PIPESTATUS[0]}", 0),
        ("CALL >&-", 0),
        ("CALL 2>&-", 0),
        ("CALL <&- >&- 2>&-", 0),
        ("CALL >/dev/full", 2),
        ("CALL --nope 2>/dev/full", 2),
    ],
)
def test_streams_that_do_not_take_the_result(tmp_path: Path, command: str, code: int) -> None:
    """A reader that went away, closed and full streams: the archive is whole, no traceback."""
    ran = shell(command, tmp_path)
    assert ran.returncode == code, ran.stderr
    assert b"Traceback" not in ran.stderr
    assert b"Exception ignored" not in ran.stderr
    if "--nope" not in command:
        assert (tmp_path / "a/infer/tiny_val/record.json").exists()


def test_ascii_output_survives(tmp_path: Path) -> None:
    """Where the terminal knows only ASCII, other characters are escaped."""
    run = metadata(tmp_path / "r\u00fcn\u2192")
    ran = shell(
        f"CALL >/dev/null; {sys.executable} -m archiver collect '{run}' -o '{tmp_path}/b'",
        tmp_path, LC_ALL="C", PYTHONIOENCODING="ascii",
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.isascii()
    assert b"archived: " in ran.stdout


def test_files_of_another_experiment_are_not_a_runs_own(cli: Call, tmp_path: Path) -> None:
    """From a root of several experiments, a run lists what lies around it, and not theirs."""
    sweep = next((ROOT / "fixtures" / "runs" / "run_experiment-sweep" / "input").iterdir())
    shutil.copytree(sweep, tmp_path / "root" / "one")
    shutil.copytree(RUNS / "lightning-plain" / "input" / "tiny", tmp_path / "root" / "two")
    (tmp_path / "root" / "two" / "lightning_logs" / "notes.txt").write_text("x")
    (tmp_path / "root" / "README").write_text("x")
    assert cli("collect", tmp_path / "root", "-o", tmp_path / "a").code == 0
    listed = [
        json.loads(line)
        for path in (tmp_path / "a").glob("*/*/inventory.ndjson")
        for line in path.read_text("utf-8").splitlines()
    ]
    around = {entry["path"].split("/")[0] for entry in listed if entry["scope"] == "experiment"}
    assert around == {"README", "one", "two"}
    for path in (tmp_path / "a").glob("*/*/inventory.ndjson"):
        lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        homes = {entry["path"].split("/")[0] for entry in lines if entry["scope"] == "experiment"}
        assert len(homes - {"README"}) == 1


def test_a_mistyped_command_is_one_line(cli: Call) -> None:
    """It is named, what may be meant is said once, and where the names are told."""
    ran = cli("validat")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.count("validat'") == 1
    assert ran.err.count("\n") == 1
    assert ran.err.count("Did you mean") <= 1
