"""Whole or not at all: kills, interrupts, full disks, foreign files, rivals."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from archiver.package import staging

ROOT = Path(__file__).resolve().parent.parent
DRIVERS = Path(__file__).parent / "end_to_end" / "drivers"
ENVIRONMENT = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)),) * 2)
from archiver.cli import main
main()
"""


def run_with(text: str, parent: Path, name: str = "r") -> Path:
    """A run directory that no reader knows."""
    directory = parent / name
    directory.mkdir(parents=True)
    # An unknown directory is told by its first file, which stays as it is when the run changes.
    (directory / "about.txt").write_text("a run")
    (directory / "notes.txt").write_text(text)
    return directory


def everything(directory: Path) -> dict[str, tuple[bytes | str, int]]:
    return {
        path.relative_to(directory).as_posix(): (
            str(path.readlink()) if path.is_symlink() else path.read_bytes(),
            path.lstat().st_ino,
        )
        for path in directory.rglob("*")
        if path.is_symlink() or path.is_file()
    }


def process(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
        **options,
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("scenario", ["new", "replace", "without-exchange"])
def test_killed_at_any_moment(tmp_path: Path, scenario: str) -> None:
    """SIGKILL before every touch of the disk leaves the old or the new archive, then no litter."""
    ran = process(DRIVERS / "kill.py", tmp_path, scenario)
    assert ran.returncode == 0, ran.stderr
    assert int(ran.stdout) > 10


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("signal", ["SIGTERM", "SIGINT"])
def test_interrupted_at_any_moment(tmp_path: Path, signal: str) -> None:
    """A signal ends it with 130, one line, one whole archive and nothing beside it."""
    ran = process(DRIVERS / "interrupt.py", tmp_path, signal)
    assert ran.returncode == 0, ran.stderr


def test_every_file_is_synced_before_the_swap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cli: Callable[..., Any]
) -> None:
    """A power cut after the swap finds all bytes on the disk, and the directories too."""
    synced: set[int] = set()
    swapped = []
    fsync, publish = os.fsync, staging.publish

    def noted_fsync(descriptor: int) -> None:
        synced.add(os.fstat(descriptor).st_ino)
        fsync(descriptor)

    def noted_publish(staged: Path, target: Path) -> None:
        inodes = [path.stat().st_ino for path in staged.rglob("*")]
        home = target.parent.stat().st_ino
        publish(staged, target)
        swapped.append((set(inodes), home))

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(staging, "publish", noted_publish)
    run = run_with("x", tmp_path)
    assert cli("collect", run, "-o", tmp_path / "archives", "--copy", "all").code == 0
    ((inodes, home),) = swapped
    assert inodes
    assert inodes <= synced
    assert home in synced


@pytest.mark.parametrize("room", [0, 1000])
def test_a_full_disk_is_one_line(tmp_path: Path, room: int) -> None:
    """No room for the archive: exit 2, one line, the old archive stands, no litter."""
    archives = tmp_path / "archives"
    run = run_with("x" * 5000, tmp_path)
    assert process("-m", "archiver", "collect", run, "-o", archives).returncode == 0
    before = everything(archives)
    (run / "notes.txt").write_text("y" * 5000)
    ran = process("-c", LIMITED, room, "collect", run, "-o", archives, "--copy", "all")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.count("\n") == 1
    assert "File too large" in ran.stderr
    assert everything(archives) == before
    assert [path.name for path in (archives / "unfiled").iterdir()] == ["r"]


def test_no_room_for_what_waits_is_no_corrupt_file(tmp_path: Path) -> None:
    """A full temporary directory ends the call; it does not turn into a fault of the run."""
    run = tmp_path / "r"
    run.mkdir()
    with (run / "big.txt").open("wb") as file:
        file.truncate(70 << 20)
    options = ["--copy", "all", "--max-copy-size", "100M"]
    ran = process("-c", LIMITED, 1 << 20, "collect", run, "-o", tmp_path / "a", *options)
    assert ran.returncode == 2, ran.stderr
    assert ran.stderr.count("\n") == 1
    assert "TMPDIR" in ran.stderr


@pytest.mark.parametrize(
    "foreign",
    ["mine.txt", "data/mine.txt", "plots/mine.png", "ARCHIVE.md -> /etc/passwd", "data -> /etc"],
)  # fmt: skip
def test_foreign_files_are_never_replaced(
    tmp_path: Path, cli: Callable[..., Any], foreign: str
) -> None:
    """Something in the target that is not ours: exit 2, and everything stays as it was."""
    archives = tmp_path / "archives"
    run = run_with("1", tmp_path)
    assert cli("collect", run, "-o", archives).code == 0
    name, _, link = foreign.partition(" -> ")
    place = archives / "unfiled" / "r" / name
    place.parent.mkdir(exist_ok=True)
    if link:
        if place.exists():
            place.unlink()
        place.symlink_to(link)
    else:
        place.write_text("my own notes")
    before = everything(archives)
    (run / "notes.txt").write_text("2")
    ran = cli("collect", run, "-o", archives)
    assert ran.code == 2
    assert "does not belong to an archive" in ran.err or "is in the way" in ran.err
    assert ran.err.count("\n") == 1
    assert everything(archives) == before


def test_a_fifo_in_the_target_does_not_hang(tmp_path: Path, cli: Callable[..., Any]) -> None:
    """A FIFO where a file of the archive should be is refused, not read."""
    archives = tmp_path / "archives"
    run = run_with("1", tmp_path)
    assert cli("collect", run, "-o", archives).code == 0
    (archives / "unfiled" / "r" / "findings.json").unlink()
    os.mkfifo(archives / "unfiled" / "r" / "findings.json")
    assert cli("collect", run, "-o", archives).code == 2


