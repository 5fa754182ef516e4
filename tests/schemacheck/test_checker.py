"""One schema's verdict: two engines that agree, and words that a person can act upon."""

from __future__ import annotations

import copy
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.codecs import json_document, yaml_document
from archiver.model.values import Tagged
from archiver.schemacheck import checker, index
from archiver.schemacheck.checker import Checker
from archiver.schemacheck.index import Version
from archiver.schemacheck.keywords import ecma
from archiver.schemacheck.screen import example, is_odd
from archiver.schemacheck.violation import Readings, Violation

ROOT = Path(__file__).resolve().parents[2]
NAN = float("nan")
INF = float("inf")
RUN: dict[str, Any] = {
    "type": "object",
    "required": ["name", "lr"],
    "properties": {
        "name": {"type": "string", "description": "Name of the run. Unique."},
        "lr": {"$ref": "#/$defs/rate"},
        "dirty": {"type": ["boolean", "null"]},
        "status": {"enum": ["success", "failed"]},
        "commit": {"type": "string", "pattern": "^[0-9a-f]{4}$"},
        "day": {"type": "string", "pattern": r"^\d+-", "examples": ["2026-01-01"]},
        "seeds": {"type": "array", "items": {"type": "integer"}, "uniqueItems": True},
        "hub_token": {"type": "integer"},
        "loss": {"anyOf": [{"type": "number", "minimum": 0}, {"enum": ["NaN"]}, {"type": "null"}]},
        "optional": {"type": "integer", "maximum": 9},
        "era": {
            "oneOf": [
                {
                    "x-era": "2024",
                    "type": "object",
                    "required": ["a", "b"],
                    "properties": {"v": {"const": 1}, "a": {"type": "integer"}},
                },
                {"$ref": "#/$defs/newer"},
            ]
        },
        "odd": {
            "if": {"properties": {"kind": {"const": "x"}}, "required": ["kind"]},
            "then": {"required": ["x"]},
            "else": {"required": ["y"]},
        },
        "not": {"not": {"type": "string"}, "description": "Anything but text"},
        "names": {"propertyNames": {"pattern": "^[a-z]+$"}},
        "env": {"type": "object", "additionalProperties": {"type": "string"}},
    },
    "dependentRequired": {"seeds": ["optional"]},
    "additionalProperties": False,
    "$defs": {
        "rate": {"type": "number", "exclusiveMinimum": 0, "description": "Peak learning rate"},
        "newer": {
            "x-era": "2025",
            "type": "object",
            "required": ["c"],
            "properties": {"v": {"const": 2}, "c": {"type": "integer"}},
        },
    },
}
GOOD: dict[str, Any] = {
    "name": "x",
    "lr": 0.1,
    "dirty": True,
    "status": "failed",
    "commit": "ab12",
    "seeds": [1, 2],
    "loss": 1.5,
    "optional": 1,
    "era": {"v": 1, "a": 1, "b": 2},
    "odd": {"kind": "x", "x": 1},
    "not": 1,
    "names": {"abc": 1},
    "env": {"A": "b"},
}
CHECKER = Checker(RUN)
TAGGED = Tagged("python/name", "os.system")


def found(value: Any, readings: Readings | None = None) -> list[tuple[str, str, str]]:
    """Pointer, message and hint of each violation of the schema above."""
    return [(v.pointer, v.message, v.hint) for v in CHECKER.violations(value, readings)]


def told(**changes: Any) -> list[tuple[str, str, str]]:
    """What is found when a good document is changed."""
    return found({**GOOD, **changes})


def test_a_good_document_has_no_violation() -> None:
    """Nothing is said of what is right."""
    assert found(GOOD) == []
    assert CHECKER.accepts(GOOD)


