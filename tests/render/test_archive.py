"""ARCHIVE.md as a whole."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from archiver.model import codec, fields
from archiver.model.claims import COMMAND_LINE, Location, Origin, Problem
from archiver.model.fields import FIELDS, Section
from archiver.model.record import (
    Attempt,
    Config,
    Coverage,
    Dataset,
    Dependency,
    Evaluation,
    Event,
    FileEntry,
    Other,
    Repository,
    Resolved,
    RunIdentity,
    RunRecord,
    Series,
    Step,
    Training,
)  # fmt: skip
from archiver.model.values import Tagged
from archiver.render import head
from archiver.render.markdown import archive

PARSER = MarkdownIt("gfm-like", {"linkify": False})
PLOTS = ("plots/loss.png", "plots/loss.svg", "plots/quality.png", "plots/throughput.svg")
HOSTILE = (
    "a|b`c``d```",
    "\n```\n# owned\n\n| x |\n",
    "<script>alert(1)</script></details><!--",
    "[x](javascript:alert(1)) ![y](http://evil) http://evil www.evil",
    "{{ 7 * 7 }}{% raw %}${HOME}",
    "\x1b[2J\x9b31m\u202eabc\u2066\ud800\udfff\x00",
    "<|coord_1|> *b* _i_ ~~s~~ &amp; \\| :smile: $x$",
    "- # 1. > ---",
    "x" * 10_000,
)
SECTIONS = [section.value for section in Section] + ["Field Table (Checklist)"]


def steps_block(document: str) -> str:
    """The YAML of the Steps section."""
    found = re.search(r"^## Steps\n\n(`{3,})yaml\n(.*?)^\1$", document, re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[2]


def bullet(document: str, label: str) -> str:
    """The first list entry of that label."""
    return next(line for line in document.splitlines() if line.startswith(f"- {label}:"))


def headings(document: str) -> list[str]:
    """Texts of the headings of the second level."""
    tokens = PARSER.parse(document)
    return [
        tokens[index + 1].content
        for index, token in enumerate(tokens)
        if token.type == "heading_open" and token.tag == "h2"
    ]


def with_field(record: RunRecord, name: str, value: Resolved) -> RunRecord:
    """The record with one more claim."""
    return replace(record, fields={**record.fields, name: value})


def test_sections_stand_in_the_order_of_the_template(empty: RunRecord, marked: RunRecord) -> None:
    """All twelve, whether or not there is anything to say."""
    assert headings(archive(empty, [])) == SECTIONS
    assert headings(archive(marked, PLOTS)) == SECTIONS


def test_nothing_of_the_record_is_left_out(marked: RunRecord) -> None:
    """Every text and every number of every list stands in the document."""
    document = archive(marked, PLOTS)

    def leaves(value: object, path: str = "") -> Iterator[tuple[str, str]]:
        if isinstance(value, dict):
            for name, part in value.items():
                yield path, name
                yield from leaves(part, f"{path}/{name}")
        elif isinstance(value, list):
            for part in value:
                yield from leaves(part, path)
        else:
            yield path, str(value).removesuffix(".0")

    words = set(re.findall(r"mark\d+z|\d{6}", document))
    missing = [
        f"{path}: {leaf}"
        for path, leaf in leaves(codec.encode(marked))
        if re.fullmatch(r"mark\d+z|\d{6}", leaf)
        and not path.endswith("/reader")
        and leaf not in words
    ]
    assert missing == []


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_change_nothing(hostile: Callable[[str], RunRecord], text: str) -> None:
    """Wherever a run's text stands, the document keeps its structure and stays text."""
    document = archive(hostile(text), PLOTS)
    plain = archive(hostile("plain"), PLOTS)
    assert headings(document) == SECTIONS
    assert structure(document) == structure(plain)
    document.encode()
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\ud800-\udfff]", document)


