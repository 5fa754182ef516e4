"""LLMRunner's terminal output as it was said, before any of it is a claim."""

from __future__ import annotations

from archiver.codecs.lines import LineStream
from archiver.limits import DEFAULT
from archiver.producers.llmrunner.console import Console
from archiver.producers.llmrunner.console_lines import hear, opens

RUN = "[2026-02-20 10:00:00] run_id=r workdir=/s/lr/.llmrunner datapool_root={} dry_run={}\n"
COPIED = "[2026-02-20 10:00:00] CPT_RAW_COPY_SRC: copied_jsonl={} clashes={}\n"
PREPARE = "[2026-02-20 10:00:00] config_dir=/s/lr/{}\n"


def said(text: str) -> Console:
    """What a console of this text says."""
    return hear(LineStream([text.encode()], DEFAULT))


def test_own_lines_open_a_console() -> None:
    """A stamp alone does not, nor do the runner's words without one."""
    assert opens(b"noise\n" + RUN.format("/p", 0).encode())
    assert not opens(b"[2026-02-20 10:00:00] hello\nrun step=train_cpt\n")


def test_steps_of_dry_runs_are_not_executed() -> None:
    """Only real runs have executions; each step has its own, oldest first."""
    step = "[2026-02-20 10:00:0{}] run step[0] id=t type=train_cpt\n"
    console = said(
        RUN.format("/p", 1) + step.format(1) + 2 * (RUN.format("/p", 0) + step.format(2))
    )
    assert [run.dry for run in console.runs] == [True, False, False]
    assert {name: [one.line for one in some] for name, some in console.executions.items()} == {
        "t": [4, 6]
    }


def test_copies_are_told_by_their_first_preparation() -> None:
    """What later ones found stands behind it."""
    once = PREPARE.format("configs/experiments/e") + COPIED
    console = said(once.format(3, 0) + once.format(0, 3))
    assert [
        (first.copied, [(copy.copied, copy.skipped) for copy in later])
        for first, later in console.copies()
    ] == [(3, [(0, 3)])]


def test_root_of_the_settings_or_of_a_standard_place() -> None:
    """Settings outside of the standard layout tell nothing; the data pool may."""
    assert said(PREPARE.format("configs/experiments/e")).root == "/s/lr"
    assert said(PREPARE.format("mine") + RUN.format("/other/datapool/x", 0)).root == "/other"
    assert said(PREPARE.format("mine")).root == ""