@pytest.mark.parametrize(
    ("changes", "pointer", "message", "hint"),
    [
        ({"lr": "12"}, "/lr", 'expected number, found string "12"', "it is in quotes; write 12"),
        ({"lr": True}, "/lr", "expected number, found boolean true", ""),
        ({"lr": -1}, "/lr", "expected more than 0, found integer -1", ""),
        ({"lr": [0.1]}, "/lr", "expected number, found array of 1 item",
         "it is a list of one; write the item alone"),
        ({"dirty": "yes"}, "/dirty", 'expected boolean or null, found string "yes"',
         "it is in quotes; write true"),
        ({"status": "succes"}, "/status",
         'expected one of "success", "failed", found string "succes"', "did you mean success?"),
        ({"commit": "ab12\n"}, "/commit",
         'expected text that matches ^[0-9a-f]{4}$, found string "ab12\\n"', ""),
        ({"day": "١٢-"}, "/day", 'expected text like "2026-01-01", found string "١٢-"', ""),
        ({"seeds": [1, 2, 1]}, "/seeds",
         "expected items that are all different, found one of them twice", ""),
        ({"seeds": [1, "2"]}, "/seeds/1", 'expected integer, found string "2"',
         "it is in quotes; write 2"),
        ({"name": None}, "/name", "expected string, found null", ""),
        ({"optional": None}, "/optional", "expected integer, found null",
         "leave the key out where nothing is known"),
        ({"name": 7}, "/name", "expected string, found integer 7", 'put it in quotes: "7"'),
        ({"loss": "12"}, "/loss", 'expected number, "NaN" or null, found string "12"',
         "it is in quotes; write 12"),
        ({"loss": -1}, "/loss", "expected at least 0, found integer -1", ""),
        ({"era": {"v": 2, "a": 1}}, "/era", 'the key "c" is missing (as of 2025)', ""),
        ({"era": {"v": 1, "a": "1", "b": 1}}, "/era/a",
         'expected integer, found string "1" (as of 2024)', "it is in quotes; write 1"),
        ({"era": 5}, "/era", "expected object, found integer 5", ""),
        ({"era": {"a": 1, "b": 2, "c": 3}}, "/era",
         "expected one of 2 alternatives alone, found object of 3 keys", ""),
        ({"odd": {"kind": "x"}}, "/odd", 'the key "x" is missing', ""),
        ({"odd": {}}, "/odd", 'the key "y" is missing', ""),
        ({"not": "text"}, "/not", 'expected Anything but text, found string "text"', ""),
        ({"names": {"ab1": 1}}, "/names/ab1",
         'the key "ab1" may not stand here: expected text that matches ^[a-z]+$', ""),
        ({"name_": 1}, "/name_", 'the key "name_" is not known here', ""),
        ({"statsu": 1, "status": "failed"}, "/statsu", 'the key "statsu" is not known here', ""),
        ({"day_": 1}, "/day_", 'the key "day_" is not known here', "did you mean day?"),
        ({"env": {"a/b": 1}}, "/env/a~1b", "expected string, found integer 1",
         'put it in quotes: "1"'),
    ],
)  # fmt: skip
def test_one_fault_is_told_in_words(
    changes: dict[str, Any], pointer: str, message: str, hint: str
) -> None:
    """Where it stands, what was expected, what was found, what to do."""
    assert told(**changes) == [(pointer, message, hint)]


def test_a_missing_key_is_told_at_its_object() -> None:
    """With what it means, or with the key that was probably meant."""
    without = {key: item for key, item in GOOD.items() if key not in {"name", "lr"}}
    assert found({**without, "name": "x"}) == [
        ("", 'the key "lr" is missing', "lr: Peak learning rate")
    ]
    assert found({**without, "lr": 1, "nam": "x"}) == [
        ("", 'the key "name" is missing', '"nam" is there; did you mean name?'),
        ("/nam", 'the key "nam" is not known here', "did you mean name?"),
    ]
    lone = {key: item for key, item in GOOD.items() if key != "optional"}
    assert found(lone) == [
        ("", 'expected the key "optional" beside "seeds", found object of 12 keys', "")
    ]


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("name: x\nlr: 5e-4\n", 'expected number, found string "5e-4"',
         "5e-4 is a string in YAML 1.1; write 5.0e-4"),
        ("name: x\nlr: 1E5\n", 'expected number, found string "1E5"',
         "1E5 is a string in YAML 1.1; write 1.0e+5"),
        ("name: x\nlr: '5e-4'\n", 'expected number, found string "5e-4"',
         "it is in quotes; write 5.0e-4"),
        ("name: on\nlr: 1\n", "expected string, found boolean true",
         'on is a boolean in YAML 1.1; write "on"'),
        ("name: 12:30:45\nlr: 1\n", "expected string, found integer 45045",
         '12:30:45 is a number in YAML 1.1; write "12:30:45"'),
        ("name: x\nlr: off\n", "expected number, found boolean false",
         "off is a boolean in YAML 1.1"),
    ],
)  # fmt: skip
def test_yaml_is_explained_by_its_two_versions(text: str, message: str, hint: str) -> None:
    """What YAML 1.1 makes of a scalar is told with the spelling that says what was meant."""
    document = yaml_document.parse(text.encode())
    readings = Readings("yaml", document.readings)
    assert [one[1:] for one in found(document.value, readings)] == [(message, hint)]


@pytest.mark.parametrize("spelled", ["5.0e-4", "1.0e+5"])
def test_the_spelling_that_is_advised_is_a_number(spelled: str) -> None:
    """In YAML 1.1 as well."""
    assert found(yaml_document.parse(f"name: x\nlr: {spelled}\n".encode()).value) == []


