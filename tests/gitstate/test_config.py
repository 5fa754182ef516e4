"""Configurations: what git itself reads in them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from archiver.gitstate.config import Setting, parse_config
from archiver.limits import Limits

ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
}
GOOD = (
    "[core]\n\tbare = false\n",
    "[core] bare = true ; a comment\n",
    "[core]bare\n",
    "[CORE]\nBare=TRUE\r\n",
    '[remote "Origin.X"]\n\turl = https://a.example/b.git # c\n',
    '[remote "a \\"b\\\\ c\\d"]\nurl = "x  y" z\n',
    "[branch.Main]\nremote = o\n",
    '[a.B "c.D"]\nkey-1 = v\n',
    '[alias]\nx = !echo \\"a;b\\" \\\n  more\ny = "tab\\tend"\n',
    '[core]\npager = less -R # not this\neditor = "a # b"\n\n[core]\npager=cat\n',
    "# only a comment\n; another\n",
    "",
    "\ufeff[core]\nbare = no\n",
    "[core]\n\tx = a\tb\n",
    '[core]\nx = ""\ny =\n',
    "bare = true\n",
)
BAD = (
    "[core\n",
    "[ core]\n",
    '[core "a\nb"]\n',
    "[core]\n1x = a\n",
    '[core]\nx = "a\n',
    "[core]\nx = \\q\n",
    "[core]\nx y\n",
    "[core]\nx # y\n",
)


def listed(path: Path) -> list[tuple[str, str | None]]:
    """What git lists of a configuration."""
    command = ["git", "config", "--file", str(path), "--no-includes", "--list", "-z"]
    out = subprocess.run(command, capture_output=True, check=True, env=ENVIRONMENT).stdout
    pairs = [item.partition("\n") for item in out.decode().split("\0") if item]
    return [(name, value if mark else None) for name, mark, value in pairs]


@pytest.mark.parametrize("text", GOOD)
def test_a_configuration_reads_as_git_reads_it(text: str, tmp_path: Path) -> None:
    """Names, values and order are those of `git config --list`."""
    path = tmp_path / "config"
    path.write_text(text, "utf-8", newline="")
    config = parse_config(path.read_bytes())
    assert config.complete
    expected = [(name, "true" if value is None else value) for name, value in listed(path)]
    assert [(item.name, item.value.replace("\t", " ")) for item in config.settings] == [
        (name, value.replace("\t", " ")) for name, value in expected
    ]


@pytest.mark.parametrize("text", BAD)
def test_what_git_refuses_is_a_flaw(text: str, tmp_path: Path) -> None:
    """A file that git dies on is incomplete; what stands before the fault was read."""
    path = tmp_path / "config"
    path.write_text("[first]\na = 1\n" + text, "utf-8")
    with pytest.raises(subprocess.CalledProcessError):
        listed(path)
    config = parse_config(path.read_bytes())
    assert not config.complete
    assert list(config.flaws.counts) == ["syntax"]
    assert [item.name for item in config.settings] == ["first.a"]


def test_lines_and_last_values() -> None:
    """A variable knows its line, continued ones their first; the last value counts."""
    config = parse_config(b"[a]\nx = 1 \\\n 2\n\n[A]\nx = 3\n[a.b]\nx = 4\n")
    assert config.settings == (
        Setting("a", "", "x", "1  2", 2),
        Setting("a", "", "x", "3", 6),
        Setting("a", "b", "x", "4", 8),
    )
    assert config.last("a", "x") == "3"
    assert config.last("a", "x", "b") == "4"
    assert config.last("a", "y") is None


def test_limits_are_flaws() -> None:
    """A configuration that is too large is not read, one of too many variables not to its end."""
    assert list(parse_config(b"#" * (2**20 + 1)).flaws.counts) == ["size-limit"]
    config = parse_config(b"[a]\n" + b"x=1\n" * 5, Limits(packages=2))
    assert len(config.settings) == 2
    assert config.flaws.counts == {"size-limit": 1}
