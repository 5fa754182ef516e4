"""LLMRunner's terminal output: what ran when, what was copied, and whose console it is."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

RUN = (
    "[2026-02-20 10:00:00] run_id=r config_dir=/s/lr/configs/experiments/tiny"
    " workdir=/s/lr/.llmrunner datapool_root=/s/lr/datapool/experiments/tiny dry_run={}\n"
)
COPY = (
    "[2026-02-20 10:00:00] config_dir=/s/lr/configs/experiments/tiny\n"
    "[2026-02-20 10:00:00] CPT_RAW_COPY_SRC[t.py]: /raw -> /s/lr/datapool/x (mode=copy)\n"
    "[2026-02-20 10:00:00] CPT_RAW_COPY_SRC[t.py]: copied_jsonl={} clashes={}\n"
)


def step(word, stamp, number=0, name="train_cpt_0", kind="train_cpt"):
    """A line about a step."""
    return f"[2026-02-20 {stamp}] {word} step[{number}] id={name} type={kind}\n"


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("llmrunner_console", case)


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "llmrunner_console")


def test_the_first_preparation_counts(bench):
    """Later ones find every file there; the row says so."""
    found = bench.read("llmrunner_console", bench.input("llmrunner_console"))["run.log"]
    (row,) = found.reading.data_copies
    assert (row.source, row.destination) == ("/srv/raw", "datapool/experiments/tiny/data/raw/cpt")
    assert (row.files_copied, row.files_skipped) == (3, 0)
    assert row.note == (
        "for tokenize_cpt_0.py; mode=copy, which hard-links where both lie on one file system; "
        "prepared again: 0 copied, 3 already there; 2 of the files already there are not named"
    )


def test_only_a_second_preparation_is_known(read_one):
    """Its numbers are printed, with a remark."""
    (row,) = read_one("run.log", COPY.format(0, 4)).reading.data_copies
    assert (row.files_copied, row.files_skipped) == (0, 4)
    assert "an earlier preparation copied them" in (row.note or "")


def test_a_copy_that_was_not_asked_for(read_one):
    """It is no copy of nothing."""
    text = COPY.format(1, 0) + "[2026-02-20 10:00:00] SFT_RAW_COPY_SRC: skipped (not set)\n"
    found = read_one("run.log", text)
    assert len(found.reading.data_copies) == 1
    assert [e.detail for e in found.reading.events] == ["SFT: skipped (not set)"]


def test_clearing_is_an_event(bench):
    """What was deleted before a step began."""
    found = bench.read("llmrunner_console", bench.input("llmrunner_console"))["run.log"]
    cleared = [event for event in found.reading.events if event.kind == "cleared"]
    assert [(e.subject, e.detail, e.time, e.clock) for e in cleared] == [
        (
            "tokenize_cpt_0", "4 files from /srv/lr/datapool/experiments/tiny/data/tokenized/cpt",
            "2026-02-20T10:00:07", "naive",
        )
    ]  # fmt: skip


def test_a_rerun_is_another_attempt(read_one):
    """The first failed, the second did not."""
    text = (
        RUN.format(0) + step("run", "10:00:01")
        + "step failed: id=train_cpt_0 type=train_cpt (exit=1), see log: /x/train_cpt_0.log\n"
        + RUN.format(0) + step("run", "11:00:01") + step("done", "12:00:00")
        + "[2026-02-20 12:00:01] pipeline finished\n"
    )  # fmt: skip
    found = read_one("run.log", text)
    evidence = [(e.step_id, e.word, e.attempt, e.family) for e in found.reading.evidence]
    assert evidence == [
        ("train_cpt_0", "failed", 0, "run.log:train_cpt_0"),
        ("train_cpt_0", "success", 1, "run.log:train_cpt_0"),
        ("", "success", 0, ""),
    ]
    assert [mark.exit_code for mark in found.marks] == [1, None]
    assert found.reading.attempts[0].step_id == "train_cpt_0"


def test_a_dry_run_is_no_run(read_one):
    """A real one in the same console is what counts."""
    dry = RUN.format(1) + step("run", "10:00:01") + "[dry-run] (cd x && y)\n"
    real = RUN.format(0) + step("run", "11:00:01") + step("done", "12:00:00")
    assert read_one("a.log", dry).reading.steps[0].status_word == "dry run"
    assert read_one("a.log", dry).kinds == ["progress"]
    both = read_one("a.log", real + dry)
    assert both.reading.steps[0].status == "unknown"
    assert both.kinds == ["terminal-word"]


def test_a_dry_run_ends_in_nothing(read_one):
    """`pipeline finished` of a dry run is no success; the status says why there is none."""
    text = RUN.format(1) + "[2026-02-20 12:00:01] pipeline finished\n"
    (sign,) = read_one("a.log", text).reading.evidence
    assert (sign.kind.value, sign.detail, str(sign.at)) == (
        "progress", "a dry run: no step was executed", "a.log#L1",
    )  # fmt: skip


def test_the_console_says_where_the_settings_lay(read_one):
    """Names that the settings leave open; each with its line."""
    found = read_one("a.log", COPY.format(1, 0) + RUN.format(0)).reading.bindings
    assert [(one.name, one.value, one.at.place) for one in found] == [
        ("ROOT_DIR", "/s/lr", "L1"),
        ("DATAPOOL_ROOT", "/s/lr/datapool/experiments/tiny", "L4"),
        ("RUN_ID", "r", "L4"),
    ]


def test_a_data_pool_elsewhere_settles_no_root(read_one):
    """DATAPOOL was set: paths that are resolved below the root would be wrong."""
    text = RUN.format(0).replace("datapool_root=/s/lr/", "datapool_root=/big/")
    found = read_one("a.log", text).reading.bindings
    assert [(one.name, one.value) for one in found] == [
        ("DATAPOOL_ROOT", "/big/datapool/experiments/tiny"), ("RUN_ID", "r"),
    ]  # fmt: skip


def test_settings_outside_of_the_standard_layout_settle_no_root(read_one):
    """Only `configs/experiments/<name>` tells where the root is."""
    text = RUN.format(0).replace("/s/lr/configs/experiments/tiny", "/home/me/tiny")
    names = [one.name for one in read_one("a.log", text).reading.bindings]
    assert names == ["DATAPOOL_ROOT", "RUN_ID"]


def test_the_time_of_a_training_step(read_one):
    """From its run line to its done line; no other kind of step trains."""
    text = (
        RUN.format(0) + step("run", "10:00:01") + step("done", "12:00:00")
        + step("run", "12:00:01", 1, "mg2hf_0", "mg2hf") + step("done", "12:00:05", 1, "mg2hf_0")
    )  # fmt: skip
    train, convert = read_one("a.log", text).reading.steps
    source = train.sources["training.duration_sec"]
    assert train.training.duration_sec == 7199.0
    assert (source.rule, source.note) == ("from-run-to-done", "local clock without a zone")
    assert [str(place) for place in source.from_] == ["a.log#L2", "a.log#L3"]
    assert convert.training is None


def test_a_clock_that_was_set_back_gives_no_time(read_one):
    """A negative difference is not recorded."""
    text = RUN.format(0) + step("run", "10:00:05") + step("done", "09:00:05")
    assert read_one("a.log", text).reading.steps[0].training is None


def test_the_base_model_is_an_event(read_one):
    """Where it was copied from; a second preparation finds it there."""
    text = COPY.format(1, 0) + "[2026-02-20 10:00:00] base_model: /m/T -> /s/T (mode=link)\n"
    (event,) = read_one("run.log", text).reading.events
    assert (event.kind, event.detail) == ("base-model", "/m/T -> /s/T (mode=link)")


def test_a_failure_has_no_stamp(read_one):
    """The end of the run is that of the last line that has one, derived."""
    text = RUN.format(0) + step("run", "10:00:05") + "step failed: id=train_cpt_0 type=x (exit=2)\n"
    found = read_one("a.log", text)
    claim = next(c for c in found.reading.claims if c.field == "summary.finished_at")
    assert (claim.value, claim.origin.value, claim.rule) == (
        "2026-02-20T10:00:05", "derived", "last-stamped-line",
    )  # fmt: skip


def test_the_last_sign_of_life_of_a_failed_step(read_one):
    """Trainers and torch print stamps of the same clock; older ones do not turn it back."""
    lines = (
        " [2026-02-20 10:05:00.25] iteration 1/ 2 | lm loss: 1 |",
        "  time      : 2026-02-20_10:06:00",
        "[after training is done] datetime: 2026-02-20 10:01:00 ",
    )  # fmt: skip
    text = RUN.format(0) + step("run", "10:00:05") + "\n".join(lines) + "\n"
    found = read_one("a.log", text + "step failed: id=train_cpt_0 type=train_cpt (exit=1)\n")
    assert found.claims["summary.finished_at"] == "2026-02-20T10:06:00"
    assert found.marks[0].ended.iso() == "2026-02-20T10:06:00"


def test_a_step_that_was_never_announced_fails(read_one):
    """Standard error comes out of order."""
    found = read_one("a.log", RUN.format(0) + "step failed: id=eval_0 type=eval (exit=-9)\n")
    assert [(e.step_id, e.word, e.detail) for e in found.reading.evidence] == [
        ("eval_0", "failed", "step failed, exit code -9")
    ]


def test_a_preparation_that_broke(read_one):
    """The runner's own traceback, outside of any step, is the run's."""
    trace = 'Traceback (most recent call last):\n  File "x"\nSyntaxError: invalid syntax\n'
    found = read_one("a.log", COPY.format(1, 0) + trace)
    assert [(e.kind.value, e.detail) for e in found.reading.evidence] == [
        ("failure", "the runner stopped: SyntaxError: invalid syntax")
    ]
    later = read_one("a.log", trace + RUN.format(0) + "[2026-02-20 10:00:01] pipeline finished\n")
    assert later.kinds == ["terminal-word"]


def test_the_console_of_another_experiment(read):
    """Nothing of it is used."""
    files = {"configs/experiments/other/pipeline.py": "STEPS = []\n", "a.log": RUN.format(0)}
    found = read(files)["a.log"]
    assert found.codes == ["foreign-log"]
    assert (found.claims, found.reading.steps) == ({}, ())
    assert found.reading.accounting.read == 1


def test_a_stale_log(read):
    """A step after the one that failed has a log of an earlier execution."""
    failed = "step failed: id=train_cpt_0 type=train_cpt (exit=1)\n"
    logs = {
        f".llmrunner/logs/{run}/{name}.log": "x\n"
        for run, name in (("r", "eval_0"), ("r", "train_cpt_0"), ("s", "mg2hf_0"))
    }
    text = RUN.format(0) + step("run", "10:00:05") + failed
    found = read({"nohup.out": text, **logs})["nohup.out"]
    assert [(p.code, p.message.split()[0]) for p in found.reading.problems] == [
        ("stale-log", ".llmrunner/logs/r/eval_0.log")
    ]


def test_data_outside_of_the_repository_is_warned_of(read_one):
    """The runner's own warning is kept."""
    text = RUN.format(0) + "[2026-02-20 10:00:01] [warn] DATAPOOL_ROOT is outside repo: /d\n"
    assert read_one("a.log", text).codes == ["producer-warning"]


def test_a_line_may_be_drawn_over(read_one):
    """A bar stands before the runner's line."""
    text = RUN.format(0) + step("run", "10:00:05") + " 10%|#\r" + step("done", "10:00:09")
    assert read_one("a.log", text).kinds == ["terminal-word"]


def test_hostile_lines_are_read(read_one):
    """Lines that look almost like the runner's; a pattern that went back and forth would hang."""
    head = "[2026-02-20 10:00:00] "
    lines = [
        "CPT_RAW_COPY_SRC: " + " -> " * 2000, "CPT merge_jsonl: output=" + " shuffle=" * 800,
        "run_id=" + "a " * 3000, "a" * 7000 + ": cleared 1", "run step[0] id=" + "x" * 7000,
    ]  # fmt: skip
    text = RUN.format(0) + "".join(f"{head}{line}\n" for line in lines * 40)
    text += ("step failed: a" + " (exit=" * 1000 + "\n") * 40
    assert read_one("a.log", text).reading.accounting.read > 0
