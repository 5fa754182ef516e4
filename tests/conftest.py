"""What tests share: the corpus of real runs, the command line in-process, steady hypothesis."""

from __future__ import annotations

import datetime as dt
import importlib.util
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

from archiver.model.findings import Finding, RunFindings
from archiver.policy import Policy
from archiver.workflows import validating
from archiver.workflows.options import ValidateOptions

ROOT = Path(__file__).resolve().parent.parent
FIXTURE_RUNS = sorted(path for path in (ROOT / "fixtures" / "runs").glob("*/input"))

# The same examples on every machine and at every speed: a failure is found again.
settings.register_profile("runarchive", derandomize=True, deadline=None)
settings.load_profile("runarchive")


@pytest.fixture(scope="session")
def corpus() -> Path:
    """Real runs that are not part of the repository; `RUNARCHIVE_CORPUS` names their directory."""
    named = os.environ.get("RUNARCHIVE_CORPUS")
    if not named:
        pytest.skip("RUNARCHIVE_CORPUS does not name a directory of real runs")
    path = Path(named)
    assert path.is_dir(), f"RUNARCHIVE_CORPUS={named} is no directory"
    return path


@dataclass(frozen=True)
class Ran:
    """What one call of the command line did."""

    code: int
    out: str
    err: str


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Call the command line in-process; paths and other arguments are spelled out as text."""
    from archiver.cli.app import run

    def call(*arguments: object) -> Ran:
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Ran(int(code), captured.out, captured.err)

    return call


@pytest.fixture
def collected(cli: Callable[..., Ran], tmp_path: Path) -> Callable[..., Path]:
    """Collect a run directory and give its one archive."""

    def collect(run_dir: Path, *options: object) -> Path:
        archives = tmp_path / "archives"
        before = _records(archives)
        ran = cli("collect", run_dir, "-o", archives, *options)
        assert ran.code == 0, ran.err
        (record,) = _records(archives) - before
        return record.parent

    return collect


@pytest.fixture
def collected_all(cli: Callable[..., Ran], tmp_path: Path) -> Callable[..., list[Path]]:
    """Collect a directory and give the archives of every run in it, in order of their paths."""

    def collect(directory: Path, *options: object) -> list[Path]:
        archives = tmp_path / "archives"
        before = _records(archives)
        ran = cli("collect", directory, "-o", archives, *options)
        assert ran.code == 0, ran.err
        return sorted(record.parent for record in _records(archives) - before)

    return collect


@pytest.fixture
def audited() -> Callable[..., RunFindings]:
    """Audit a run directory with all rules (or those selected) and give its findings.

    The present is long after every fixture's run.
    """

    def audit(run_dir: Path, *select: str) -> RunFindings:
        options = ValidateOptions(Policy(select=select or ("*",)))
        verdict = validating.validate([run_dir], options, dt.datetime(2030, 1, 1, tzinfo=dt.UTC))
        assert verdict.failures == ()
        assert verdict.crashed == ()
        (run,) = verdict.report.runs
        return run

    return audit


@pytest.fixture
def new_findings() -> Callable[[RunFindings, RunFindings], list[Finding]]:
    """What a second audit found that the first did not."""

    def compare(before: RunFindings, after: RunFindings) -> list[Finding]:
        known = Counter((item.rule, item.at, item.message) for item in before.findings)
        found = []
        for item in after.findings:
            key = (item.rule, item.at, item.message)
            known[key] -= 1
            if known[key] < 0:
                found.append(item)
        return found

    return compare


def _records(archives: Path) -> set[Path]:
    return set(archives.glob("*/*/record.json"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test with the parameter `fixture_run` runs once per run of `fixtures/runs`."""
    if "fixture_run" in metafunc.fixturenames:
        names = [path.parent.name for path in FIXTURE_RUNS]
        metafunc.parametrize("fixture_run", FIXTURE_RUNS, ids=names)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a comparison with a vendor's reader where the vendor's package is not installed.

    `@pytest.mark.oracle("tensorboard")` names the package.
    """
    for marker in item.iter_markers("oracle"):
        for package in marker.args:
            if importlib.util.find_spec(package) is None:
                pytest.skip(
                    f"{package} is not installed; `make oracles` runs all but those with torch"
                )
