"""What differs from the previous run, in the archive of the next."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

RUNS = Path(__file__).resolve().parent.parent.parent / "fixtures" / "runs"
CLEAN, RESUMED = (RUNS / f"coordexp-{name}" / "input" for name in ("clean", "resumed"))
Cli = Callable[..., Any]


def test_collect_tells_what_changed(cli: Cli, tmp_path: Path) -> None:
    """The fields, the page beside them, and ARCHIVE.md; collected again, nothing changes."""
    assert cli("collect", CLEAN, "-o", tmp_path).code == 0
    (first,) = (tmp_path / "stage1_tiny_ce").glob("v0-*")
    for word in ("archived", "unchanged"):
        ran = cli("collect", RESUMED, "-o", tmp_path, "--previous", first)
        assert ran.code == 0, ran.err
        assert f"{word}: " in ran.out + ran.err
    (second,) = set((tmp_path / "stage1_tiny_ce").glob("v0-*")) - {first}
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
    # Without it, the page goes.
    assert cli("collect", RESUMED, "-o", tmp_path).code == 0
    assert not (second / "diff-previous.md").exists()


def test_what_cannot_be_the_previous_run(cli: Cli, tmp_path: Path) -> None:
    """What is no archive, and the run itself."""
    assert cli("collect", CLEAN, "-o", tmp_path / "one").code == 0
    (archive,) = (path.parent for path in (tmp_path / "one").glob("*/*/record.json"))
    for wrong, words in ((tmp_path, "is no archive"), (archive, "this very run")):
        ran = cli("collect", CLEAN, "-o", tmp_path / "two", "--previous", wrong)
        assert (ran.code, ran.out) == (2, "")
        assert words in ran.err