@pytest.mark.parametrize("what", ["empty directory", "file", "link", "dangling link"])
def test_what_stands_in_the_place_of_an_archive(
    tmp_path: Path, cli: Callable[..., Any], what: str
) -> None:
    """A file, a link or somebody's directory of the run's name is left alone."""
    run = run_with("1", tmp_path)
    outside = tmp_path / "outside"
    outside.mkdir()
    place = tmp_path / "archives" / "unfiled" / "r"
    place.parent.mkdir(parents=True)
    if what == "empty directory":
        place.mkdir()
    elif what == "file":
        place.write_text("mine")
    else:
        place.symlink_to(outside if what == "link" else tmp_path / "nowhere")
    ran = cli("collect", run, "-o", tmp_path / "archives")
    # The name is taken, so the run gets another one or none; what was there stays.
    assert ran.code in (0, 2)
    assert list(outside.iterdir()) == []
    assert not (tmp_path / "nowhere").exists()
    if what == "file":
        assert place.read_text() == "mine"
    assert place.is_symlink() == ("link" in what)
    for path in place.parent.iterdir():
        assert path == place or path.name.startswith("r-")


def test_an_experiment_that_is_a_link_is_not_written_through(
    tmp_path: Path, cli: Callable[..., Any]
) -> None:
    """ARCHIVES/<experiment> as a link to elsewhere: exit 2, nothing written there."""
    run = run_with("1", tmp_path)
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "archives").mkdir()
    (tmp_path / "archives" / "unfiled").symlink_to(outside)
    ran = cli("collect", run, "-o", tmp_path / "archives")
    assert ran.code == 2
    assert ran.err.count("\n") == 1
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("through_link", [False, True])
@pytest.mark.parametrize("inside", ["output in run", "run in output", "same", "output in with"])
def test_output_that_overlaps_the_run_is_refused(
    tmp_path: Path, cli: Callable[..., Any], inside: str, through_link: bool
) -> None:
    """Neither may hold the other, by whatever name they are called."""
    run = run_with("1", tmp_path / "place")
    other = run_with("2", tmp_path / "place", "other")
    if through_link:
        (tmp_path / "link").symlink_to(tmp_path / "place")
    named = tmp_path / ("link" if through_link else "place")
    output = {
        "output in run": named / "r" / "archives",
        "run in output": named,
        "same": named / "r",
        "output in with": named / "other" / "archives",
    }[inside]
    also = ["--with", other] if inside == "output in with" else []
    before = everything(tmp_path)
    ran = cli("collect", run, "-o", output, *also)
    assert ran.code == 2
    assert "overlaps" in ran.err
    assert everything(tmp_path) == before


def test_two_runs_of_one_id_never_share_a_directory(tmp_path: Path) -> None:
    """Processes that archive different runs of the same id at once each get a directory."""
    archives = tmp_path / "archives"
    runs = []
    for number in range(2):
        run = tmp_path / f"parent{number}" / "same"
        run.mkdir(parents=True)
        stated = {"created_at": "2026-01-01", "git_sha": str(number), "output_dir": "/e/same"}
        (run / "run_metadata.json").write_text(json.dumps(stated))
        runs.append(run)
    command = [sys.executable, "-m", "archiver", "collect"]
    children = [
        subprocess.Popen(
            [*command, run, "-o", archives],
            env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )
        for run in [*runs, *runs]
    ]  # fmt: skip
    for child in children:
        _, said = child.communicate()
        assert child.returncode == 0, said
    names = sorted(path.name for path in archives.glob("*/*") if path.is_dir())
    assert len(names) == 2
    assert names[0] == "same"
    assert names[1].startswith("same-")
    assert len(names[1]) == 13
    copied = {path.read_text() for path in archives.glob("*/*/data/run_metadata.json")}
    assert copied == {(run / "run_metadata.json").read_text() for run in runs}


def test_the_sweep_leaves_what_is_not_ours(tmp_path: Path) -> None:
    """Hidden directories of other programs, and those of a living process, are not removed."""
    home = tmp_path / "exp"
    for name in (".other.partial", ".x.previous", f".dead{staging.PARTIAL}"):
        (home / name).mkdir(parents=True)
    busy = tmp_path / "busy"
    (busy / f".alive{staging.PARTIAL}").mkdir(parents=True)
    (tmp_path / "elsewhere").symlink_to(busy)
    held = os.open(busy, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    staging.sweep(tmp_path)
    assert sorted(path.name for path in home.iterdir()) == [".other.partial", ".x.previous"]
    assert [path.name for path in busy.iterdir()] == [f".alive{staging.PARTIAL}"]
    os.close(held)
    staging.sweep(tmp_path)
    assert not busy.exists()


def test_a_lock_outlives_the_removal_of_its_directory(tmp_path: Path) -> None:
    """Whoever waits for the lock of a directory that goes away gets a new one, locked."""
    home = tmp_path / "exp"
    with staging.locked(home):
        assert home.is_dir()
        home.rmdir()
    with staging.locked(home), staging.stage(home, "run") as staged:
        staging.write(staged, "a/b", b"1")
        staging.publish(staged, home / "run")
    assert (home / "run" / "a" / "b").read_bytes() == b"1"
    assert [path.name for path in home.iterdir()] == ["run"]
