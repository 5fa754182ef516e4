"""A comparison as text, Markdown and JSON: literal pages of comparisons made by hand."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from markdown_it import MarkdownIt
from rich.cells import cell_len

from archiver.codecs import columns
from archiver.gitstate.history import Commit, History, Relation
from archiver.gitstate.trees import ChangedFile
from archiver.model.claims import Location
from archiver.model.differences import (
    MISSING,
    Area,
    Compared,
    Comparison,
    Difference,
    Direction,
    Kind,
    Side,
    Significance,
    Variation,
    VariedField,
)
from archiver.model.values import Tagged
from archiver.render import diff, diff_json, diff_text, sides
from archiver.render.diff_text import Look

ROOT = Path(__file__).resolve().parent.parent.parent
SCHEMA = json.loads((ROOT / "schemas" / "diff.v1.json").read_text("utf-8"))
A = Compared("runs/one", "one", "sft", ("coordexp", "hf_trainer"), "success")
B = Compared("archives/sft/two", "two", "sft", ("coordexp",), "failed")
DIFFERENCES = (
    Difference(
        area=Area.CONFIG, role="resolved", field="learning_rate", kind=Kind.CHANGED, a=1e-05, b=2e-5
    ),
    Difference(
        area=Area.CONFIG, role="resolved", field="eps", kind=Kind.RETYPED, a="1e-8", b=1e-8, rank=2
    ),
    Difference(
        area=Area.CONFIG,
        role="authored",
        field="lora.r",
        kind=Kind.MOVED,
        a=8,
        b=8,
        from_="lora_rank",
        rank=5,
    ),
    Difference(
        area=Area.CONFIG,
        role="authored",
        field="lora.targets",
        kind=Kind.CHANGED,
        a=["q_proj", "k_proj", "v_proj", "o_proj"],
        b=["q_proj", "k_proj"],
        rank=5,
        at_a=Location("a.yaml", "/lora/targets"),
    ),
    Difference(
        area=Area.CONFIG,
        role="resolved",
        field="output_dir",
        kind=Kind.CHANGED,
        a="/data/one",
        b="/data/two",
        significance=Significance.VOLATILE,
        rank=5,
    ),
    Difference(
        area=Area.METRICS,
        role="final",
        field="loss",
        kind=Kind.CHANGED,
        a=1.23456789,
        b=1.1,
        direction=Direction.BETTER,
        note="one seed only",
    ),
    Difference(
        area=Area.DEPENDENCIES,
        role="installed",
        field="torch",
        kind=Kind.CHANGED,
        a="2.1.0",
        b="2.3",
        direction=Direction.UPGRADED,
    ),
    Difference(area=Area.DEPENDENCIES, role="installed", field="wandb", kind=Kind.ADDED, b="0.19"),
    Difference(
        area=Area.ENVIRONMENT,
        field="host",
        kind=Kind.CHANGED,
        a="n1",
        b="n2",
        significance=Significance.VOLATILE,
    ),
)
COMPARISON = Comparison(
    a=A,
    b=B,
    differences=DIFFERENCES,
    cautions=("the seeds differ (17, 42)",),
    not_compared={"data": "nothing recorded on either side"},
)
HISTORY = History(
    repository="~/code",
    a="a" * 40,
    b="b" * 40,
    relation=Relation.AHEAD,
    gained=(Commit("b" * 40, "2026-01-02T03:04:05+01:00", "Warm up longer"),),
    gained_count=3,
    files=(ChangedFile("train.py", "changed"), ChangedFile("new.py", "renamed", "old.py")),
    file_count=2,
    notes=("only 20000 commits of the history were followed",),
)


def varied(runs: int) -> Variation:
    """Runs of a sweep, numbered."""
    return Variation(
        tuple(
            Compared(f"runs/seed{number}", f"lr-seed{number}", "sweep", ("coordexp",), "success")
            for number in range(runs)
        ),
        (
            VariedField(Area.CONFIG, "", "seed", tuple(range(runs))),
            VariedField(
                Area.CONFIG, "", "warmup", (MISSING, *(float(n) for n in range(1, runs))), rank=3
            ),
            VariedField(
                Area.CONFIG,
                "",
                "out",
                tuple(f"/out/{number}" for number in range(runs)),
                Significance.VOLATILE,
            ),
            VariedField(
                Area.METRICS, "final", "loss", tuple(1.23456789 + number for number in range(runs))
            ),
        ),
        ("each run has a seed of its own",),
    )


def test_text() -> None:
    """Cautions first, then the areas, what governs training on top, and the sum."""
    assert diff_text.comparison(COMPARISON, Look(), HISTORY) == (
        """\
