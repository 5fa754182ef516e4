"""`runarchive validate` from the outside: scope, exit codes, policy, baseline, formats."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from archiver import registry, resources
from tests.conftest import FIXTURE_RUNS, Ran

RUNS = {path.parent.name: path for path in FIXTURE_RUNS}
CLEAN = "coordexp-resumed"
KILLED = "coordexp-killed"

Cli = Callable[..., Ran]


@pytest.fixture
def report(cli: Cli) -> Callable[..., dict[str, Any]]:
    """The JSON report of some paths."""

    def validate(*arguments: object) -> dict[str, Any]:
        ran = cli("validate", "--format", "json", *arguments)
        assert ran.code in (0, 1), ran.err
        document: dict[str, Any] = json.loads(ran.out)
        return document

    return validate


def names(document: dict[str, Any]) -> set[str]:
    """Names of the rules that found something."""
    return {item["name"] for run in document["runs"] for item in run["findings"]}


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    """A copy of a clean run, to be spoiled."""
    return Path(shutil.copytree(RUNS[CLEAN], tmp_path / "runs"))


def only(directory: Path, name: str) -> Path:
    """The one file of that name."""
    (found,) = directory.rglob(name)
    return found


def test_clean_run_is_fine(cli: Cli) -> None:
    """No error, exit 0, and the last line says what that stands on."""
    ran = cli("validate", RUNS[CLEAN])
    assert ran.code == 0
    assert ran.err == ""
    assert ran.out.splitlines()[-1].startswith("0 errors, ")
    assert " in 1 run, " in ran.out.splitlines()[-1]


def test_damaged_run_fails(cli: Cli) -> None:
    """An error is exit 1, and its line names the file."""
    ran = cli("validate", RUNS[KILLED])
    assert ran.code == 1
    assert "truncated-artifact" in ran.out


@pytest.mark.parametrize(
    ("fail_on", "code"), [("error", 0), ("warning", 1), ("note", 1), ("never", 0)]
)
def test_threshold_of_failure(cli: Cli, run_dir: Path, fail_on: str, code: int) -> None:
    """Findings below the threshold are told and do not fail."""
    with only(run_dir, "logging.jsonl").open("a") as file:
        file.write('{"loss": 1.0, "loss": 2.0}\n')
    select = ["--select", "ambiguous-text"]
    assert cli("validate", run_dir, "--fail-on", fail_on, *select).code == code


def test_directory_without_runs_is_no_success(cli: Cli, tmp_path: Path) -> None:
    """Nothing to look at is a usage error, not zero findings."""
    (tmp_path / "notes.txt").write_text("x")
    ran = cli("validate", tmp_path)
    assert ran.code == 2
    assert "holds no run that any contract knows" in ran.err
    assert ran.out == ""


def test_path_that_is_not_there(cli: Cli, tmp_path: Path) -> None:
    """One line, with what to do."""
    ran = cli("validate", tmp_path / "nope")
    assert ran.code == 2
    assert ran.err.count("\n") == 1
    assert "does not exist" in ran.err


def test_findings_never_hide_a_failure(cli: Cli, tmp_path: Path) -> None:
    """What can be looked at is told, and what cannot decides the exit code."""
    ran = cli("validate", RUNS[KILLED], tmp_path / "nope")
    assert ran.code == 2
    assert "truncated-artifact" in ran.out
    assert "does not exist" in ran.err


def test_default_is_the_current_directory(
    cli: Cli, run_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a path, the runs below the current directory."""
    monkeypatch.chdir(run_dir)
    assert "in 1 run, " in cli("validate").out


