"""Interrupts `runarchive collect` before its k-th touch of the disk, for every third k, and looks.

Usage: interrupt.py DIRECTORY SIGTERM|SIGINT. What an interrupted call leaves is looked at without
another call: nothing but the old archive or the new one.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path

from kill import NOW, collect, forked, signal_at, tree, two_runs, warm_up

from archiver.cli import main as command


def interrupted_at(run: Path, archives: Path, moment: int, number: int, said: Path) -> None:
    """One call of the command line, its stderr kept."""
    os.dup2(os.open(said, os.O_CREAT | os.O_WRONLY | os.O_TRUNC), 2)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.environ["SOURCE_DATE_EPOCH"] = str(int(NOW.timestamp()))
    sys.argv = ["runarchive", "collect", str(run), "-o", str(archives), "--copy", "all"]
    signal_at(archives, moment, number)
    try:
        command()
    except SystemExit as stop:
        os._exit(int(stop.code or 0))


def main(directory: Path, number: int) -> None:
    """Try the moments until one is never reached."""
    before, run = two_runs(directory)
    place = Path("unfiled", "run")
    warm_up(run, directory / "after")
    assert forked(lambda: collect(before, directory / "before")) == 0
    assert forked(lambda: collect(run, directory / "after")) == 0
    states = {name: tree(directory / name / place) for name in ("before", "after")}
    archives = directory / "archives"
    said = directory / "stderr"
    moment = 0
    while True:
        shutil.rmtree(archives, ignore_errors=True)
        shutil.copytree(directory / "before", archives)
        code = forked(
            lambda at=moment: interrupted_at(run, archives, at, number, said)  # type: ignore[misc]
        )
        text = said.read_text()
        assert code in (0, 130), (moment, code, text)
        assert text == (
            "runarchive: interrupted; archives already written are complete\n" * (code == 130)
        ), (moment, code, text)
        assert tree(archives / place) in states.values(), moment
        names = {path.relative_to(archives).as_posix() for path in archives.glob("*/*")}
        assert names == {place.as_posix()}, (moment, names)
        if code == 0:
            break
        moment += 3
    assert moment > 30
    print(moment)  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]), getattr(signal, sys.argv[2]))