A  sft/one  coordexp, hf_trainer, success
   runs/one
B  sft/two  coordexp, failed
   archives/sft/two

caution: the seeds differ (17, 42)

config                           A      B
  learning_rate (resolved)   1e-05  2e-05
  eps (resolved)            "1e-8"  1e-08  retyped
  lora.r (authored)              8      8
    moved from lora_rank
  lora.targets (authored)
    A  ["q_proj", "k_proj", "v_proj", "o_proj"]
    B  ["q_proj", "k_proj"]
  1 volatile not shown; --all shows them

metrics, final        A    B
  loss          1.23457  1.1  better
    one seed only

code, aaaaaaaaaaaa to bbbbbbbbbbbb
  B builds on A
  ~/code: only 20000 commits of the history were followed
  3 commits only in B
    bbbbbbbbbbbb  2026-01-02  Warm up longer
    and 2 more
  2 changed files
    changed   train.py
    renamed   new.py (from old.py)

dependencies, installed       A     B
  torch                   2.1.0   2.3  upgraded
  wandb                  absent  0.19  added

environment  nothing significant: 1 volatile

not compared: data (nothing recorded on either side)

7 significant differences (4 config, 1 metrics, 2 dependencies); 2 volatile
"""
    )


def test_everything_is_shown_on_request() -> None:
    """What is volatile says so, and no line speaks of what is not shown."""
    text = diff_text.comparison(COMPARISON, Look(everything=True))
    assert "  output_dir (resolved)     /data/one  /data/two  volatile" in text
    assert "\nenvironment      A   B\n  host          n1  n2  volatile\n" in text
    assert "not shown" not in text


def test_no_difference_is_said_plainly() -> None:
    """Nothing at all, and nothing that matters, are two things."""
    same = replace(COMPARISON, differences=(), cautions=(), not_compared={})
    assert diff_text.comparison(same, Look()).splitlines()[-1] == "identical: nothing differs"
    assert "**identical: nothing differs**" in diff.comparison(same)
    volatile = replace(COMPARISON, differences=DIFFERENCES[-1:], cautions=())
    last = diff_text.comparison(volatile, Look()).splitlines()[-1]
    assert last == "nothing significant differs; 1 volatile"


def test_colour_on_request() -> None:
    """The same words, painted; what is better is green."""
    plain = diff_text.comparison(COMPARISON, Look(), HISTORY)
    painted = diff_text.comparison(COMPARISON, Look(colour=True), HISTORY)
    assert "\x1b" not in plain
    assert "\x1b[32mbetter\x1b[0m" in painted
    assert [line.rstrip() for line in re.sub("\x1b\\[[0-9]*m", "", painted).split("\n")] == (
        plain.split("\n")
    )


def test_text_of_several_runs() -> None:
    """Few runs stand side by side, many below each other; metrics are last."""
    assert diff_text.variation(varied(3), Look()) == (
        """\
1  sweep/lr-seed0  coordexp, success
2  sweep/lr-seed1  coordexp, success
3  sweep/lr-seed2  coordexp, success

caution: each run has a seed of its own

config               1       2       3
  seed               0       1       2
  warmup        absent       1       2

metrics, final        1        2        3
  loss          1.23457  2.23457  3.23457

3 fields vary among 3 runs; 1 without significance not shown; --all shows them
"""
    )
    assert diff_text.variation(varied(6), Look()).split("\n\n")[2] == (
        """\