def test_root_of_many_runs(report: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    """Every run below a root, by contract."""
    for name in (CLEAN, KILLED):
        shutil.copytree(RUNS[name], tmp_path / name)
    document = report(tmp_path)
    assert document["checked"]["runs"] == 2
    assert [run["status"] for run in document["runs"]] == ["interrupted", "success"]


def test_archive_is_audited_by_its_record(
    report: Callable[..., dict[str, Any]], collected: Callable[..., Path]
) -> None:
    """An archive gives the findings of its run, without the run."""
    archive = collected(RUNS[KILLED])
    run, again = report(RUNS[KILLED]), report(archive)

    def told(document: dict[str, Any]) -> list[tuple[Any, ...]]:
        return [
            (item["rule"], item["message"], item["path"], item["line"], item["fingerprint"])
            for item in document["runs"][0]["findings"]
        ]

    assert told(again) == told(run)
    stored = json.loads((archive / "findings.json").read_text("utf-8"))
    assert stored == again["runs"][0]["findings"]


def test_archives_below_a_root_are_no_runs(
    report: Callable[..., dict[str, Any]], collected: Callable[..., Path], run_dir: Path
) -> None:
    """The copies inside an archive are not taken for runs; archives and runs mix."""
    archive = collected(run_dir)
    document = report(archive.parents[2])
    assert document["checked"]["runs"] == 2
    paths = [run["path"] for run in document["runs"]]
    assert str(archive) in paths


def test_single_artifact(cli: Cli, run_dir: Path) -> None:
    """One file by itself: what is wrong with it, at its line, and nothing about a run."""
    path = only(run_dir, "run_metadata.json")
    assert cli("validate", path).code == 0
    path.write_text(path.read_text("utf-8")[:-3], "utf-8")
    ran = cli("validate", path)
    assert ran.code == 1
    assert "truncated-artifact" in ran.out
    assert "no-seed" not in ran.out


def test_unknown_file_is_refused_or_passed_over(cli: Cli, run_dir: Path, tmp_path: Path) -> None:
    """A file of no known kind is a usage error, unless asked to pass over such files."""
    other = tmp_path / "other.txt"
    other.write_text("hello\n")
    ran = cli("validate", other)
    assert ran.code == 2
    assert "is of no kind that is known" in ran.err
    known = only(run_dir, "run_metadata.json")
    ran = cli("validate", "--skip-unknown", other, known)
    assert ran.code == 0
    assert "1 file of no known kind was passed over" in ran.err
    assert cli("validate", "--skip-unknown", other).code == 0


def test_ignored_findings_carry_their_reason(
    cli: Cli, report: Callable[..., dict[str, Any]]
) -> None:
    """What is kept quiet does not fail, and is not lost."""
    assert cli("validate", RUNS[KILLED], "--ignore", "truncated-*").code == 0
    run = report(RUNS[KILLED], "--ignore", "RA003")["runs"][0]
    assert {item["name"] for item in run["suppressed"]} == {"truncated-artifact"}
    assert {item["reason"] for item in run["suppressed"]} == {"--ignore on the command line"}
    assert "truncated-artifact" not in {item["name"] for item in run["findings"]}


def test_misspelt_rules_are_refused(cli: Cli) -> None:
    """A name that no rule has is a usage error."""
    for option in ("--select", "--ignore"):
        ran = cli("validate", RUNS[CLEAN], option, "no-sed")
        assert ran.code == 2
        assert "no-sed names no rule" in ran.err


def test_required_facts(cli: Cli, report: Callable[..., dict[str, Any]]) -> None:
    """`--require` makes a missing fact an error; a field that there is not, a usage error."""
    assert cli("validate", RUNS[CLEAN], "--require", "summary.git_commit").code == 0
    assert cli("validate", RUNS[CLEAN], "--require", "summary.cuda_driver").code == 1
    document = report(RUNS[CLEAN], "--require", "summary.cuda_driver")
    assert "required-fact-missing" in names(document)
    assert cli("validate", RUNS[CLEAN], "--require", "summary.mood").code == 2


def test_baseline_lets_old_faults_be(cli: Cli, run_dir: Path, tmp_path: Path) -> None:
    """An earlier report as the baseline: known faults pass, new ones fail."""
    path = only(run_dir, "run_metadata.json")
    whole = path.read_text("utf-8")
    path.write_text(whole[:-3], "utf-8")
    baseline = tmp_path / "baseline.json"
    assert cli("validate", run_dir, "--format", "json", "-o", baseline).code == 1
    ran = cli("validate", run_dir, "--baseline", baseline)
    assert ran.code == 0
    assert "in the baseline" in ran.out
    other = only(run_dir, "effective_runtime.json")
    other.write_text(other.read_text("utf-8")[:-3], "utf-8")
    ran = cli("validate", run_dir, "--baseline", baseline)
    assert ran.code == 1
    assert "effective_runtime.json" in ran.out


@pytest.mark.parametrize("text", ["", "[]", '{"runs": 1}', '{"runs": [{"findings": [{}]}]}'])
def test_baseline_that_is_none(cli: Cli, tmp_path: Path, text: str) -> None:
    """A file that is no report is a usage error."""
    (tmp_path / "b.json").write_text(text)
    ran = cli("validate", RUNS[CLEAN], "--baseline", tmp_path / "b.json")
    assert ran.code == 2
    assert "is no report of validate" in ran.err


def test_policy_of_the_current_directory(
    cli: Cli, run_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The nearest policy is in force; `--policy` names another."""
    home = run_dir.parent
    text = '[[ignore]]\nrules = ["RA003"]\npaths = ["runs/*"]\nreason = "known"\n'
    (home / "runarchive.toml").write_text(text)
    only(run_dir, "run_metadata.json").write_text("{")
    monkeypatch.chdir(home)
    assert cli("validate", "runs").code == 0
    (home / "other.toml").write_text("")
    assert cli("validate", "runs", "--policy", "other.toml").code == 1


def test_run_does_not_bring_its_own_policy(
    cli: Cli, run_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A policy inside a run is refused, wherever the command is called, unless it is named."""
    inside = only(run_dir, "run_metadata.json").parent
    (inside / "runarchive.toml").write_text('fail-on = "never"\n')
    monkeypatch.chdir(inside)
    ran = cli("validate")
    assert ran.code == 2
    assert "does not choose its own policy" in ran.err
    assert cli("validate", ".", "--policy", "runarchive.toml").code == 0


@pytest.mark.parametrize("home", ["", "logs", "logs/deep"])
@pytest.mark.parametrize("schema", [(), ("--schema", "coordexp.run_metadata")])
def test_run_does_not_choose_the_policy_of_its_files(
    cli: Cli,
    run_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
    home: str,
    schema: tuple[str, ...],
) -> None:
    """Nor where one file of it is looked at, from wherever in the run; `--policy` may name it."""
    file = only(run_dir, "run_metadata.json")
    inside = file.parent / home
    inside.mkdir(parents=True, exist_ok=True)
    (inside / "runarchive.toml").write_text('fail-on = "never"\n')
    file.write_text("{")
    monkeypatch.chdir(inside)
    ran = cli("validate", file, *schema)
    assert (ran.code, ran.out) == (2, "")
    assert f"lies inside of {file.parent}, which does not choose its own policy" in ran.err
    assert cli("validate", file, *schema, "--policy", "runarchive.toml").code == 0
    other = run_dir.parent / "run_metadata.json"
    other.write_text("{")
    assert cli("validate", other, *schema).code == 0


def test_policy_around_runs_judges_their_files(
    cli: Cli, run_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What holds runs is none itself."""
    (run_dir / "runarchive.toml").write_text('fail-on = "never"\n')
    file = only(run_dir, "run_metadata.json")
    file.write_text("{")
    monkeypatch.chdir(run_dir)
    assert cli("validate", file).code == 0


def test_archive_does_not_choose_the_policy_of_its_files(
    cli: Cli, collected: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy of a run's file is judged as the archiving person wants it."""
    archive = collected(RUNS[CLEAN])
    (archive / "data" / "runarchive.toml").write_text('fail-on = "never"\n')
    monkeypatch.chdir(archive / "data")
    ran = cli("validate", only(archive / "data", "run_metadata.json"))
    assert ran.code == 2
    assert "does not choose its own policy" in ran.err


def test_archive_does_not_bring_its_own_policy(
    cli: Cli, collected: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The copies in an archive are the run's files, a policy among them too."""
    archive = collected(RUNS[CLEAN])
    (archive / "data" / "runarchive.toml").write_text('fail-on = "never"\n')
    monkeypatch.chdir(archive / "data")
    ran = cli("validate", archive)
    assert ran.code == 2
    assert "does not choose its own policy" in ran.err


def test_output_goes_to_a_file(cli: Cli, tmp_path: Path) -> None:
    """`--output` holds the report; one that cannot be written is a usage error."""
    target = tmp_path / "report.sarif"
    ran = cli("validate", RUNS[CLEAN], "--format", "sarif", "-o", target)
    assert ran.code == 0
    assert ran.out == ""
    assert json.loads(target.read_text("utf-8"))["version"] == "2.1.0"
    assert cli("validate", RUNS[CLEAN], "-o", tmp_path / "no" / "such").code == 2


@pytest.mark.parametrize(
    ("looked_at", "output"),
    [
        (".", "report.txt"),
        (".", "stage/report.txt"),
        ("..", "report.txt"),
        ("run_metadata.json", "run_metadata.json"),
        ("run_metadata.json", "link"),
    ],
)
def test_output_into_what_is_audited_is_refused(
    cli: Cli, run_dir: Path, monkeypatch: pytest.MonkeyPatch, looked_at: str, output: str
) -> None:
    """A run and an artifact are never written to: no report, exit 2, and nothing has changed."""
    inside = only(run_dir, "run_metadata.json").parent
    (inside / "stage").mkdir()
    (inside / "link").symlink_to("run_metadata.json")
    monkeypatch.chdir(inside)
    before = only(run_dir, "run_metadata.json").read_bytes()
    ran = cli("validate", looked_at, RUNS[CLEAN], "-o", output)
    assert (ran.code, ran.out) == (2, "")
    assert "which is looked at" in ran.err
    assert only(run_dir, "run_metadata.json").read_bytes() == before
    assert not (inside / "report.txt").exists()
    assert not (inside / "stage" / "report.txt").exists()


def test_output_over_a_file_held_to_a_schema_is_refused(cli: Cli, tmp_path: Path) -> None:
    """The file that is looked at is not replaced by its report."""
    file = tmp_path / "record.json"
    file.write_text("{}")
    ran = cli("validate", file, "--schema", "record", "-o", file)
    assert ran.code == 2
    assert file.read_text() == "{}"


def test_output_without_a_place_is_refused_before_the_audit(cli: Cli, tmp_path: Path) -> None:
    """A directory, and a file in none that exists."""
    assert "is a directory" in cli("validate", tmp_path, "-o", tmp_path).err
    assert "lies in no directory" in cli("validate", tmp_path, "-o", tmp_path / "no" / "such").err


def test_path_given_twice_is_looked_at_once(report: Callable[..., dict[str, Any]]) -> None:
    """Hooks and shells repeat paths."""
    document = report(RUNS[CLEAN], RUNS[CLEAN])
    assert document["checked"]["runs"] == 1


def test_spellings_of_one_run_are_one_run(
    cli: Cli, report: Callable[..., dict[str, Any]], run_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slash at the end, a way round, the whole path, a link, and the root that holds the run."""
    home = run_dir.parent
    inside = only(run_dir, "run_metadata.json").parent
    (home / "link").symlink_to(inside)
    monkeypatch.chdir(home)
    below = inside.relative_to(home)
    spelled = [below, f"{below}/", f"./{below}", f"runs/../{below}", inside, "link", "runs"]
    document = report(*spelled)
    assert [run["path"] for run in document["runs"]] == [below.as_posix()]
    assert document["checked"] == report(below)["checked"]
    file = below / "run_metadata.json"
    document = report(file, "link/run_metadata.json", f"./{file}", home / file)
    assert [run["path"] for run in document["runs"]] == [file.as_posix()]
    gone = cli("validate", "no-such", "./no-such", home / "no-such")
    assert (gone.code, gone.err.count("does not exist")) == (2, 1)


def test_runs_that_share_a_directory_are_all_told(report: Callable[..., dict[str, Any]]) -> None:
    """An experiment's description may name several runs of one place."""
    root = RUNS["run_experiment-sweep"]
    one, two = report(root), report(root, f"{root}/.")
    assert one["checked"] == two["checked"]
    assert len({(run["path"], run["run_id"]) for run in one["runs"]}) == len(one["runs"]) > 1


def test_current_directory_that_is_gone(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message names it."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    ran = cli("validate", RUNS[CLEAN])
    assert ran.code == 2
    assert "the current directory" in ran.err


def test_nothing_is_written_to_the_run(cli: Cli, run_dir: Path) -> None:
    """Names, sizes and times of the run stay as they are."""

    def state() -> list[tuple[str, int, int]]:
        found = sorted(run_dir.rglob("*"))
        return [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in found]

    before = state()
    cli("validate", run_dir)
    assert state() == before


def test_every_rule_is_listed_and_explained(cli: Cli) -> None:
    """`rules` has a line per rule; `explain` prints the page of each, by id or name."""
    listed = cli("rules").out.splitlines()
    document = json.loads(cli("rules", "--format", "json").out)
    assert len(listed) == len(document["rules"])
    for line, rule in zip(listed, document["rules"], strict=True):
        assert line.split()[:3] == [rule["id"], rule["severity"], rule["name"]]
        page = cli("explain", rule["id"]).out
        assert page == cli("explain", rule["name"]).out
        assert "What to do" in page
    assert cli("explain", "no-such-rule").code == 2


def test_schemas_are_listed_and_printed(cli: Cli) -> None:
    """`schemas` has a line per schema; with a name it prints that one as it is shipped."""
    home = Path(__file__).resolve().parents[1] / "schemas"
    listed = {line.split()[0] for line in cli("schemas").out.splitlines()}
    assert listed == {path.name.partition(".v")[0] for path in home.glob("*.json")}
    assert cli("schemas", "record").out == (home / "record.v1.json").read_text("utf-8")
    assert cli("schemas", "no-such").code == 2


def test_unreadable_file_is_a_finding(cli: Cli, run_dir: Path) -> None:
    """What the system will not let be read is told at its place."""
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    only(run_dir, "run_metadata.json").chmod(0)
    ran = cli("validate", run_dir)
    assert ran.code == 1
    assert "unreadable-artifact" in ran.out


@pytest.mark.parametrize("form", ["text", "json", "sarif", "junit", "github"])
def test_every_format(cli: Cli, form: str) -> None:
    """Each format is printed, with the same exit code."""
    ran = cli("validate", RUNS[KILLED], "--format", form)
    assert ran.code == 1
    assert ran.err == ""
    assert "RA003" in ran.out


def test_unknown_format_is_a_usage_error(cli: Cli, tmp_path: Path) -> None:
    """Told before anything is looked at, with the names that there are."""
    for name in ("xml", "__init__", "", "TEXT"):
        ran = cli("validate", tmp_path / "nope", "--format", name)
        assert ran.code == 2
        assert ran.out == ""
        assert ran.err == (
            f"runarchive: --format {name}: is no format; there are github, json, junit, sarif,"
            " text\n"
        )


def test_format_of_a_plugin(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An output that another distribution offers is used by its name."""
    (tmp_path / "counting.py").write_text(
        "from archiver.extension import Encoder\n"
        "ENCODER = Encoder(name='count', summary='', encode=lambda report, book, colour:"
        " f'{report.summary()}\\n')\n"
    )
    metadata = tmp_path / "counting-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: counting\nVersion: 1\n")
    points = "[runarchive.outputs]\ncount = counting:ENCODER\n"
    (metadata / "entry_points.txt").write_text(points)
    monkeypatch.syspath_prepend(str(tmp_path))
    cached = (registry.output, registry.outputs, resources.extension_groups)
    for function in cached:
        function.cache_clear()
    try:
        ran = cli("validate", RUNS[KILLED], "--format", "count", "--select", "RA003")
    finally:
        for function in cached:
            function.cache_clear()
    assert ran.out == "{'error': 3, 'warning': 1, 'note': 0}\n"
    assert ran.code == 1


def test_help_imports_no_output() -> None:
    """`--help` names the formats without paying for them."""
    script = (
        "import sys; from archiver.cli.app import run; run(['validate', '--help']);"
        " print([name for name in sys.modules if name.startswith('archiver.outputs')])"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "[text|json|sarif|junit|github]" in ran.stdout
    assert ran.stdout.splitlines()[-1] == "[]"


class Terminal(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [
        ({}, True),
        ({"NO_COLOR": "1"}, False),
        ({"NO_COLOR": ""}, True),
        ({"TERM": "dumb"}, False),
        ({"FORCE_COLOR": "1"}, True),
    ],
)
def test_colours(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    coloured: bool,
) -> None:
    """On a terminal only, unless NO_COLOR is set or the terminal is dumb; never in files."""
    from archiver.cli.app import run

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    arguments = ["validate", str(RUNS[KILLED]), "--select", "RA003"]
    for stream, expected in ((Terminal(), coloured), (io.StringIO(), False)):
        monkeypatch.setattr(sys, "stdout", stream)
        assert run(arguments) == 1
        assert ("\x1b[" in stream.getvalue()) is expected
    monkeypatch.setattr(sys, "stdout", Terminal())
    assert run([*arguments, "-o", str(tmp_path / "report.txt")]) == 1
    assert "\x1b[" not in (tmp_path / "report.txt").read_text("utf-8")


def called(command: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """`validate` of a run with errors, as a shell calls it."""
    line = f'"{sys.executable}" -m archiver validate "{RUNS[KILLED]}" {command}'
    return subprocess.run(
        ["bash", "-c", line],
        capture_output=True,
        cwd=Path(__file__).resolve().parents[1],
        env={**os.environ, **environment},
        check=False,
    )


def test_streams_that_take_nothing() -> None:
    """A closed stdout and a reader that went away change no verdict; a full disk is told."""
    assert called(">&-").returncode == 1
    ran = called("| head -1; exit ${PIPESTATUS[0]}")
    assert (ran.returncode, ran.stderr) == (1, b"")
    if Path("/dev/full").exists():
        ran = called("> /dev/full")
        assert ran.returncode == 2
        assert b"standard output: No space left on device" in ran.stderr


@pytest.mark.parametrize("form", ["text", "json", "sarif", "junit", "github"])
def test_locale_without_unicode(form: str) -> None:
    """What the locale cannot print is spelled out, and nothing fails."""
    ran = called(
        f"--format {form}", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0", PYTHONIOENCODING=""
    )
    assert ran.returncode == 1
    assert ran.stderr == b""
    assert ran.stdout.isascii()


def test_file_held_to_a_schema(cli: Cli, run_dir: Path, tmp_path: Path) -> None:
    """Whatever a file is called: accepted at once, or told what is wrong and where."""
    path = only(run_dir, "effective_runtime.json")
    copy = tmp_path / "anything.txt"
    document = json.loads(path.read_text("utf-8"))
    copy.write_text(json.dumps(document, indent=2), "utf-8")
    assert cli("validate", "--schema", "coordexp.effective_runtime", copy).code == 0
    document["runtime"]["save_strategy"] = 7
    copy.write_text(json.dumps(document, indent=2), "utf-8")
    ran = cli("validate", "--schema", "coordexp.effective_runtime", copy, "--format", "json")
    assert ran.code == 1
    (finding,) = json.loads(ran.out)["runs"][0]["findings"]
    assert finding["name"] == "schema-violation"
    assert finding["pointer"] == "/runtime/save_strategy"
    lines = copy.read_text("utf-8").splitlines()
    assert "save_strategy" in lines[finding["line"] - 1]
    assert lines[finding["line"] - 1].index('"save_strategy"') == finding["column"] - 1


def test_version_that_is_not_supported(cli: Cli, run_dir: Path) -> None:
    """One clear error, and nothing else of the document is judged."""
    path = only(run_dir, "effective_runtime.json")
    document = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps({**document, "schema_version": 2, "runtime": 1}), "utf-8")
    ran = cli("validate", "--schema", "coordexp.effective_runtime", path, "--format", "json")
    (finding,) = json.loads(ran.out)["runs"][0]["findings"]
    assert (finding["name"], finding["pointer"]) == ("unsupported-version", "/schema_version")
    assert "is version 2; version 1 is supported" in finding["message"]


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[1,", b"{}"])
def test_file_that_is_no_such_document(cli: Cli, tmp_path: Path, content: bytes) -> None:
    """Damage is told as such, and never accepted."""
    path = tmp_path / "x.json"
    path.write_bytes(content)
    assert cli("validate", "--schema", "coordexp.effective_runtime", path).code == 1


def test_schema_for_what_is_no_file(cli: Cli, tmp_path: Path) -> None:
    """An unknown schema, a directory and a pipe are usage errors."""
    (tmp_path / "x.json").write_text("{}")
    ran = cli("validate", "--schema", "coordexp.effective_runtim", tmp_path / "x.json")
    assert ran.code == 2
    assert "did you mean coordexp.effective_runtime?" in ran.err
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "none"):
        assert cli("validate", "--schema", "coordexp.effective_runtime", path).code == 2


def test_rows_held_to_a_schema(cli: Cli, tmp_path: Path) -> None:
    """A stream is checked row by row; equal faults are one finding with their number."""
    source = next((RUNS["coordexp-clean"]).rglob("train_heartbeat.rank0.jsonl"))
    rows = [json.loads(line) for line in source.read_text("utf-8").splitlines()]
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert cli("validate", "--schema", "coordexp.heartbeat", path).code == 0
    for row in rows[1:]:
        row["ts"] = "soon"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows) + '{"torn": ')
    ran = cli("validate", "--schema", "coordexp.heartbeat", path, "--format", "json")
    found = json.loads(ran.out)["runs"][0]["findings"]
    assert {item["name"] for item in found} == {"schema-violation", "truncated-artifact"}
    violation = next(item for item in found if item["name"] == "schema-violation")
    assert (violation["line"], violation["pointer"]) == (2, "/ts")
    assert f"{len(rows) - 1} rows" in violation["message"]


def test_archive_that_names_files_outside(cli: Cli, collected: Callable[..., Path]) -> None:
    """The copies that a hostile inventory names outside of its archive are not opened."""
    archive = collected(RUNS[KILLED])
    inventory = archive / "inventory.ndjson"
    lines = [json.loads(line) for line in inventory.read_text("utf-8").splitlines()]
    secret = archive.parent / "secret.json"
    secret.write_text('{"a": 1}')
    for line in lines:
        if "copied" in line:
            line["copied"] = f"data/../../{secret.name}"
    inventory.write_text("".join(json.dumps(line) + "\n" for line in lines))
    before = secret.stat().st_atime_ns
    assert cli("validate", archive).code == 1
    assert secret.stat().st_atime_ns == before


def test_runs_of_one_name_below_a_root_are_all_told(
    report: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    """Experiments of LLMRunner call their runs alike, and share the root that was given."""
    source = RUNS["llmrunner-failed"]
    for name in ("one", "two"):
        shutil.copytree(source, tmp_path / name, symlinks=True)
    number = len(report(source)["runs"])
    assert number >= 1
    assert len(report(tmp_path)["runs"]) == 2 * number
    assert len(report(tmp_path, tmp_path)["runs"]) == 2 * number


def test_policy_and_report_beside_experiments(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a root of such experiments holds a policy, it lies in none of them."""
    shutil.copytree(RUNS["llmrunner-failed"], tmp_path / "one", symlinks=True)
    (tmp_path / "runarchive.toml").write_text("schema_version = 1\nfail-on = 'never'\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    ran = cli("validate", ".", "--output", "report.txt")
    assert (ran.code, ran.err) == (0, "")
    assert (tmp_path / "report.txt").read_text("utf-8")


def test_directory_inside_a_run_is_not_judged_by_the_policy_of_the_run(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither are the copies in an archive, by one that lies in that."""
    (source,) = RUNS[CLEAN].glob("*/v0-*")
    run = Path(shutil.copytree(source, tmp_path / "run"))
    assert cli("collect", run, "-o", tmp_path / "archives").code == 0
    (archive,) = (path.parent for path in (tmp_path / "archives").glob("*/*/record.json"))
    for home, inside in ((run, "runs"), (archive, "data")):
        (home / "runarchive.toml").write_text("schema_version = 1\n", "utf-8")
        monkeypatch.chdir(home)
        ran = cli("validate", inside)
        assert (ran.code, ran.out) == (2, "")
        assert f"lies inside of {home}, which does not choose its own policy" in ran.err


def test_baseline_of_one_file_is_not_that_of_another(cli: Cli, tmp_path: Path) -> None:
    """The same fault of the same file is known, whatever else changes; that of another is new."""
    schema = ("--schema", "coordexp.run_metadata")
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "run_metadata.json").write_text('{"created_at": 5}', "utf-8")
    first, second = (tmp_path / name / "run_metadata.json" for name in ("a", "b"))
    known = tmp_path / "known.json"
    assert cli("validate", first, *schema, "--format", "json", "-o", known).code == 1
    first.write_text('\n{"created_at": 5}', "utf-8")
    assert cli("validate", first, *schema, "--baseline", known).code == 0
    assert cli("validate", second, *schema, "--baseline", known).code == 1


@pytest.mark.parametrize(
    "text",
    [
        '{"created_at": 5, "config": []}\n{}\n',
        '{"created_at": 5, "x": ' + "[" * 150 + "]" * 150 + "}",
    ],
)
def test_schema_that_was_not_applied_is_an_error(cli: Cli, tmp_path: Path, text: str) -> None:
    """Of what is more than one document, or beyond a limit, only a part was looked at."""
    file = tmp_path / "run_metadata.json"
    file.write_text(text, "utf-8")
    ran = cli("validate", file, "--schema", "coordexp.run_metadata")
    assert ran.code == 1
    assert "the schema was not applied" in ran.out


def test_no_path_and_no_report_are_told(cli: Cli, tmp_path: Path) -> None:
    """An empty variable of a CI job is no directory, and SARIF is no baseline."""
    ran = cli("validate", "")
    assert ran.code == 2
    assert '"": is no path' in ran.err
    sarif = tmp_path / "report.sarif"
    cli("validate", RUNS[CLEAN], "--format", "sarif", "-o", sarif)
    ran = cli("validate", RUNS[CLEAN], "--baseline", sarif)
    assert ran.code == 2
    assert "is no report of validate" in ran.err


def test_what_is_required_is_asked_whichever_rules_are(cli: Cli) -> None:
    """`--select` of another rule does not answer it."""
    ran = cli("validate", RUNS[CLEAN], "--require", "summary.gpus", "--select", "RA204")
    assert ran.code == 1
    assert "summary.gpus" in ran.out


def test_a_run_given_without_its_experiment(
    report: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    """What describes the experiment lies beside it: told, and no error."""
    (run,) = RUNS["run_experiment-sweep"].rglob("rank8_lr1e-4")
    alone = Path(shutil.copytree(run, tmp_path / run.name))
    found = [item for it in report(alone)["runs"] for item in it["findings"]]
    (missing,) = [item for item in found if item["name"] == "missing-artifact"]
    assert missing["severity"] == "note"
    assert "run_experiment.summary" in missing["message"]
    assert "beside the runs of an experiment" in missing["hint"]


def test_baseline_of_one_run_is_not_that_of_its_twin(cli: Cli, tmp_path: Path) -> None:
    """Runs without an id that share their configuration are told apart by where they lie."""
    for day, loss in (("monday", "1.5"), ("tuesday", "nan")):
        home = tmp_path / "two" / day / "version_0"
        home.mkdir(parents=True)
        (home / "hparams.yaml").write_text("lr: 0.1\n", "utf-8")
        rows = "".join(f"0,{step},{loss if step == 3 else 1.0}\n" for step in range(5))
        (home / "metrics.csv").write_text(f"epoch,step,train_loss\n{rows}", "utf-8")
    known = tmp_path / "known.json"
    monday = tmp_path / "two" / "monday"
    assert cli("validate", monday, "--format", "json", "-o", known).code == 0
    ran = cli("validate", monday, "--baseline", known, "--fail-on", "note")
    assert (ran.code, ran.err) == (0, "")
    ran = cli("validate", tmp_path / "two", "--baseline", known, "--fail-on", "warning")
    assert ran.code == 1
    assert "non-finite-metric" in ran.out


def test_report_takes_no_other_name_of_a_file_of_the_run(cli: Cli, run_dir: Path) -> None:
    """A hard link to a log: the name gets a file of its own, the log stays as it is."""
    log = only(run_dir, "logging.jsonl")
    before = log.read_bytes()
    output = run_dir.parent / "report.txt"
    output.hardlink_to(log)
    assert cli("validate", run_dir, "-o", output).code == 0
    assert log.read_bytes() == before
    assert output.read_text("utf-8")


def test_an_accepted_file_is_shown_as_others_are(cli: Cli, tmp_path: Path) -> None:
    """A name that is no UTF-8 reads the same in the reports of fine and of faulty files."""
    file = tmp_path / os.fsdecode(b"b\xff.json")
    shutil.copy(only(RUNS[CLEAN], "resolved_config.json"), file)
    ran = cli("validate", file, "--schema", "coordexp.resolved_config", "--format", "json")
    assert ran.code == 0, ran.out
    (run,) = json.loads(ran.out)["runs"]
    assert run["path"].endswith(r"/b\xff.json")