def structure(document: str) -> dict[str, object]:
    """What a browser would make of the document, without its texts."""
    tokens = PARSER.parse(document)
    inner = [part for token in tokens for part in token.children or []]
    html = [token.content for token in tokens if token.type == "html_block"]
    return {
        "links": sorted({target(part) for part in inner if part.type == "link_open"}),
        "images": [target(part) for part in inner if part.type == "image"],
        "inline": {part.type for part in inner},
        "html": {re.sub(r"\d+", "", block) for block in html} - {"</details>\n"} - folds(html),
        "headings": [token.tag for token in tokens if token.type == "heading_open"],
        "tables": [len(row) for row in rows(tokens)],
    }


def folds(html: list[str]) -> set[str]:
    """Opening lines of folded blocks, all of our own words."""
    own = r"<details><summary>[A-Za-z ]+ \( lines\)</summary>\n"
    found = {re.sub(r"\d+", "", block) for block in html}
    return {block for block in found if re.fullmatch(own, block)}


def target(token: Token) -> str:
    """Where a link or an image points."""
    return str(token.attrGet("href") or token.attrGet("src"))


def rows(tokens: list[Token]) -> list[list[str]]:
    """Cells of every table row."""
    found: list[list[str]] = []
    for token in tokens:
        if token.type == "tr_open":
            found.append([])
        elif token.type in ("td_open", "th_open"):
            found[-1].append(token.type)
    return found


@pytest.mark.parametrize("text", HOSTILE)
def test_steps_of_hostile_texts_read_back(hostile: Callable[[str], RunRecord], text: str) -> None:
    """The Steps block is the record's steps, whatever they hold."""
    record = hostile(text[:1000])
    assert yaml.safe_load(steps_block(archive(record, []))) == encoded_steps(record)


def encoded_steps(record: RunRecord) -> object:
    """The steps as `record.json` has them."""
    encoded = codec.encode(record)
    assert isinstance(encoded, dict)
    return encoded["steps"]


IDENTITY = RunIdentity("r", "e", (), {}, "d", "0" * 64)
NO_ANSWERS = Coverage(0, 0, 0, 0, 0, 0, {})
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), VALUES, max_size=4), st.text())
@settings(max_examples=60, deadline=None)
def test_steps_of_any_values_read_back(params: dict[str, object], text: str) -> None:
    """Whatever a step holds, the block reads back as `record.json` has it."""
    step = Step(
        at=Location("a.json"), step_id="1", name="train", params=params,  # type: ignore[arg-type]
        metrics=params, error=text, warnings=(text, text), training=Training(final_loss=1e-05),  # type: ignore[arg-type]
    )  # fmt: skip
    identity = RunRecord(run=IDENTITY, coverage=NO_ANSWERS, steps=(step,))
    assert yaml.safe_load(steps_block(archive(identity, []))) == encoded_steps(identity)


def test_steps_put_the_template_first(empty: RunRecord, at: Location) -> None:
    """Step fields come in the template's order, then what else the record holds."""
    step = Step(at=at, step_id="1", name="train", training=Training(), eval=Evaluation())
    document = archive(replace(empty, steps=(step,)), [])
    keys = list(yaml.safe_load(steps_block(document))[0])
    first = list(
        dict.fromkeys(item.name.split(".")[1] for item in fields.of_section(Section.STEPS))
    )
    assert keys[: len(first)] == first
    assert keys[len(first) :] == ["at", "origin", "reader"]


def test_missing_step_fields_say_why(empty: RunRecord, at: Location) -> None:
    """Null with a comment: not recorded, or n/a where it has no meaning."""
    steps = (
        Step(at=at, step_id="1", name="train", status="success", training=Training()),
        Step(at=at, step_id="2", name="eval", status="failed"),
    )
    block = steps_block(archive(replace(empty, steps=steps), []))
    first, second = block.split("- step_id", 2)[1:]
    assert "    ppl: null  # not recorded\n" in first
    assert "  params: {}  # not recorded\n" in first
    assert "  eval: null  # n/a\n" in first
    assert "  error: null  # n/a\n" in first
    assert "  training: null  # n/a\n" in second
    assert "  eval: null  # not recorded\n" in second
    assert "  error: null  # not recorded\n" in second


