"""The policy decides as its file says, and refuses what it cannot mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from archiver import policy
from archiver.errors import ArchiverError
from archiver.extension import Case, Hit, Rule, Severity, Threshold


def _silent(_: Case) -> list[Hit]:
    return []


SEED = Rule(id="RA103", name="no-seed", summary="", severity=Severity.NOTE, check=_silent)
STALE = Rule(
    id="RA402",
    name="stale-running",
    summary="",
    severity=Severity.WARNING,
    check=_silent,
    thresholds={"max_silence_hours": Threshold(default=24.0, meaning="hours")},
)
RULES = (SEED, STALE)


def written(directory: Path, text: str, name: str = "runarchive.toml") -> policy.Policy:
    """The policy that a file of this text is."""
    path = directory / name
    path.write_text(text, "utf-8")
    return policy.load(path, RULES, explicit=False)


def test_everything_of_the_file_is_read(tmp_path: Path) -> None:
    """Severities, thresholds, exceptions, overrides and what must be recorded."""
    asked = written(
        tmp_path,
        """
        schema_version = 1
        fail-on = "warning"
        select = ["RA1*", "stale-running"]
        require = ["summary.git_commit"]
        [severity]
        "no-seed" = "error"
        [thresholds.stale-running]
        max_silence_hours = 48
        [[ignore]]
        rules = ["RA402"]
        paths = ["old/*"]
        reason = "nobody restarts these"
        [[override]]
        paths = ["smoke"]
        severity = { "RA103" = "note" }
        thresholds = { "RA402" = { max_silence_hours = 1 } }
        [diff]
        volatile = ["*_cache_dir"]
        volatile-values = ["run-[0-9]+"]
        significant = ["seed"]
        """,
    )
    assert asked.fail_on is Severity.WARNING
    assert asked.require == ("summary.git_commit",)
    assert asked.selects(SEED)
    assert asked.selects(STALE)
    assert asked.severity_of(SEED, ["runs/a"]) is Severity.ERROR
    assert asked.severity_of(SEED, ["smoke/a", "smoke/a/x.json"]) is Severity.NOTE
    assert asked.severity_of(STALE, ["runs/a"]) is None
    assert asked.thresholds_of(STALE, ["runs/a"]) == {"max_silence_hours": 48}
    assert asked.thresholds_of(STALE, ["smoke/a"]) == {"max_silence_hours": 1}
    assert asked.reason_to_ignore(STALE, ["old/a"]) == "nobody restarts these"
    assert asked.reason_to_ignore(STALE, ["new/a"]) is None
    assert asked.reason_to_ignore(SEED, ["old/a"]) is None
    assert asked.base == tmp_path.resolve()
    assert asked.diff == policy.Volatility(("*_cache_dir",), ("run-[0-9]+",), ("seed",))


def test_without_a_file_errors_fail_and_all_rules_run() -> None:
    """The defaults are those of the design."""
    asked = policy.Policy()
    assert asked.fail_on is Severity.ERROR
    assert asked.selects(SEED)
    assert asked.thresholds_of(STALE, []) == {"max_silence_hours": 24}


def test_never_is_a_threshold() -> None:
    """`fail-on = "never"` lets nothing fail."""
    assert policy._policy({"fail-on": "never"}).fail_on is None


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("select = ['no-sed']", "no-sed names no rule"),
        ("[severity]\n'RA9' = 'note'", "RA9 names no rule"),
        ("[thresholds.no-seed]\nhours = 1", "no-seed has no threshold hours; it has none"),
        (
            "[thresholds.stale-running]\nhours = 1",
            "stale-running has no threshold hours; it has max_silence_hours",
        ),
        ("[[ignore]]\nrules = ['no-seed']", "'reason' is a required property"),
        ("[[ignore]]\nrules = ['no-seed']\nreason = ''", "non-empty"),
        ("fail-on = 'often'", "'often'"),
        ("slect = ['*']", "slect"),
        ("schema_version = 2", "schema_version: 1 was expected"),
        ("select = ", "is no TOML"),
        ("[diff]\nvolatile-values = ['(']", "( is no expression"),
        ("[diff]\nvolatil = ['x']", "volatil"),
    ],
)
def test_what_it_cannot_mean_is_refused(tmp_path: Path, text: str, fault: str) -> None:
    """A misspelt exception must not look like one; the message names the file and the fault."""
    with pytest.raises(ArchiverError) as caught:
        written(tmp_path, text)
    assert fault in str(caught.value)
    assert caught.value.subject == str(tmp_path / "runarchive.toml")


def test_nearest_is_the_closest_above(tmp_path: Path) -> None:
    """A file of its own, then pyproject.toml with the table, going up; others are passed over."""
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "runarchive.toml").write_text("", "utf-8")
    (tmp_path / "a" / "pyproject.toml").write_text("[project]\nname = 'x'\n", "utf-8")
    assert policy.nearest(inner) == tmp_path / "runarchive.toml"
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.runarchive]\n", "utf-8")
    assert policy.nearest(inner) == tmp_path / "a" / "pyproject.toml"


def test_table_of_pyproject_is_the_policy(tmp_path: Path) -> None:
    """`[tool.runarchive]` holds what runarchive.toml would."""
    text = "[project]\nname = 'x'\n[tool.runarchive]\nselect = ['no-seed']\n"
    asked = written(tmp_path, text, "pyproject.toml")
    assert asked.selects(SEED)
    assert not asked.selects(STALE)


@pytest.mark.parametrize(
    "text",
    ["a = " + "[" * 100_000, ".".join(["a"] * 100_000) + " = 1", "a = 'x", "a = \udcff"],
)
def test_toml_that_cannot_be_read_is_a_usage_error(tmp_path: Path, text: str) -> None:
    """However deep it is nested or long its keys: at once, and never a fault of ours."""
    path = tmp_path / "runarchive.toml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ArchiverError, match="is no TOML that can be read"):
        policy.load(path, RULES, explicit=False)


@pytest.mark.parametrize(
    "text",
    [
        "[tool.runarchive]\nselect = ['no-seed']",
        "[ tool . runarchive ]\nselect = ['no-seed']",
        "['tool'.\"runarchive\"]\nselect = ['no-seed']",
        "tool.runarchive.select = ['no-seed']",
        "'tool' . 'runarchive' = { select = ['no-seed'] }",
        "tool = { other = 1, runarchive = { select = ['no-seed'] } }",
        "[tool]\nother = 1\nrunarchive.select = ['no-seed']",
        "\ufeff[tool]\nrunarchive = { select = ['no-seed'] }",
        "a = 1\r\n\t[ 'tool' ] # of others\r\n'runarchive'.select = ['no-seed']",
    ],
)
def test_every_way_to_write_the_table_is_seen(tmp_path: Path, text: str) -> None:
    """However TOML lets it be written, the policy is found and read."""
    (tmp_path / "pyproject.toml").write_text(text, "utf-8")
    assert policy.nearest(tmp_path) == tmp_path / "pyproject.toml"
    asked = policy.load(tmp_path / "pyproject.toml", RULES, explicit=False)
    assert asked.selects(SEED)
    assert not asked.selects(STALE)


@pytest.mark.parametrize(
    "text",
    [
        "tool = 1", 'tool = ["runarchive"]', "broken", "a = " + "[" * 9999,
        "[project]\nname = 'runarchive'\n[project.scripts]\nrunarchive = 'a:b'\nbroken",
        "[dependency-groups]\ndev = ['runarchive']\n[tool.mypy]\nfiles = ['runarchive'",
    ],
)  # fmt: skip
def test_foreign_project_file_is_passed_over(tmp_path: Path, text: str) -> None:
    """A pyproject.toml that says nothing to runarchive is nobody's policy, however broken."""
    (tmp_path / "pyproject.toml").write_text(text, "utf-8")
    assert policy.nearest(tmp_path) != tmp_path / "pyproject.toml"


def test_project_table_must_be_a_table(tmp_path: Path) -> None:
    """What stands where the policy should is not silently none."""
    with pytest.raises(ArchiverError, match="not of type 'object'"):
        written(tmp_path, "tool.runarchive = 5", "pyproject.toml")


@pytest.mark.parametrize("number", ["nan", "inf", "-inf"])
def test_threshold_is_a_number(tmp_path: Path, number: str) -> None:
    """One that nothing can reach, or that nothing compares to, is refused."""
    text = f"[thresholds.stale-running]\nmax_silence_hours = {number}\n"
    with pytest.raises(ArchiverError, match=f"max_silence_hours = {number}"):
        written(tmp_path, text)