@pytest.mark.parametrize("value", [NAN, INF, -INF])
def test_numbers_that_are_not_finite_count_as_numbers(value: float) -> None:
    """They are in every range, are integers too, and nothing but numbers."""
    assert told(lr=value, optional=value, loss=value, seeds=[value, 2]) == []
    assert told(name=value) == [("/name", "expected string, found a number that is not finite", "")]
    assert told(status=value)[0][1].startswith('expected one of "success"')


@pytest.mark.parametrize("value", [TAGGED, "[redacted:key-name:1]", "Bearer [redacted:jwt:3]"])
def test_values_that_json_cannot_hold_are_acceptable_anywhere(value: Any) -> None:
    """No keyword objects to them, whatever they stand in."""
    changes = dict.fromkeys(GOOD, value)
    assert told(**changes) == []
    assert told(era={"v": value, "a": 1, "b": 1, "c": 2}, env={"A": value}) == []
    assert told(odd={"kind": value, "x": 1}, seeds=[value, value]) == []
    assert found(value) == []
    assert told(lr="12", name=value) == [
        ("/lr", 'expected number, found string "12"', "it is in quotes; write 12")
    ]


def test_what_two_parts_of_a_schema_ask_for_is_told_once() -> None:
    """Wherever they stand in it."""
    twice = Checker({"allOf": [{"type": "object"}, {"type": "object", "required": ["a"]}]})
    assert [violation.message for violation in twice.violations(5)] == [
        "expected object, found integer 5"
    ]


def test_secrets_are_never_quoted() -> None:
    """Neither by the names that lead to them nor by their shape."""
    secret = "hf_" + "abcdEFGH12" * 4
    for changes in ({"hub_token": "hunter2"}, {"seeds": [secret]}, {"lr": {"a": secret}}):
        text = str(told(**changes))
        assert "hunter2" not in text
        assert secret not in text
    assert told(**dict.fromkeys(["hub_token"], "hunter2")) == [
        ("/hub_token", "expected integer, found string (not shown)", "")
    ]


def test_messages_are_bounded() -> None:
    """Long values, many options and many unknown keys are cut."""
    assert len(told(lr="9" * 10_000)[0][1]) < 150
    assert len(told(lr=10**3000, optional=10**3000)[0][1]) < 150
    extras = told(**{f"key{n}": 1 for n in range(1000)})
    assert len(extras) == 10
    options = Checker({"enum": [f"option {n}" for n in range(1000)]})
    (violation,) = options.violations("x")
    assert violation.expected.endswith("and 992 more")


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        (2, "is version 2; version 1 is supported"),
        ("1", 'is version "1"; version 1 is supported'),
        (None, "is version null; version 1 is supported"),
        (True, "is version true; version 1 is supported"),
        ({"a": 1}, "is version object of 1 key; version 1 is supported"),
    ],
)
def test_an_unsupported_version_is_the_only_violation(stated: Any, message: str) -> None:
    """Nothing else of such a document is judged."""
    versioned = Checker({"required": ["lost"]}, Version("/about/version", (1,)))
    (violation,) = versioned.violations({"about": {"version": stated}})
    assert (violation.pointer, violation.keyword) == ("/about/version", "x-version")
    assert violation.message == message


@pytest.mark.parametrize(
    "document", [{"version": 1}, {"version": 1.0}, {}, [], {"version": TAGGED}]
)
def test_a_supported_or_absent_version_is_none(document: Any) -> None:
    """The schema judges the document."""
    versioned = Checker({"minProperties": 9}, Version("/version", (1, 3)))
    assert [v.keyword for v in versioned.violations({**document, "a": 1} if document else {})] == [
        "minProperties"
    ]
    assert versioned.accepts([])


def test_several_supported_versions_are_all_named() -> None:
    """`version 1 and 2 are supported`."""
    versioned = Checker({}, Version("/v", (1, 2)))
    (violation,) = versioned.violations({"v": 3})
    assert violation.message == "is version 3; version 1 and 2 are supported"


def test_nothing_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reference out of the schema is an error of the schema, whichever engine meets it."""

    def refuse(*_: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    for reference in ("http://localhost:9/x.json", "file:///etc/hostname", "other.json"):
        away = Checker({"$ref": reference})
        with pytest.raises(Exception, match=r"(?i)present|retriev|unresolvable|base"):
            list(away.violations({}))
        with pytest.raises(Exception, match=r"(?i)present|retriev|unresolvable"):
            list(away.explained({}))


def test_documents_too_deep_to_explain_are_told_so() -> None:
    """The engine's recursion is no crash."""
    deep: Any = "x"
    for _ in range(3000):
        deep = {"a": deep}
    nested = Checker({"type": "object", "additionalProperties": {"$ref": "#"}})
    (violation,) = nested.violations(deep)
    assert violation.keyword == "x-depth"