def test_every_registered_field_is_there(empty: RunRecord) -> None:
    """Bullets for claimable fields, a row of the checklist for each."""
    document = archive(empty, [])
    checklist = document[document.index("## Field Table (Checklist)") :]
    for item in FIELDS:
        if item.home.value in ("fields", "configs", "artifacts"):
            assert f"\n- {item.label}: not recorded\n" in document, item.name
        assert item.meaning in checklist
    assert checklist.count("not recorded") == len(FIELDS) + 1
    assert f"{len(FIELDS)} not recorded, 0 n/a." in checklist


def test_a_new_field_appears(empty: RunRecord, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is added to the registry is printed without any other change."""
    added = (
        fields.Field("summary.moon", Section.SUMMARY, "text", "Phase of the moon"),
        fields.Field("checkpoints.epoch", Section.ARTIFACTS, "number", "Epoch", None,
                     fields.Home.CHECKPOINTS),
        fields.Field("dependencies.state", Section.DEPENDENCIES, "text", "Whether it was there",
                     None, fields.Home.DEPENDENCIES),
        fields.Field("data_copies.speed", Section.DATA_COPY, "number", "Speed of the copy", None,
                     fields.Home.DATA_COPIES),
    )  # fmt: skip
    monkeypatch.setattr(fields, "FIELDS", FIELDS + added)
    document = archive(empty, [])
    assert "\n- moon: not recorded\n" in document
    assert re.search(r"^\| name +\| version +\| state +\|$", document, re.MULTILINE)
    assert re.search(r"^\| source .*\| speed +\|$", document, re.MULTILINE)
    assert document.count("Phase of the moon") == 1


def test_not_applicable_is_not_missing(empty: RunRecord) -> None:
    """Fields that the kind of run makes meaningless print n/a."""
    answers = {**empty.coverage.fields, "summary.gpus": "n/a", "data_copies.source": "n/a"}
    record = replace(empty, coverage=replace(empty.coverage, fields=answers))
    document = archive(record, [])
    assert bullet(document, "gpus") == "- gpus: n/a"
    assert "GPUs" not in bullet(document, "**Missing**")


@pytest.mark.parametrize("value", [None, "", [], {}])
def test_recorded_emptiness_is_a_claim(empty: RunRecord, at: Location, value: object) -> None:
    """A null or an empty value that somebody wrote is not the same as nothing."""
    claim = Resolved(value, Origin.RECORDED, at, "reader")  # type: ignore[arg-type]
    document = archive(with_field(empty, "summary.conda_env", claim), [])
    assert bullet(document, "conda_env") == "- conda_env: none (recorded) at meta.json#/a/b"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("none", "`none`"), (True, "true"), (0, "0"), (1e-05, "1e-05"), (float("nan"), "NaN"),
        (["a", "b c"], "a, `b c`"), ({"a": 1}, '`{"a": 1}`'), ("1|2", "`1|2`"),
        (Tagged("redacted", "[redacted:key:1]"), "`[redacted:key:1]` (redacted)"),
    ],
)  # fmt: skip
def test_values_are_shown(empty: RunRecord, at: Location, value: object, shown: str) -> None:
    """Each type in its own way, with its origin behind it."""
    claim = Resolved(value, Origin.RECORDED, at, "reader")  # type: ignore[arg-type]
    document = archive(with_field(empty, "summary.os", claim), [])
    assert bullet(document, "os") == f"- os: {shown} (recorded, meta.json#/a/b)"


def test_origins_are_named(empty: RunRecord, at: Location) -> None:
    """The rule of what is derived, the command line of what is declared, the probe."""
    more = Location("log.txt", "L3")
    rule = Resolved(
        "12.1", Origin.DERIVED, at, "derive", rule="cuda-tag-of-torch", from_=(at, more)
    )
    said = Resolved("me", Origin.DECLARED, COMMAND_LINE, "command line")
    seen = Resolved("535", Origin.PROBED, at, "probe")
    record = with_field(empty, "summary.cuda", rule)
    record = with_field(record, "summary.user", said)
    document = archive(with_field(record, "summary.cuda_driver", seen), [])
    assert bullet(document, "cuda") == "- cuda: 12.1 (derived by cuda-tag-of-torch, meta.json#/a/b)"
    assert "\n  - from: meta.json#/a/b, log.txt#L3\n" in document
    assert bullet(document, "user") == "- user: me (declared, command line)"
    assert bullet(document, "cuda_driver") == "- cuda_driver: 535 (probed, meta.json#/a/b)"


def test_losers_are_shown(empty: RunRecord, at: Location) -> None:
    """What other artifacts say, different or not, stands beneath the winner."""
    others = (
        Other("a1", Origin.RECORDED, Location("x.json", "/s"), "r", "same"),
        Other("a1", Origin.RECORDED, Location("x.json", "/t"), "r", "same"),
        Other("b2", Origin.DERIVED, Location("y.json"), "r", "different"),
        Other("a", Origin.RECORDED, Location("z.json"), "r", "equivalent"),
    )
    claim = Resolved("a1", Origin.RECORDED, at, "r", note="as seen; twice", others=others)
    document = archive(with_field(empty, "summary.git_commit", claim), [])
    start = document.index("- git_commit: a1 (recorded")
    assert document[start:].split("\n- ", 1)[0].splitlines()[1:] == [
        "  - note: as seen; twice",
        "  - same: x.json (/s, /t)",
        "  - also: y.json says b2 (derived)",
        "  - also: z.json says a (recorded, equivalent)",
    ]


def test_long_values_are_complete(empty: RunRecord, at: Location) -> None:
    """A command of many lines stands in a block of its own."""
    command = "python train.py \\\n" + "  --flag value \\\n" * 40 + "  --last"
    claim = Resolved(command, Origin.RECORDED, at, "r")
    document = archive(with_field(empty, "repro.run", claim), [])
    assert f"- run: text of {len(command)} characters (recorded, meta.json#/a/b)" in document
    block = next(token for token in PARSER.parse(document) if token.info == "text")
    assert block.content == command + "\n"


def test_data_files_show_lines_and_bytes(empty: RunRecord, at: Location) -> None:
    """`merged_sft` has the size that a data set of the same path states."""
    claim = Resolved("/d/m.jsonl", Origin.RECORDED, at, "r")
    record = replace(
        with_field(empty, "data.merged_sft", claim),
        datasets=(Dataset(at=at, role="train", path="/d/m.jsonl", lines=5),),
    )
    line = bullet(archive(record, []), "merged_sft")
    assert line.startswith("- merged_sft: /d/m.jsonl (recorded")
    assert line.endswith("(lines=5, bytes=not recorded, meta.json#/a/b)")


def test_dependencies_keep_the_rows_of_the_template(empty: RunRecord, at: Location) -> None:
    """The template's packages stand first, known or not, then the others."""
    found = (
        Dependency(at=at, name="torch", version="2.1", kind="imported"),
        Dependency(at=at, name="apex", version=None, kind="imported", state="not_installed"),
        Dependency(at=at, name="megatron", version=None, kind="imported", commit="abc1234"),
    )
    document = archive(replace(empty, dependencies=found), [])
    table = document[document.index("## Dependencies") : document.index("## Config")]
    cells = [re.split(r" *\| *", line)[1:3] for line in table.splitlines() if line[:1] == "|"]
    assert cells[0] == ["name", "version"]
    assert cells[2:] == [
        ["transformers", "not recorded"], ["megatron", "abc1234"], ["apex", "not installed"],
        ["transformer_engine", "not recorded"], ["vllm", "not recorded"], ["torch", "2.1"],
    ]  # fmt: skip


def test_configs_are_complete_and_visible(empty: RunRecord, at: Location) -> None:
    """Each configuration in full, secrets and unresolved values as such."""
    values = {"lr": 1e-05, "key": Tagged("redacted", "[redacted:key:1]"), "s": "```" * 3,
              "long": "x" * 5000}  # fmt: skip
    config = Config(at=at, id="a.yaml", role="resolved", format="yaml", values=values, typed=False)
    stepped = replace(config, id="b.yaml", step_id="2", values={"k": "v"})
    document = archive(replace(empty, configs=(config, stepped)), [])
    blocks = [token.content for token in PARSER.parse(document) if token.info == "yaml"]
    assert yaml.safe_load(blocks[0]) == {
        **values, "key": {"$type": "redacted", "value": "[redacted:key:1]"},
    }  # fmt: skip
    assert yaml.safe_load(blocks[1]) == {"k": "v"}
    assert "`" * 10 + "yaml\n" in document
    assert "- a.yaml: role resolved, format yaml, text without types, recorded" in document
    assert "- pipeline_resolved: in full below\n  - a.yaml: resolved, 4 keys\n" in document
    assert "- steps_resolved: in full below\n  - b.yaml: step 2, resolved, 1 keys\n" in document


def test_series_and_their_shadows_stand_apart(empty: RunRecord, at: Location) -> None:
    """Preferred series first, the same measurements of other sources in a second table."""
    loss = Series(at=at, key="loss", source="a.jsonl", canonical="loss", split="train", points=2,
                  first=2.0, last="NaN", min=2.0, max=2.0, step_of_min=10, last_step=20,
                  non_finite=1)  # fmt: skip
    shadow = replace(loss, key="train/loss", canonical=None, shadow_of="a.jsonl", source="b")
    text = Series(at=at, key="args", source="b", type="text", points=1, first="z" * 300)
    document = archive(replace(empty, series=(shadow, loss, text)), [])
    parts = ("### Series", "| loss", "#### The Same", "| train/loss", "#### Texts", "| args")
    places = [document.index(part) for part in parts]
    assert places == sorted(places)
    assert "2 @ 10" in document
    assert "z" * 300 in document
    assert "final NaN at step 20, best 2 at step 10 (loss, 2 points, 1 not finite)" in document


@pytest.mark.parametrize("count", [3, 201])
def test_every_event_is_there(empty: RunRecord, at: Location, count: int) -> None:
    """A short timeline is a table, a long one a folded block; both are complete."""
    events = tuple(
        Event(at=at, time=None, clock=None, kind=f"k{number}k", subject="s")
        for number in range(count)
    )
    document = archive(replace(empty, events=events), [])
    assert all(f"k{number}k" in document for number in range(count))
    assert ("<details><summary>All events" in document) is (count > 200)


def test_repository_status_is_complete(empty: RunRecord, at: Location) -> None:
    """The recorded status list stands in a block, and whether it was cut."""
    repository = Repository(
        at=at, role="run", name="code", status=(" M a.py", "?? `b`\n"), status_cut=True
    )
    document = archive(replace(empty, repositories=(repository,)), [])
    assert "Status of code (cut by its producer):\n\n```text\n M a.py\n?? `b`\\n\n```" in document


def test_the_head_is_short_and_says_what_is_missing(empty: RunRecord, at: Location) -> None:
    """Status with its evidence, problems by kind, and the important gaps by name."""
    status = Resolved(
        "failed", Origin.DERIVED, at, "r", rule="sign-of-failure",
        note="other.log: step 5; meta.json#/a/b: CUDA out of memory",
    )  # fmt: skip
    record = replace(
        with_field(empty, "summary.status", status),
        problems=(Problem("torn", "m", at), Problem("torn", "m", at), Problem("crc", "m", at)),
    )
    document = archive(record, PLOTS)
    top = document[: document.index("## Summary")]
    assert top.startswith("# exp / r1\n")
    assert "- **Status**: **failed**: CUDA out of memory (meta.json#/a/b)\n" in top
    assert "- **Problems**: 3: torn (2), crc (1); see [Problems](#problems)\n" in top
    assert "git commit, host, user, OS, GPUs, CUDA, driver" in bullet(top, "**Missing**")
    assert "![Loss curves](plots/loss.svg)" in top
    assert len(head.lines(record)) <= 10
    assert top.count("\n") < 20


def test_the_head_tells_each_training_of_a_pipeline(empty: RunRecord, at: Location) -> None:
    """Curves by step, the model that was trained and not what was evaluated, paths of data."""
    trained = [
        Step(
            at=at, step_id=number, name="train", stage=stage,
            inputs={"base_model": "Tiny", "data_path": ["0.3", "/d/a", "0.7", f"/d/{stage}"]},
        )
        for number, stage in (("2", "cpt"), ("4", "sft"))
    ]  # fmt: skip
    curves = tuple(
        Series(
            at=at, key="lm loss", source="x", canonical="loss", split="train", step_id=number,
            points=points, last=last, last_step=points, min=last, step_of_min=points,
        )
        for number, points, last in (("2", 200, 5.5), ("4", 60, 2.25))
    )  # fmt: skip
    tested = Step(at=at, step_id="5", name="eval", inputs={"model": "hf/Tiny_epoch_0"})
    document = archive(replace(empty, steps=(*trained, tested), series=curves), ())
    assert bullet(document, "**Loss**") == (
        "- **Loss**: step 2 train cpt: final 5.5 at step 200, best 5.5 at step 200 "
        "(`lm loss`, 200 points); "
        "step 4 train sft: final 2.25 at step 60, best 2.25 at step 60 (`lm loss`, 60 points)"
    )
    assert bullet(document, "**Model**") == "- **Model**: Tiny"
    assert bullet(document, "**Data**") == (
        "- **Data**: /d/a (data_path), /d/cpt (data_path), /d/sft (data_path)"
    )
    alone = archive(replace(empty, steps=(tested,)), ())
    assert bullet(alone, "**Model**") == "- **Model**: hf/Tiny_epoch_0"


def test_the_head_tells_an_open_end_by_the_last_sign(empty: RunRecord) -> None:
    """Where nothing settles the end, how far the run came, not a path that fills the line."""
    first, last = Location("a/" * 60 + "x.ckpt", "data.pkl"), Location("metrics.csv", "L30")
    status = Resolved(
        "unknown", Origin.DERIVED, Location(""), "status", rule="no-evidence", from_=(first, last),
        note=f"{first}: a checkpoint was saved; {last}: last row at step 24",
    )  # fmt: skip
    document = archive(with_field(empty, "summary.status", status), [])
    told = "nothing says how it ended; last row at step 24 (metrics.csv#L30)"
    assert f"- **Status**: **unknown** (no-evidence): {told}\n" in document


def test_curves_of_nobody_are_not_the_runs(empty: RunRecord, at: Location) -> None:
    """Several files of no known producer: none of their curves stands for the run."""
    one = Series(at=at, key="loss", source="a.csv", canonical="loss", split="train", points=2,
                 last=0.5)  # fmt: skip
    two = replace(one, source="b.csv", last=1.5)
    ends = "which end between 0.5 and 1.5; nothing says that they are of one run"
    told = f"2 curves in 2 files, {ends}"
    assert f"- **Loss**: {told}\n" in archive(replace(empty, series=(one, two)), [])
    owned = tuple(replace(item, step_id="1") for item in (one, two))
    assert "- **Loss**: final 0.5 (loss, 2 points)\n" in archive(replace(empty, series=owned), [])
    assert "- **Loss**: final 0.5 (loss, 2 points)\n" in archive(replace(empty, series=(one,)), [])


def test_every_step_that_trained_has_its_loss(empty: RunRecord, at: Location) -> None:
    """Of a pipeline no single curve is the result; of many steps the first ones are told."""
    curves = tuple(
        Series(at=at, key="loss", source=f"{n}.log", canonical="loss", split="train", points=2,
               last=float(n), step_id=str(n))
        for n in range(1, 7)
    )  # fmt: skip
    steps = tuple(Step(at=at, step_id=str(n), name="train") for n in range(1, 7))
    two = archive(replace(empty, steps=steps[:2], series=curves[:2]), [])
    assert bullet(two, "**Loss**") == (
        "- **Loss**: step 1 train: final 1 (loss, 2 points); step 2 train: final 2 (loss, 2 points)"
    )
    six = archive(replace(empty, steps=steps, series=curves), [])
    assert bullet(six, "**Loss**").endswith("4 train: final 4 (loss, 2 points); and 2 more steps")


def test_an_early_end_stands_beside_the_status(empty: RunRecord, at: Location) -> None:
    """Who reads the first lines sees that it did not use all of its epochs."""
    status = Resolved("success", Origin.RECORDED, at, "r", note=f"{at}: status is completed")
    step = Step(at=at, step_id="1", name="train", outputs={"ended_early": "after 6 of 40 epochs"})
    record = replace(with_field(empty, "summary.status", status), steps=(step,))
    assert "status is completed (meta.json#/a/b); ended after 6 of 40 epochs\n" in archive(
        record, []
    )


def test_files_that_no_reader_knows_are_listed(empty: RunRecord) -> None:
    """By name in the first lines, with size and copy below; empty ones say nothing."""
    files = (
        FileEntry("run", "metrics.csv", "file", 9, kind="k"),
        FileEntry("run", "x.lock", "file", 0),
        FileEntry("run", "notes.txt", "file", 12, copied="data/notes.txt"),
        *(FileEntry("with-1", f"f{n}", "file", 1) for n in range(101)),
    )
    document = archive(empty, [], files)
    assert (
        "- **Files**: 102 of 104 are of no known kind: notes.txt, `with-1:f0`, `with-1:f1`"
        " and 99 more; see [Files of No Known Kind](#files-of-no-known-kind)\n"
    ) in document
    assert re.search(r"\| notes.txt +\| file +\| +12 \| data/notes.txt +\|", document)
    assert "And 2 more: `inventory.ndjson` lists every file." in document
    assert "Files of No Known Kind" not in archive(empty, [], files[:2])


def test_other_plots_follow_the_steps(empty: RunRecord) -> None:
    """Vector drawings before pixels, each once, the loss at the top only."""
    document = archive(empty, PLOTS)
    assert re.findall(r"!\[.*?\]\((.*?)\)", document) == [
        "plots/loss.svg", "plots/quality.png", "plots/throughput.svg",
    ]  # fmt: skip
    assert "![" not in archive(empty, [])


def test_same_record_same_document(marked: RunRecord) -> None:
    """Nothing but the record and the plots decides what is written."""
    assert archive(marked, PLOTS) == archive(marked, tuple(reversed(PLOTS)))


def test_values_are_never_templates(empty: RunRecord) -> None:
    """Template syntax in a value is text."""
    document = archive(replace(empty, run=replace(empty.run, experiment="{{ 7 * 7 }}")), [])
    assert document.startswith("# `{{ 7 * 7 }}` / r1\n")


def test_renderer_is_loaded_only_when_needed() -> None:
    """The command line does not import the template engine or the YAML writer."""
    code = (
        "import sys, json, archiver.cli, archiver.workflows.collecting;"
        "print(json.dumps([n for n in ('jinja2', 'archiver.render.markdown') if n in sys.modules]))"
    )
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert json.loads(made.stdout) == []


def test_places_without_end_are_not_looked_for_in_their_note(
    empty: RunRecord, at: Location
) -> None:
    """A note that tells of thousands of places is not read again for each of them."""

    class Place(Location):
        spelled = 0

        def __str__(self) -> str:
            Place.spelled += 1
            return super().__str__()

    found = tuple(Place("log.txt", f"L{number}") for number in range(500))
    claim = Resolved(3, Origin.DERIVED, at, "derive", rule="sum", from_=found, note="of many")
    document = archive(with_field(empty, "summary.os", claim), [])
    assert "L499" in document
    assert Place.spelled < 10


def test_the_head_tells_a_retry_from_a_resume(empty: RunRecord, at: Location) -> None:
    """An attempt before whose first point there is none began anew."""
    attempts = (Attempt(1, "7", "failed"), Attempt(2, "8", "success", first_step=2))
    step = Step(at=at, step_id="1", name="train", attempts=attempts)
    curve = Series(at=at, key="loss", source="x", canonical="loss", split="train", points=2,
                   first_step=2, last=0.5)  # fmt: skip
    anew = archive(replace(empty, steps=(step,), series=(curve,)), [])
    assert bullet(anew, "**Time**") == "- **Time**: 2 starts, none known to resume"
    went_on = archive(replace(empty, steps=(step,), series=(replace(curve, first_step=1),)), [])
    assert bullet(went_on, "**Time**") == "- **Time**: 2 starts, resumed at step 2"