run       seed  warmup  loss (final)
lr-seed0     0  absent       1.23457
lr-seed1     1       1       2.23457
lr-seed2     2       2       3.23457
lr-seed3     3       3       4.23457
lr-seed4     4       4       5.23457
lr-seed5     5       5       6.23457"""
    )
    assert "  out           /out/0  /out/1  /out/2" in diff_text.variation(
        varied(3), Look(everything=True)
    )


def test_markdown() -> None:
    """Tables for a pull request; what is volatile is counted."""
    assert diff.comparison(COMPARISON, HISTORY) == (
        """\
# sft/one against sft/two

|     | run     | producers              | status  | path             |
| --- | ------- | ---------------------- | ------- | ---------------- |
| A   | sft/one | `coordexp, hf_trainer` | success | runs/one         |
| B   | sft/two | coordexp               | failed  | archives/sft/two |

**7 significant differences; 2 volatile**

- **Caution**: the seeds differ (17, 42)

## Config

| field         | of       | A                                          | B                      |         | note                 |
| ------------- | -------- | ------------------------------------------ | ---------------------- | ------- | -------------------- |
| learning_rate | resolved | 1e-05                                      | 2e-05                  |         |                      |
| eps           | resolved | `"1e-8"`                                   | 1e-08                  | retyped |                      |
| lora.r        | authored | 8                                          | 8                      |         | moved from lora_rank |
| lora.targets  | authored | `["q_proj", "k_proj", "v_proj", "o_proj"]` | `["q_proj", "k_proj"]` |         |                      |

1 volatile not shown.

## Metrics

| field | of    | A       | B   |        | note          |
| ----- | ----- | ------- | --- | ------ | ------------- |
| loss  | final | 1.23457 | 1.1 | better | one seed only |

## Commits from aaaaaaaaaaaa to bbbbbbbbbbbb

B builds on A.

- `~/code`: only 20000 commits of the history were followed

3 commits only in B, the first 1:

- bbbbbbbbbbbb 2026-01-02 Warm up longer

2 changed files:

| file     |         | from   |
| -------- | ------- | ------ |
| train.py | changed |        |
| new.py   | renamed | old.py |

## Dependencies

| field | of        | A      | B    |          |
| ----- | --------- | ------ | ---- | -------- |
| torch | installed | 2.1.0  | 2.3  | upgraded |
| wandb | installed | absent | 0.19 | added    |

Environment: nothing significant; 1 volatile not shown.

Not compared: data (nothing recorded on either side).
"""  # noqa: E501
    )
    assert diff.variation(varied(3)).endswith(
        """\
## Metrics

| field | of    | 1       | 2       | 3       |
| ----- | ----- | ------- | ------- | ------- |
| loss  | final | 1.23457 | 2.23457 | 3.23457 |