def test_mixed_items_are_compared_in_linear_time() -> None:
    """Lists that no sort can order are searched for repetitions all the same."""
    unique = Checker({"uniqueItems": True, "type": "array", "minItems": 200_001})
    items: list[Any] = [x for n in range(100_000) for x in (n, {"k": n})]
    assert [v.keyword for v in unique.violations(items)] == ["minItems"]
    for same in ([1, 1.0], [{"a": 1, "b": 2}, {"b": 2, "a": 1}], [None, None]):
        assert "uniqueItems" in [v.keyword for v in unique.violations(same)]
    for different in ([1, True], [0, False], ["1", 1], [[1], [True]]):
        assert "uniqueItems" not in [v.keyword for v in unique.violations(different)]


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [("a$", "a\n", False), ("a$", "a", True), (r"a\$", "a$b", True), ("[$]a", "$a", True),
     (r"^\d$", "١", False), (r"^\w$", "é", False), ("^(a|b$)", "b", True)],
)  # fmt: skip
def test_patterns_mean_what_ecma_says(pattern: str, text: str, matches: bool) -> None:
    """As in the fast engine."""
    assert bool(ecma(pattern).search(text)) is matches
    assert Checker({"pattern": pattern}).is_valid(text) is matches


HOSTILE = st.sampled_from(
    [None, True, False, 0, -1, 1, 1.0, 1.5, 2**53, 10**30, "", "text", "1", "a\n", "success", "NaN",
     [], [None], [1, 1.0], {}, {"": None}, {"a/b~c": [{"": 1}]}]
).map(copy.deepcopy)  # fmt: skip
ODD = st.sampled_from([NAN, INF, -INF, TAGGED, "[redacted:key-name:1]"])


def mutated(data: st.DataObject, document: Any, values: st.SearchStrategy[Any]) -> Any:
    """The document with some values replaced, keys renamed or taken out."""
    document = copy.deepcopy(document)
    for _ in range(data.draw(st.integers(1, 3))):
        holders = list(containers(document))
        if not holders:
            return data.draw(values)
        holder = holders[data.draw(st.integers(0, len(holders) - 1))]
        places = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        place = places[data.draw(st.integers(0, len(places) - 1))]
        match data.draw(st.integers(0, 4)):
            case 0 if isinstance(holder, dict):
                holder[data.draw(st.sampled_from(["new", "a/b", "", "name"]))] = holder.pop(place)
            case 1:
                del holder[place]
            case _:
                holder[place] = data.draw(values)
    return document


def containers(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list) and value:
        yield value
        for item in list(value.values() if isinstance(value, dict) else value[:50]):
            yield from containers(item)


def documents() -> Iterator[tuple[str, Any]]:
    """Documents of the fixtures by the schema that speaks of them."""
    yield "", GOOD
    files = sorted(path for path in (ROOT / "fixtures").rglob("*") if path.is_file())
    for schema in index.schemas():
        note = schema.described
        left = 3
        for path in files if note else ():
            if not left or not note or not note.fits(path.name) or path.stat().st_size > 200_000:
                continue
            value = load(path, note.format)
            if isinstance(value, dict) and note.tells(value):
                left -= 1
                yield schema.name, value


def load(path: Path, format_: str) -> Any:
    data = path.read_bytes()
    if format_ == "yaml":
        return yaml_document.parse(data).value
    return json_document.parse(data.splitlines()[0] if format_ == "ndjson" and data else data).value


DOCUMENTS = list(documents())


def engine(name: str) -> Checker:
    return checker.checker(name) if name else CHECKER


@settings(max_examples=400)
@given(st.data(), st.sampled_from(DOCUMENTS))
def test_the_engines_agree(data: st.DataObject, sample: tuple[str, Any]) -> None:
    """On documents of every schema, whatever was done to them."""
    name, document = sample
    changed = mutated(data, document, HOSTILE)
    if is_odd(changed) or "[redacted:" in json.dumps(changed):
        return
    one = engine(name)
    assert one.is_valid(changed) is (next(one.explained(changed), None) is None)


@given(st.data(), st.sampled_from(DOCUMENTS))
def test_what_an_example_would_do_for_is_accepted(
    data: st.DataObject, sample: tuple[str, Any]
) -> None:
    """The thorough engine objects to nothing that the fast one accepts with an example in it."""
    name, document = sample
    changed = mutated(data, document, ODD)
    one = engine(name)
    if one.is_valid(example(changed)):
        assert list(one.explained(changed)) == []


@given(st.data(), st.sampled_from(DOCUMENTS))
def test_violations_of_anything_are_well_formed(
    data: st.DataObject, sample: tuple[str, Any]
) -> None:
    """Bounded texts, pointers that lead somewhere."""
    name, document = sample
    changed = mutated(data, document, HOSTILE | ODD)
    for one in engine(name).violations(changed):
        assert isinstance(one, Violation)
        assert one.message
        assert len(one.message) < 600
        assert one.pointer == "" or one.pointer.startswith("/")
