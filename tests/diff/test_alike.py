"""Meaning before text: what says the same, and what was loaded as another type."""

from __future__ import annotations

import math

import pytest

from archiver.diff.alike import NOT_COMPARED, Terms, Verdict, absent, judge, number
from archiver.model.differences import MISSING
from archiver.model.values import Tagged, Value

EQUIVALENT, RETYPED, DIFFERENT = Verdict.EQUIVALENT, Verdict.RETYPED, Verdict.DIFFERENT


@pytest.mark.parametrize(
    ("a", "b", "typed", "untyped"),
    [
        (1, 1.0, EQUIVALENT, EQUIVALENT),
        (0.0, -0.0, EQUIVALENT, EQUIVALENT),
        (1, True, DIFFERENT, DIFFERENT),
        (0, False, DIFFERENT, DIFFERENT),
        (0, None, DIFFERENT, DIFFERENT),
        ("1e-5", 1e-5, RETYPED, EQUIVALENT),
        ("0.00001", 1e-5, RETYPED, EQUIVALENT),
        ("1.0e-05", "0.00001", EQUIVALENT, EQUIVALENT),
        ("1e-5", 1e-4, DIFFERENT, DIFFERENT),
        ("0.1", 0.1, RETYPED, EQUIVALENT),
        ("16", 16, RETYPED, EQUIVALENT),
        ("1_000", 1000, RETYPED, EQUIVALENT),
        ("nan", math.nan, RETYPED, EQUIVALENT),
        (".inf", math.inf, RETYPED, EQUIVALENT),
        ("true", True, RETYPED, EQUIVALENT),
        ("False", False, RETYPED, EQUIVALENT),
        ("yes", True, DIFFERENT, DIFFERENT),
        ("None", None, RETYPED, EQUIVALENT),
        ("", None, EQUIVALENT, EQUIVALENT),
        ("'adamw'", "adamw", DIFFERENT, EQUIVALENT),
        ("True", "true", DIFFERENT, EQUIVALENT),
        ("adamw", "AdamW", DIFFERENT, DIFFERENT),
        ("(0.9, 0.999)", [0.9, 0.999], DIFFERENT, EQUIVALENT),
        ("['a', 'b']", ["a", "b"], DIFFERENT, EQUIVALENT),
        ('{"min_lr": 0}', {"min_lr": 0.0}, DIFFERENT, EQUIVALENT),
        ([1, "2"], [1.0, 2], RETYPED, EQUIVALENT),
        ([1, 2], [1, 2, 3], DIFFERENT, DIFFERENT),
        ([1, 2], [2, 1], DIFFERENT, DIFFERENT),
        ([], None, EQUIVALENT, EQUIVALENT),
        (Tagged("python/name", "torch.bfloat16"), "torch.bfloat16", EQUIVALENT, EQUIVALENT),
        (Tagged("unresolved", "${x}"), "${x}", EQUIVALENT, EQUIVALENT),
        (Tagged("unresolved", "${x}"), Tagged("unresolved", "${y}"), DIFFERENT, DIFFERENT),
        (Tagged("argument", "6.0e-4"), 0.0006, EQUIVALENT, EQUIVALENT),
        (2**60, float(2**60), EQUIVALENT, EQUIVALENT),
        (2**60 + 1, float(2**60), DIFFERENT, DIFFERENT),
        (10**400, 1e300, DIFFERENT, DIFFERENT),
        ("9" * 500, 9, DIFFERENT, DIFFERENT),
        ("1e9999", math.inf, RETYPED, EQUIVALENT),
        ("[" * 5000, ["["], DIFFERENT, DIFFERENT),
    ],
)
def test_verdicts(a: Value, b: Value, typed: Verdict, untyped: Verdict) -> None:
    """The same either way round; sources without types compare by value."""
    assert judge(a, b, Terms()).verdict is typed
    assert judge(b, a, Terms()).verdict is typed
    assert judge(a, b, Terms(typed=False)).verdict is untyped
    assert judge(b, a, Terms(typed=False)).verdict is untyped


def test_float_of_a_yaml_1_2_writer() -> None:
    """The library ruamel writes `1e-05`, text to PyYAML; a person's `1e-5` is no such writing."""
    assert judge("1e-05", 1e-5, Terms(yaml_a=True)).verdict is EQUIVALENT
    assert judge(1e-5, "1e-05", Terms(yaml_b=True)).verdict is EQUIVALENT
    assert judge("1e-5", 1e-5, Terms(yaml_a=True, yaml_b=True)).verdict is RETYPED
    assert judge("1e-05", 1e-5, Terms()).verdict is RETYPED


def test_tolerance_is_relative_and_for_floats() -> None:
    """Whole numbers are never rounded into one another."""
    terms = Terms(tolerance=0.01)
    assert judge(100.0, 100.5, terms).verdict is EQUIVALENT
    assert judge(100.0, 102.0, terms).verdict is DIFFERENT
    assert judge(1000, 1001, terms).verdict is DIFFERENT
    assert judge(1000, 1001.0, terms).verdict is EQUIVALENT
    assert judge("1000", "1001", Terms(tolerance=0.01, typed=False)).verdict is DIFFERENT


def test_secrets_are_not_compared() -> None:
    """Of one kind they may be anything; of two kinds they are not the same."""
    judged = judge("[redacted:token:1]", "[redacted:token:7]", Terms())
    assert (judged.verdict, judged.note) == (EQUIVALENT, NOT_COMPARED)
    other = Tagged("redacted", "[redacted:url-password:1]")
    assert judge("[redacted:token:1]", other, Terms()).verdict is DIFFERENT
    assert judge("a [redacted:token:1]", "b [redacted:token:1]", Terms()).verdict is DIFFERENT


def test_precisions_go_by_several_names() -> None:
    """Under keys of precisions alone."""
    assert judge("bfloat16", "torch.bfloat16", Terms(key="torch_dtype")).verdict is EQUIVALENT
    assert judge("bfloat16", "float16", Terms(key="torch_dtype")).verdict is DIFFERENT
    assert judge("bfloat16", "bf16", Terms(key="name")).verdict is DIFFERENT


def test_absent() -> None:
    """Null, nothing and what is empty; words for it only without types."""
    assert all(map(absent, (MISSING, None, "", [], {}, Tagged("argument", "None"))))
    assert not any(map(absent, (0, False, 0.0, "None", [None])))
    assert absent("None", typed=False)


def test_numbers_in_texts() -> None:
    """Only ASCII digits, and only so many."""
    assert number(" 1e-5 ") == number("0.00001")
    assert [number(text) for text in ("٣", "1e", "", "0x10", "1" * 1000, "1.2.3")] == [None] * 6