1 without significance not shown.
"""
    )


def faults(text: str) -> list[str]:
    """What the schema has against a document."""
    found = Draft202012Validator(SCHEMA).iter_errors(json.loads(text))
    return [f"{fault.json_path}: {fault.message[:200]}" for fault in found]


def test_json_has_the_form_of_its_schema() -> None:
    """Two runs with and without history, and several runs."""
    told = json.loads(diff_json.comparison(COMPARISON, HISTORY))
    assert faults(json.dumps(told)) == []
    assert told["summary"] == {"significant": 7, "volatile": 2, "equivalent": 0}
    assert told["identical"] is False
    assert told["differences"][7] == {
        "area": "dependencies",
        "role": "installed",
        "field": "wandb",
        "kind": "added",
        "a": {"$type": "missing"},
        "b": "0.19",
        "from": None,
        "direction": None,
        "significance": "significant",
        "note": None,
        "at_a": None,
        "at_b": None,
    }
    assert told["differences"][2]["from"] == "lora_rank"
    assert told["differences"][3]["at_a"] == {
        "scope": "run",
        "path": "a.yaml",
        "place": "/lora/targets",
    }
    assert told["history"]["files"][1] == {"path": "new.py", "status": "renamed", "from": "old.py"}
    assert faults(diff_json.comparison(COMPARISON)) == []
    assert faults(diff_json.variation(varied(3))) == []
    # A side may hold anything, and it is told apart from one that has nothing there.
    odd: tuple[Side, ...] = (float("nan"), {"$type": "missing"}, MISSING, Tagged("bytes", "00"))
    told = json.loads(
        diff_json.variation(replace(varied(4), fields=(VariedField(Area.CONFIG, "", "x", odd),)))
    )
    assert told["fields"][0]["values"] == [
        {"$type": "float", "value": "NaN"},
        {"$$type": "missing"},
        {"$type": "missing"},
        {"$type": "bytes", "value": "00"},
    ]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("kind", "other"),
        ("significance", "some"),
        ("direction", "up"),
        ("area", "weather"),
        ("a", 1),
    ],
)
def test_the_schema_sees_faults(path: str, value: Any) -> None:
    """A word outside of each list, and a value on the side of an addition that has none."""
    told = json.loads(diff_json.comparison(COMPARISON))
    told["differences"][7][path] = value
    assert faults(json.dumps(told)) != []


def test_each_property_of_the_schema_is_described() -> None:
    """By itself or by what it refers to."""

    def properties(node: Any) -> Any:
        if isinstance(node, dict):
            for key, inner in node.items():
                if key in ("if", "then"):
                    continue
                if key == "properties":
                    yield from inner.items()
                yield from properties(inner)
        elif isinstance(node, list):
            for inner in node:
                yield from properties(inner)

    named = list(properties(SCHEMA))
    assert len(named) > 40
    assert [name for name, inner in named if not inner.get("description")] == []


HOSTILE = "\x1b[31m|`<b>\u202e\n# x\ud800[a](b)\0"


def hostile() -> Comparison:
    """A comparison whose every text is hostile."""
    run = Compared(HOSTILE, HOSTILE, HOSTILE, (HOSTILE,), HOSTILE)
    items = [
        Difference(
            area=area, role=HOSTILE, field=HOSTILE, kind=Kind.MOVED, a=a, b=b, from_=HOSTILE,
            note=HOSTILE,
        )
        for area in Area
        for a, b in ((HOSTILE, [HOSTILE]), ({HOSTILE: HOSTILE}, Tagged(HOSTILE, HOSTILE)))
    ]  # fmt: skip
    return Comparison(a=run, b=run, differences=tuple(items), cautions=(HOSTILE,))


def test_hostile_texts_are_not_obeyed() -> None:
    """Neither a terminal nor Markdown takes a run's texts for anything but texts."""
    commits = (Commit("a" * 40, None, HOSTILE),)
    files = (ChangedFile(HOSTILE, "renamed", HOSTILE),)
    past = replace(HISTORY, gained=commits, files=files, repository=HOSTILE, notes=(HOSTILE,))
    text = diff_text.comparison(hostile(), Look(), past)
    assert [char for char in text if not char.isprintable() and char != "\n"] == []
    assert max(map(len, text.splitlines())) <= 80
    page = diff.comparison(hostile(), past)
    assert "\x1b" not in page
    assert "\u202e" not in page
    tokens = MarkdownIt("commonmark").enable("table").parse(page)
    inner = [part.type for token in tokens for part in token.children or ()]
    assert {"link_open", "html_inline", "image"}.isdisjoint(inner)
    assert "html_block" not in [token.type for token in tokens]
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} <= {4, 6, 7}
    runs = (hostile().a,) * 7
    fields = tuple(VariedField(area, HOSTILE, HOSTILE, (HOSTILE, *([1] * 6))) for area in Area)
    for count in (3, 7):
        many = Variation(
            runs[:count],
            tuple(replace(item, values=item.values[:count]) for item in fields),
            (HOSTILE,),
        )
        text = diff_text.variation(many, Look())
        assert [char for char in text if not char.isprintable() and char != "\n"] == []
        assert max(map(len, text.splitlines())) <= 80
        assert faults(diff_json.variation(many)) == []
    assert faults(diff_json.comparison(hostile(), past)) == []


def test_long_values_stay_apart() -> None:
    """Folded texts never look alike where the texts are not."""
    a, b = "/data/" + "x" * 100 + "1" + "y" * 100, "/data/" + "x" * 100 + "2" + "y" * 100
    one, other = sides.folded_pair(a, b, 40)
    assert (len(one), len(other)) == (40, 40)
    assert one != other
    assert sides.folded_pair("short", "a" * 30 + "bc" * 10, 20)[1] == "aaaaaaaaa…bcbcbcbcbc"


