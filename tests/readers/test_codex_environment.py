"""One name, four schemas; which one it is, its keys tell."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("codex_environment", case)


@settings(max_examples=50)
@given(data=st.data())
def test_wrong_types_never_raise(bench, data):
    """Any value may be of any JSON type, any key may be missing."""
    bench.survives(data, "codex_environment")


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "codex_environment")


def test_list_beside_it_is_read_instead(read):
    """The same packages are not listed twice, unless that list is empty."""
    document = '{"platform": "Linux", "pip_freeze": ["idna==3.10"]}'
    found = read(
        {
            "a/environment.json": document,
            "a/pip-freeze.txt": "idna==3.10\n",
            "b/environment.json": document,
            "b/pip-freeze.txt": "",
        }
    )
    assert found["a/environment.json"].reading.dependencies == ()
    assert [item.name for item in found["b/environment.json"].reading.dependencies] == ["idna"]


def test_version_is_taken_out_of_the_whole_text(read_one):
    """`sys.version` names build and compiler; those stay in the note."""
    text = "3.11.7 (main, Jan  8 2024, 05:24:00) [GCC 12.2.0]"
    found = read_one("environment.json", {"platform": "L", "pip_freeze": [], "python": text})
    (claim,) = [item for item in found.reading.claims if item.field == "summary.python"]
    assert (claim.value, claim.note) == ("3.11.7", text)


def test_commit_that_is_unknown_is_none(read_one):
    """The word `unknown` stands where git failed."""
    found = read_one("env.json", {"git_commit": "unknown", "packages": {}, "system": {}})
    assert found.claims == {}


def test_processor_of_no_name_is_nothing(read_one):
    """An empty processor is left out; a command's name is no command line."""
    found = read_one(
        "environment.ndjson",
        {"platform": "L", "pip_freeze_count": 0, "processor": "", "command": "train.functional"},
    )
    assert found.claims == {"summary.os": "L"}
    assert found.reading.extras == {"pip_freeze_count": 0, "command": "train.functional"}


def test_seed_that_really_was_used(bench):
    """`train_loop` replaces a seed of 0 by 1234; the capture states the one that was used."""
    found = bench.read("codex_environment", bench.input("codex_environment", "other-schemas"))
    (config,) = found["environment.json"].reading.configs
    assert (config.role, config.values["seed"]) == ("effective", 1234)


def test_requirement_that_is_none_is_told(read_one):
    """A line of the list that names no package is a problem with its place."""
    found = read_one("environment.json", {"platform": "L", "pip_freeze": ["idna==3.10", "?? x"]})
    (problem,) = found.reading.problems
    assert (problem.code, problem.at.place) == ("unread-line", "/pip_freeze/1")
