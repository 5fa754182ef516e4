"""`runarchive diff`: real runs and their archives, in every form."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

ROOT = Path(__file__).resolve().parent.parent
RUNS = ROOT / "fixtures" / "runs"
CLEAN = RUNS / "coordexp-clean" / "input"
RESUMED = RUNS / "coordexp-resumed" / "input"
SWEEP = RUNS / "run_experiment-sweep" / "input" / "words_sweep_2026-11-26"
SCHEMA = json.loads((ROOT / "schemas" / "diff.v1.json").read_text("utf-8"))
Cli = Callable[..., Any]


def document(cli: Cli, *arguments: object) -> Any:
    """The JSON of a comparison, which has the form of its schema."""
    ran = cli("diff", *arguments, "--format", "json")
    assert ran.code in (0, 1), ran.err
    told = json.loads(ran.out)
    assert list(Draft202012Validator(SCHEMA).iter_errors(told)) == []
    return told


def named(cli: Cli, run_dir: Path, archives: list[Path]) -> list[tuple[Path, Path]]:
    """Each run of a directory by the path that names it, and its archive."""
    if len(archives) == 1:
        return [(run_dir, archives[0])]
    listed = cli("diff", run_dir, run_dir).err.partition("runs: ")[2].partition("; give")[0]
    of_run = {run.rpartition("/")[2]: run for run in listed.split(", ")}
    return [(Path(f"{run_dir}::{of_run[directory(archive)]}"), archive) for archive in archives]


def directory(archive: Path) -> str:
    """Name of the directory of an archived run."""
    return str(json.loads((archive / "record.json").read_bytes())["run"]["directory"])


def test_a_run_is_identical_to_itself_and_to_its_archive(
    fixture_run: Path, cli: Cli, collected_all: Callable[..., list[Path]]
) -> None:
    """Whichever trainer wrote it; both ways round."""
    for run, archive in named(cli, fixture_run, collected_all(fixture_run)):
        for pair in ((run, run), (run, archive), (archive, run), (archive, archive)):
            ran = cli("diff", *pair)
            assert (ran.code, ran.err) == (0, ""), ran.err
            assert ran.out.splitlines()[-1] == "identical: nothing differs", ran.out


def test_what_differs_is_told_once_and_fails(cli: Cli) -> None:
    """Exit 1 for what is significant; the same in all forms."""
    ran = cli("diff", CLEAN, RESUMED)
    assert (ran.code, ran.err) == (1, "")
    lines = ran.out.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0] == "A  stage1_tiny_ce/v0-20261122-093236  " + lines[0].rpartition("  ")[2]
    assert "  ignore_data_skip (effective)               false    true" in lines
    assert "  eval_loss         3.02858   3.02705  better" in lines
    assert "  run.dirty     false  true" in lines
    told = document(cli, CLEAN, RESUMED)
    assert told["identical"] is False
    significant = [d for d in told["differences"] if d["significance"] == "significant"]
    assert told["summary"]["significant"] == len(significant)
    assert f"{len(significant)} significant differences (" in ran.out
    page = cli("diff", CLEAN, RESUMED, "--format", "markdown")
    assert page.code == 1
    assert re.search(r"\| eval_loss +\| final \| 3\.02858 +\| 3\.02705 +\| better \|", page.out)


def test_one_changed_setting_is_the_only_significant_line(cli: Cli, tmp_path: Path) -> None:
    """A learning rate among everything that differs from run to run."""
    run = tmp_path / "other"
    shutil.copytree(RUNS / "hf_trainer-clean" / "input", run)
    changed = 0
    for path in run.rglob("trainer_state.json"):
        state = json.loads(path.read_bytes())
        for row in state["log_history"]:
            if "loss" in row:
                row["loss"] += 0.5
                changed += 1
        path.write_text(json.dumps(state), "utf-8")
    assert changed
    told = document(cli, RUNS / "hf_trainer-clean" / "input", run, "--only", "metrics")
    found = [d for d in told["differences"] if d["significance"] == "significant"]
    assert {d["area"] for d in found} == {"metrics"}
    assert {d["direction"] for d in found} == {"worse"}
    assert set(told["not_compared"]) == {
        "config", "data", "code", "dependencies", "environment", "files",
    }  # fmt: skip


def test_options_choose_what_is_compared(cli: Cli) -> None:
    """Areas, fields left out, a tolerance, and everything."""
    only = document(cli, CLEAN, RESUMED, "--only", "code", "--only", "metrics")
    assert {item["area"] for item in only["differences"]} <= {"code", "metrics"}
    fewer = document(cli, CLEAN, RESUMED, "--only", "code", "--ignore", "*.dirty")
    assert "run.dirty" not in [item["field"] for item in fewer["differences"]]
    near = document(cli, CLEAN, RESUMED, "--only", "metrics", "--tolerance", "0.01")
    losses = [item for item in near["differences"] if item["field"] == "eval_loss"]
    assert {item["significance"] for item in losses} <= {"equivalent"}
    ran = cli("diff", CLEAN, RESUMED, "--only", "code", "--ignore", "*.dirty", "--ignore", "*")
    assert ran.code == 0
    text = cli("diff", CLEAN, RESUMED, "--all").out
    assert "not shown" not in text
    assert " volatile\n" in text


def test_a_directory_with_several_runs_names_them(cli: Cli) -> None:
    """And says how one is picked: with what its experiment knows of it."""
    ran = cli("diff", SWEEP, SWEEP)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        f"runarchive: {SWEEP}: holds 3 runs: Tiny-1B-Instruct_base, rank8_lr1e-4,"
        f" rank64_lr1e-4; give one of them, as {SWEEP}::Tiny-1B-Instruct_base\n"
    )
    told = document(cli, f"{SWEEP}::rank8_lr1e-4", f"{SWEEP}::rank64_lr1e-4", "--only", "config")
    assert told["a"]["run_id"] == "rank8_lr1e-4"
    ranks = {
        (item["a"], item["b"])
        for item in told["differences"]
        if item["field"].endswith("lora_rank")
    }
    assert (8, 64) in ranks


def test_more_than_two_runs(cli: Cli) -> None:
    """The fields that vary, metrics last; nothing fails by it."""
    runs = [
        f"{SWEEP}::{name}" for name in ("Tiny-1B-Instruct_base", "rank8_lr1e-4", "rank64_lr1e-4")
    ]
    ran = cli("diff", *runs)
    assert (ran.code, ran.err) == (0, "")
    assert max(map(len, ran.out.splitlines())) <= 80
    assert re.search(r"fields vary among 3 runs", ran.out)
    told = document(cli, *runs)
    areas = [item["area"] for item in told["fields"]]
    assert "metrics" in areas
    assert areas.index("metrics") + areas.count("metrics") == len(areas)
    many = cli("diff", *runs, *runs)
    assert many.code == 0
    assert max(map(len, many.out.splitlines())) <= 80
    assert cli("diff", *runs, "--format", "markdown").out.startswith("# 3 runs compared\n")
    ran = cli("diff", *runs, "--repo", ROOT)
    assert (ran.code, ran.out) == (2, "")


def test_what_cannot_be_done_is_one_line(cli: Cli, tmp_path: Path) -> None:
    """The path, what is wrong, what to do; exit 2."""
    file = tmp_path / "file"
    file.write_text("x", "utf-8")
    for arguments, words in (
        ([CLEAN], "takes at least two runs"),
        ([CLEAN, tmp_path / "nowhere"], "does not exist"),
        ([CLEAN, file], "is no directory"),
        ([CLEAN, f"{SWEEP}::other"], "names no run of"),
        ([CLEAN, CLEAN, "--tolerance", "nan"], "is no number"),
        ([CLEAN, CLEAN, "--plot", "x.pdf"], "has no known ending"),
        ([CLEAN, CLEAN, "--only", "weather"], "weather"),
        ([CLEAN, CLEAN, "--repo", tmp_path / "nowhere"], "is no directory"),
        ([CLEAN, CLEAN, "--output", tmp_path / "no" / "file"], "No such file"),
    ):
        ran = cli("diff", *arguments)
        assert (ran.code, ran.out) == (2, ""), arguments
        assert words in ran.err
        assert ran.err.count("\n") == 1


def test_a_damaged_archive_is_told(cli: Cli, collected: Callable[..., Path]) -> None:
    """One whose record is cut is not taken for a run."""
    archive = collected(CLEAN)
    record = archive / "record.json"
    record.write_bytes(record.read_bytes()[:100])
    ran = cli("diff", CLEAN, archive)
    assert (ran.code, ran.out) == (2, "")
    assert "is no record" in ran.err


def test_output_and_plot(cli: Cli, tmp_path: Path) -> None:
    """The report in a file, the losses of both runs in a drawing."""
    report, svg, png = (tmp_path / name for name in ("diff.md", "diff.svg", "diff.PNG"))
    ran = cli("diff", CLEAN, RESUMED, "--format", "markdown", "-o", report, "--plot", svg)
    assert (ran.code, ran.out, ran.err) == (1, "", "")
    assert report.read_text("utf-8").startswith("# stage1_tiny_ce/v0-20261122-093236 against")
    drawn = svg.read_text("utf-8")
    # What the resume superseded is in neither curve.
    described = re.search(
        r"loss: v0-20261122-093236 \((\d+) points\), v0-20261122-093352 \((\d+)", drawn
    )
    assert described is not None
    assert "superseded" not in drawn
    assert cli("diff", CLEAN, RESUMED, "--plot", png).code == 1
    assert png.read_bytes().startswith(b"\x89PNG")
    nothing = RUNS / "coordexp-infer" / "input"
    ran = cli("diff", CLEAN, nothing, "--plot", tmp_path / "none.svg")
    assert ran.err == "runarchive: no two of the runs have a loss over steps; nothing was drawn\n"
    assert not (tmp_path / "none.svg").exists()


TRAINER = RUNS / "hf_trainer-clean" / "input"
WITHOUT = RUNS / "codex_ml-context" / "input"


def texts(svg: Path) -> list[str]:
    """The texts of a drawing, which stand in comments beside their glyphs."""
    return re.findall(r"<!-- (.*?) -->", svg.read_text("utf-8"))


def test_plot_over_epochs(cli: Cli, collected: Callable[..., Path], tmp_path: Path) -> None:
    """The axis is the one that was asked for, and says so; an archive draws the same curve."""
    plots = [tmp_path / f"{name}.svg" for name in ("steps", "epochs", "archived")]
    archive = collected(TRAINER)
    for other, plot, align in zip(
        (TRAINER, TRAINER, archive), plots, ("step", "epoch", "epoch"), strict=True
    ):
        ran = cli("diff", CLEAN, other, "--plot", plot, "--align", align, "--only", "metrics")
        assert (ran.code, ran.err) == (1, "")
    assert "step" in texts(plots[0])
    # 40 steps in epochs of 30.
    assert {"10", "20", "30", "40"} <= set(texts(plots[0]))
    assert "epoch" in texts(plots[1])
    assert {"0.2", "0.4", "1.0", "1.2"} <= set(texts(plots[1]))
    assert "not shown" not in plots[1].read_text("utf-8")
    assert plots[1].read_bytes() == plots[2].read_bytes()
    assert "(at epoch 1)" in ran.out
    assert "aligned" not in ran.out


def test_plot_over_tokens(cli: Cli, tmp_path: Path) -> None:
    """What the trainer says it has seen; a run that does not say leads back to steps."""
    for name, per_step in (("small", 1000), ("large", 3000)):
        shutil.copytree(TRAINER / "tiny-clm", tmp_path / name)
        for path in (tmp_path / name).rglob("trainer_state.json"):
            state = json.loads(path.read_text("utf-8"))
            for row in state["log_history"]:
                row["num_input_tokens_seen"] = per_step * row["step"]
            path.write_text(json.dumps(state, indent=2), "utf-8")
    plot = tmp_path / "diff.svg"
    asked = ("--only", "metrics", "--align", "tokens", "--plot", plot)
    ran = cli("diff", tmp_path / "small", tmp_path / "large", *asked)
    assert ran.err == ""
    assert "tokens" in texts(plot)
    # 30 steps of 3000 tokens.
    assert {"20k", "80k"} <= set(texts(plot))
    # 30000 tokens are the last of the one and step 10 of the other.
    assert "metrics, at tokens 30000" in ran.out
    assert re.search(r"train\.loss +3\.4169 +4\.7266  worse", ran.out)
    ran = cli("diff", tmp_path / "small", CLEAN, *asked)
    missing = "the tokens of v0-20261122-093236 are missing or go back"
    assert ran.err == f"runarchive: {missing}: drawn over steps\n"
    assert f"step ({missing})" in texts(plot)
    assert "aligned by tokens" in ran.out


def test_a_plot_says_whom_it_leaves_out(cli: Cli, tmp_path: Path) -> None:
    """Of several runs those that have no epochs; with epochs of one alone, steps are drawn."""
    plot = tmp_path / "diff.svg"
    ran = cli("diff", CLEAN, WITHOUT, TRAINER, "--align", "epoch", "--plot", plot)
    missing = "the epochs of 3f0d5c1e-7a44-4b0e-9a3c-5b0f6f2f9a11 are missing or go back"
    assert ran.err == f"runarchive: {missing}: left out of the plot\n"
    assert f"epoch ({missing}: left out)" in texts(plot)
    assert "tiny-clm" in texts(plot)
    # The second attempt of the resumed run began its epochs anew.
    ran = cli("diff", CLEAN, RESUMED, "--align", "epoch", "--plot", plot)
    missing = "the epochs of v0-20261122-093352 are missing or go back"
    assert ran.err == f"runarchive: {missing}: drawn over steps\n"
    assert {f"step ({missing})", "20", "40"} <= set(texts(plot))
    assert "at epoch" not in ran.out
    assert "could not be aligned by epoch" in ran.out
    ran = cli("diff", CLEAN, RUNS / "coordexp-infer" / "input", "--align", "epoch", "--plot", plot)
    assert ran.err.endswith("have a loss over epochs or steps; nothing was drawn\n")


def test_the_repository_tells_what_lies_between(cli: Cli, tmp_path: Path) -> None:
    """Commits and files between the recorded commits, of a repository of the user's."""
    code = tmp_path / "code"
    code.mkdir()
    environment = {
        "PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org",
        "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.org",
    }  # fmt: skip

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(code), *arguments]
        return subprocess.run(
            command, capture_output=True, check=True, env=environment, text=True
        ).stdout.strip()

    git("init", "-q")
    commits = []
    for message in ("Start", "Warm up"):
        (code / "train.py").write_text(message, "utf-8")
        git("add", "-A")
        git("commit", "-q", "-m", message)
        commits.append(git("rev-parse", "HEAD"))
    runs = []
    for number, commit in enumerate(commits):
        run = tmp_path / f"run{number}"
        shutil.copytree(CLEAN, run)
        (metadata,) = run.rglob("run_metadata.json")
        recorded = json.loads(metadata.read_bytes())
        told = metadata.read_text("utf-8").replace(recorded["git_sha"], commit)
        metadata.write_text(told, "utf-8")
        runs.append(run)
    told = document(cli, *runs, "--repo", code)
    assert told["history"]["relation"] == "ahead"
    assert [item["subject"] for item in told["history"]["gained"]] == ["Warm up"]
    assert told["history"]["files"] == [{"path": "train.py", "status": "changed", "from": None}]
    text = cli("diff", *runs, "--repo", code).out
    assert f"code, {commits[0][:12]} to {commits[1][:12]}\n  B builds on A\n" in text
    other = document(cli, CLEAN, RESUMED, "--repo", code)
    assert "not in this repository" in other["history"]["notes"][0]
    nothing = document(cli, CLEAN, RUNS / "hf_trainer-clean" / "input", "--repo", code)
    assert nothing["history"]["notes"] == ["no commit is recorded of B"]