@given(st.text(max_size=60), st.text(max_size=60), st.integers(10, 50))
def test_folding_keeps_width_and_difference(a: str, b: str, width: int) -> None:
    """Whatever two texts are."""
    one, other = sides.folded_pair(a, b, width)
    assert max(columns.width(one), columns.width(other)) <= width
    assert (one == other) == (a == b)


def test_marks_that_differ_are_seen_with_their_letter() -> None:
    """The place where two texts part is shown, however it falls."""
    a, b = "x" * 50 + "e\u0301" + "y" * 18, "x" * 50 + "e\u0300" + "y" * 18
    assert sides.folded_pair(a, b, 20) == (
        "…e\u0301" + "y" * 18,
        "…e\u0300" + "y" * 18,
    )


WIDE = (
    ("データ.訓練", "中文語料庫", "日本語コーパス"),
    ("name", "re\u0301sume\u0301", "resume"),
    ("説明", "損失を最小化する" * 8, "損失を最大化する" * 8),
    ("パス" * 20, 1, 2),
)
"""Fields with the values of both runs, which have more columns than characters, or fewer."""
WIDE_PAGE = """\
A  sft/実験その一  coordexp, hf_trainer, success
   実行/損失損失損失損失損失損失損失損失…失損失損失損失損失損失損失損失損失損失
B  sft/cafe\u0301  coordexp, failed
   archives/sft/two

caution: シードがシードがシードがシードがシードがシードがシードがシードが
  違います違います違います違います違います違います違います違います

config                                                         A               B
  データ.訓練                                         中文語料庫  日本語コーパス
  name                                                    re\u0301sume\u0301          resume
  説明
    A  損失を最小化する損失を最小化する損失…する損失を最小化する損失を最小化する
    B  損失を最大化する損失を最大化する損失…する損失を最大化する損失を最大化する
  パスパスパスパスパスパス…パスパスパスパスパスパス            1               2

4 significant differences
"""
WIDE_ROWS = """
run                               語料  lr
実験一                      中文語料庫   1
実験二                          日本語   2
実験三                               e\u0301   3
実験四                               a   4
実験五                               b   5
実験六実験…実験六実験六  損失損…失損失   6
"""
WIDE_COLUMNS = """
config                   1           2           3
  語料          中文語料庫      日本語           e\u0301
  lr                     1           2           3
"""


def test_wide_characters_and_marks_keep_the_columns() -> None:
    """What people see is aligned and fits into 80 columns, whatever the number of characters."""
    found = Comparison(
        a=replace(A, run_id="実験その一", path="実行/" + "損失" * 40),
        b=replace(B, run_id="cafe\u0301"),
        differences=tuple(
            Difference(area=Area.CONFIG, role="", field=field, kind=Kind.CHANGED, a=a, b=b)
            for field, a, b in WIDE
        ),
        cautions=("シードが" * 8 + " " + "違います" * 8,),
        not_compared={},
    )
    page = diff_text.comparison(found, Look())
    assert page == WIDE_PAGE
    assert max(map(cell_len, page.splitlines())) == 80


def test_wide_characters_of_several_runs() -> None:
    """Side by side and in rows."""
    values = ("中文語料庫", "日本語", "e\u0301", "a", "b", "損失" * 20)
    names = ("実験一", "実験二", "実験三", "実験四", "実験五", "実験六" * 9)
    for count, table in ((3, WIDE_COLUMNS), (6, WIDE_ROWS)):
        found = Variation(
            tuple(replace(A, run_id=name) for name in names[:count]),
            (
                VariedField(Area.CONFIG, "", "語料", values[:count]),
                VariedField(Area.CONFIG, "", "lr", tuple(range(1, count + 1))),
            ),
        )
        assert table in diff_text.variation(found, Look())


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    ),
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
)
def test_different_values_look_different(a: Any, b: Any) -> None:
    """A text is never taken for a number, a word or nothing at all."""
    if type(a) is not type(b) or a != b:
        assert sides.text(a) != sides.text(b)
    assert sides.text(a) != sides.text(MISSING)
