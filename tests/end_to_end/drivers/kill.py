"""Kills `collect` with SIGKILL before its k-th touch of the disk, for every k, and looks.

Usage: kill.py DIRECTORY SCENARIO; SCENARIO is `new`, `replace` or `without-exchange`. Prints the
number of kills. Every call of `collect` runs in a forked child, so nothing is imported twice.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet

from archiver.collect import Policy
from archiver.package import archive, figures, staging, tables
from archiver.render import markdown
from archiver.workflows import collecting

MODULES = (pyarrow.parquet, archive, figures, tables)
ANYWHERE = {"os.remove", "os.rmdir", "os.scandir", "fcntl.flock", "ctypes.dlsym"}
BELOW = {"open", "os.mkdir", "os.rename", "os.chmod", "os.listdir", "shutil.rmtree"}
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def forked(work: Callable[[], object]) -> int:
    """Run something in a child; its exit status, negative where a signal ended it."""
    child = os.fork()
    if not child:
        try:
            work()
        except BaseException as fault:  # noqa: BLE001
            print(f"child: {type(fault).__name__}: {fault}", file=sys.stderr)  # noqa: T201
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def collect(run: Path, archives: Path) -> None:
    """One call, at a fixed time."""
    collecting.collect(run, collecting.CollectOptions(archives, policy=Policy("all")), NOW)


def warm_up(run: Path, archives: Path) -> None:
    """Load and cache what can be without starting a thread, so that every child need not."""
    options = collecting.CollectOptions(archives, policy=Policy("all"), dry_run=True)
    (outcome,) = collecting.collect(run, options, NOW).outcomes
    markdown.archive(outcome.record, [])


def signal_at(archives: Path, moment: int, number: int) -> None:
    """Send this process a signal just before it touches the disk for the k-th time."""
    below = str(archives)
    count = 0

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal count
        if event in ANYWHERE or (
            event in BELOW and arguments and str(arguments[0]).startswith(below)
        ):
            count += 1
            if count == moment + 1:
                os.kill(os.getpid(), number)

    sys.addaudithook(hook)


def killed_at(run: Path, archives: Path, moment: int, *, exchange: bool) -> None:
    """The same, ended by SIGKILL; without the exchange, only from the swap on."""
    if exchange:
        signal_at(archives, moment, signal.SIGKILL)
    else:

        def no_exchange(_left: Path, _right: Path) -> bool:
            signal_at(archives, moment, signal.SIGKILL)
            return False

        staging._exchange = no_exchange
    collect(run, archives)


def tree(directory: Path) -> dict[str, bytes] | None:
    """Every file below a directory; None where there is none."""
    if not directory.exists():
        return None
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file()
    }


def two_runs(directory: Path) -> tuple[Path, Path]:
    """The same run at two moments of its life."""
    runs = directory / "old" / "run", directory / "new" / "run"
    for number, run in enumerate(runs):
        run.mkdir(parents=True)
        # The same unknown run twice: its first file tells which one it is.
        (run / "about.txt").write_text("a run")
        (run / "notes.txt").write_text(str(number))
        os.utime(run / "notes.txt", (0, 0))
    return runs


def main(directory: Path, scenario: str) -> None:
    """Try every moment until one is never reached."""
    before, run = two_runs(directory)
    place = Path("unfiled", "run")
    warm_up(run, directory / "after")
    assert forked(lambda: collect(before, directory / "before")) == 0
    assert forked(lambda: collect(run, directory / "after")) == 0
    old = tree(directory / "before" / place) if scenario != "new" else None
    new = tree(directory / "after" / place)
    assert old != new
    archives = directory / "archives"
    seen = set()
    moment = 0
    while True:
        shutil.rmtree(archives, ignore_errors=True)
        if scenario != "new":
            shutil.copytree(directory / "before", archives)
        code = forked(
            lambda at=moment: killed_at(  # type: ignore[misc]
                run, archives, at, exchange=scenario != "without-exchange"
            )
        )
        found = tree(archives / place)
        assert code in (0, -signal.SIGKILL), code
        between = scenario == "without-exchange" and found is None
        assert found in (old, new) or between, (moment, sorted(found or ()))
        seen.add("old" if found == old else "new")
        assert forked(lambda: collect(run, archives)) == 0, moment
        assert tree(archives / place) == new, moment
        names = {path.relative_to(archives).as_posix() for path in archives.glob("*/*")}
        assert names == {place.as_posix()}, (moment, names)
        if code == 0:
            break
        moment += 1
    assert seen == {"old", "new"}
    print(moment)  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
