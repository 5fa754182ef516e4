"""Repositories that git itself makes."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


class Repository:
    """A repository under git's own hands."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._clock = 1_700_000_000
        path.mkdir()
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: object) -> str:
        """Run git here; commits are a minute apart."""
        self._clock += 60
        stamp = f"{self._clock} +0200"
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": "/nonexistent",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_AUTHOR_DATE": stamp,
            "GIT_COMMITTER_DATE": stamp,
            "GIT_AUTHOR_NAME": "A",
            "GIT_AUTHOR_EMAIL": "a@example.org",
            "GIT_COMMITTER_NAME": "A",
            "GIT_COMMITTER_EMAIL": "a@example.org",
        }
        command = ["git", "-C", str(self.path), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, check=True, env=environment)
        return done.stdout.decode().strip()

    def commit(self, message: str, **files: str | None) -> str:
        """Write files (None takes one away; `__` in a name parts folders) and commit."""
        for name, text in files.items():
            path = self.path / name.replace("__", "/")
            path.parent.mkdir(exist_ok=True)
            if text is None:
                path.unlink()
            else:
                path.write_text(text, "utf-8")
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")
