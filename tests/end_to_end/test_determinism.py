"""Same input, same bytes: whatever clock, zone, locale, hash seed, place or order."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
RUNS = ROOT / "fixtures" / "runs"
CASES = (
    "coordexp-killed", "coordexp-resumed", "coordexp-infer", "ms_swift-plain",
    "ai_studio-completed", "codex_ml-context", "lightning-plain", "llmrunner-failed",
    "llmrunner-pipeline", "run_experiment-sweep",
)  # fmt: skip
EVERY = """
import sys
from archiver.cli.app import run
archives, *runs = sys.argv[1:]
sys.exit(max(run(["collect", path, "-o", archives]) for path in runs))
"""
PLAIN = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}


def contents(archives: Path) -> dict[str, str]:
    return {
        path.relative_to(archives).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(archives.rglob("*"))
        if path.is_file() and path.name != "archived.json"
    }


def states(directory: Path) -> dict[str, tuple[int, int, int]]:
    return {
        str(path): (path.stat().st_ino, path.stat().st_mtime_ns, path.stat().st_ctime_ns)
        for path in directory.glob("*/*/**/*")
    } | {str(path): (path.stat().st_ino, 0, 0) for path in directory.glob("*/*")}


def test_nothing_of_the_archiving_process_gets_in(tmp_path: Path) -> None:
    """Other zone, locale, hash seed, cwd, place of the run, archive root, user: same bytes."""
    sources = {name: RUNS / name / "input" for name in CASES}
    deep = tmp_path / "another place" / "deeper"
    for name, source in sources.items():
        shutil.copytree(source, deep / name / "input", symlinks=True)
    here, there = tmp_path / "archives", tmp_path / "elsewhere" / "a"
    first = {**PLAIN, "TZ": "UTC", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0"}
    second = {
        **PLAIN, "TZ": "Asia/Kathmandu", "LANG": "de_DE.UTF-8", "LC_ALL": "C", "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0", "PYTHONHASHSEED": "4711", "USER": "mallory",
        "HOSTNAME": "archiver-host", "CUDA_VISIBLE_DEVICES": "3,5", "MPLBACKEND": "svg",
        "CONDA_DEFAULT_ENV": "archiver-env", "MPLCONFIGDIR": str(tmp_path / "mpl"),
        "COLUMNS": "40", "HOME": str(tmp_path),
    }  # fmt: skip
    calls = [
        subprocess.Popen(
            [sys.executable, "-c", EVERY, archives, *runs],
            env=environment, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )
        for archives, runs, environment, cwd in (
            (here, list(sources.values()), first, ROOT),
            (there, [deep / name / "input" for name in reversed(CASES)], second, tmp_path),
        )
    ]  # fmt: skip
    for call in calls:
        _, said = call.communicate()
        assert (call.returncode, said) == (0, "")
    assert contents(here) == contents(there)
    assert len(contents(here)) > 40
    for path in there.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            for word in (b"mallory", b"archiver-host", b"archiver-env", b"3,5"):
                assert word not in data, path
            if path.name != "archived.json":
                assert b"another place" not in data, path


def test_the_epoch_fixes_the_stamp(
    tmp_path: Path, cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With SOURCE_DATE_EPOCH even archived.json is the same."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    stamps = []
    for name in ("a", "b"):
        assert cli("collect", RUNS / "coordexp-infer" / "input", "-o", tmp_path / name).code == 0
        stamps.append((tmp_path / name / "infer" / "tiny_val" / "archived.json").read_bytes())
    assert stamps[0] == stamps[1]
    assert b"2023-11-14T22:13:20" in stamps[0]


def test_what_did_not_change_is_not_written(tmp_path: Path, cli: Callable[..., Any]) -> None:
    """The second call says `unchanged` and leaves every inode alone; one byte replaces one."""
    for name in ("one", "two"):
        shutil.copytree(RUNS / "coordexp-infer" / "input" / "tiny_val", tmp_path / "exp" / name)
        config = tmp_path / "exp" / name / "resolved_config.json"
        config.write_bytes(config.read_bytes().replace(b"tiny_val", name.encode() + b"_val"))
    archives = tmp_path / "archives"
    ran = cli("collect", tmp_path / "exp", "-o", archives)
    assert ran.code == 0
    assert ran.out.count("archived: ") == 2
    before = states(archives)
    ran = cli("collect", tmp_path / "exp", "-o", archives)
    assert (ran.out.count("unchanged: "), ran.out.count("archived: ")) == (2, 0)
    assert states(archives) == before
    places = sorted(path.parent for path in archives.glob("*/*/record.json"))
    metrics = tmp_path / "exp" / "two" / "eval" / "metrics.json"
    status = metrics.stat()
    metrics.write_bytes(metrics.read_bytes().replace(b"0.597", b"0.598"))
    os.utime(metrics, ns=(status.st_atime_ns, status.st_mtime_ns))
    ran = cli("collect", tmp_path / "exp", "-o", archives)
    assert (ran.out.count("unchanged: "), ran.out.count("archived: ")) == (1, 1)
    after = states(archives)
    replaced = {place for place in places if after[str(place)] != before[str(place)]}
    assert len(replaced) == 1
    (other,) = set(places) - replaced
    assert all(before[path] == after[path] for path in before if path.startswith(f"{other}/"))
    assert sorted(path.parent for path in archives.glob("*/*/record.json")) == places