def test_neither_heavy_libraries_nor_processes(tmp_path: Path) -> None:
    """Nothing that only drawing needs is loaded, and nothing is started."""
    script = f"""
import os, sys
def forbid(event, _):
    if event.startswith(("subprocess.", "os.exec", "os.posix_spawn", "os.fork", "os.system")):
        os._exit(9)
sys.addaudithook(forbid)
from archiver.cli.app import run
code = run(["diff", {str(CLEAN)!r}, {str(RESUMED)!r}, "--repo", {str(ROOT)!r}, "-o", "report"])
loaded = [name for name in ("git", "matplotlib", "pandas", "jinja2") if name in sys.modules]
print(code, loaded)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], check=False, capture_output=True, text=True, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert (done.returncode, done.stdout.strip()) == (0, "1 []"), done.stderr


@pytest.mark.parametrize("option", ["--output", "--plot"])
def test_nothing_is_written_to_what_is_compared(cli: Cli, tmp_path: Path, option: str) -> None:
    """A report or a plot that would go into one of the runs is refused, and nothing is there."""
    run = Path(shutil.copytree(CLEAN, tmp_path / "run"))
    before = sorted(run.rglob("*"))
    ran = cli("diff", run, CLEAN, option, run / "x.png")
    assert ran.code == 2
    assert "never written to" in ran.err
    assert sorted(run.rglob("*")) == before
