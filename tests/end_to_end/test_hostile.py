"""Runs made to do harm: secrets, names, bombs, canaries. The archive is whole, nothing happens."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

Call = Callable[..., Any]
ROOT = Path(__file__).resolve().parents[2]
DRIVERS = Path(__file__).parent / "drivers"
RUNS = ROOT / "fixtures" / "runs"
RUN = RUNS / "coordexp-clean" / "input" / "stage1_tiny_ce"
PLAIN = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
MEASURED = """
import resource, sys
from archiver.cli.app import run
code = run(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
sys.exit(code)
"""
# Put together here, so that no scanner takes this file for a leak.
SECRETS = {
    "huggingface": "hf_" + "QwErTyUiOpAsDfGhJkLzXcVbNm12345678",
    "aws": "AKIA" + "IOSFODNN7EXAMPL2",
    "github": "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8",
    "password": "Tr0ub4dor" + "&3xyzzy",
    "url": "s3cr3tPassw0rd" + "InUrl",
}


def texts(archive: Path) -> Iterator[tuple[Path, bytes]]:
    for path in archive.rglob("*"):
        if path.is_file():
            yield path, path.read_bytes()


def archive_in(archives: Path) -> Path:
    (record,) = archives.glob("*/*/record.json")
    return record.parent


def copy_of_the_fixture(directory: Path) -> Path:
    shutil.copytree(RUN, directory)
    (run,) = directory.iterdir()
    return run


@pytest.mark.parametrize("options", [[], ["--copy", "none"], ["--copy", "all"]])
def test_no_secret_reaches_the_archive(tmp_path: Path, cli: Call, options: list[str]) -> None:
    """Planted in YAML, JSON, logs and file names: gone everywhere, and the copies still parse."""
    run = copy_of_the_fixture(tmp_path / "exp")
    for path in run.glob("runs/*"):
        path.unlink()
    with (run / "config_source.yaml").open("a") as file:
        file.write(f"\nhub_token: {SECRETS['huggingface']}\n")
        file.write(f"nested: {{password: '{SECRETS['password']}'}}\n")
    args = json.loads((run / "args.json").read_bytes())
    args |= {"hub_token": SECRETS["huggingface"], "aws_access_key_id": SECRETS["aws"],
             "dataset": [f"https://user:{SECRETS['url']}@host/data"]}  # fmt: skip
    (run / "args.json").write_text(json.dumps(args))
    with (run / "train.log").open("a") as file:
        file.write(f"\ncloning with {SECRETS['github']}\npassword = {SECRETS['password']}\n")
        file.write(f"Traceback (most recent call last):\nValueError: bad {SECRETS['aws']}\n")
    (run / f"token-{SECRETS['github']}.txt").write_text("x")
    (run / f"notes-{SECRETS['huggingface']}.log").write_text("nothing\n")
    ran = cli("collect", run, "-o", tmp_path / "a", *options)
    assert ran.code == 0
    dry = cli("collect", run, "-o", tmp_path / "b", "--dry-run", *options)
    archive = archive_in(tmp_path / "a")
    for kind, secret in SECRETS.items():
        for path, data in texts(archive):
            assert secret.encode() not in data, (kind, path)
            assert secret not in str(path)
        assert secret not in ran.out + ran.err + dry.out + dry.err, kind
    for path, data in texts(archive):
        if path.suffix == ".json":
            json.loads(data)
        elif path.suffix == ".yaml":
            yaml.safe_load(data)


def test_a_secret_in_an_event_file_is_not_copied(tmp_path: Path, cli: Call) -> None:
    """A binary file that holds a secret is hashed, not copied, and says why."""
    run = copy_of_the_fixture(tmp_path / "exp")
    (events,) = run.glob("runs/*tfevents*")
    with events.open("ab") as file:
        file.write(b"\0\1" + SECRETS["github"].encode() + b"\0")
    assert cli("collect", run, "-o", tmp_path / "a").code == 0
    lines = (archive_in(tmp_path / "a") / "inventory.ndjson").read_text().splitlines()
    (entry,) = [item for item in map(json.loads, lines) if item["path"].endswith(events.name)]
    assert entry["reason"] == "holds a secret that cannot be removed from its format"
    assert entry["sha256"]
    assert "copied" not in entry or entry["copied"] is None


def test_a_secret_in_the_path_of_the_run(tmp_path: Path, cli: Call) -> None:
    """The path that archived.json keeps is redacted, too."""
    run = tmp_path / f"home-{SECRETS['github']}" / "run"
    run.mkdir(parents=True)
    (run / "notes.txt").write_text("x")
    assert cli("collect", run, "-o", tmp_path / "a").code == 0
    for path, data in texts(tmp_path / "a"):
        assert SECRETS["github"].encode() not in data, path


@pytest.mark.parametrize(
    "name", ["../../etc", "/etc/cron.d/x", "CON", ".hidden", "x" * 5000, "a\nb", "a\0b", "..", "",
             "\u202e\x1b[31m", "-rf"],
)  # fmt: skip
def test_names_stay_below_the_archives(tmp_path: Path, cli: Call, name: str) -> None:
    """Whatever a run calls itself and its experiment, its archive is two safe levels deep."""
    run = tmp_path / "in" / "run"
    run.mkdir(parents=True)
    stated = {"created_at": "2026", "git_sha": None, "run_name": name, "experiment": name,
              "output_dir": f"/o/{name}/{name}", "run_id": name}  # fmt: skip
    (run / "run_metadata.json").write_text(json.dumps(stated))
    ran = cli("collect", run, "-o", tmp_path / "a")
    assert ran.code == 0, ran.err
    archive = archive_in(tmp_path / "a")
    assert {path.name for path in tmp_path.iterdir()} == {"in", "a"}
    for part in archive.relative_to(tmp_path / "a").parts:
        assert part.isascii()
        assert part.isprintable()
        assert len(part) <= 80
        assert part[0] not in ".-"
        assert part.lower() != "con"
    text = (archive / "ARCHIVE.md").read_text("utf-8")
    assert not [char for char in text if (ord(char) < 32 and char != "\n") or char == "\u202e"]


def test_documents_that_explode(tmp_path: Path, cli: Call) -> None:
    """Alias bombs, endless nesting, endless numbers: problems in the record, exit 0."""
    run = copy_of_the_fixture(tmp_path / "exp")
    levels = "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]\n" for n in range(1, 30))
    (run / "config_source.yaml").write_text("l0: &l0 [x, x, x]\n" + levels)
    (run / "base_config_source.yaml").write_text(
        "a: !!python/object/apply:os.system ['touch /x']\n"
    )
    (run / "args.json").write_text('{"output_dir": ' + "[" * 100_000)
    (run / "runtime_env.json").write_text('{"env": ' + "9" * 1_000_000 + "}")
    (run / "effective_runtime.json").write_text('{"a":' * 100_000 + "1" + "}" * 100_000)
    ran = cli("collect", run, "-o", tmp_path / "a")
    assert ran.code == 0, ran.err
    record = json.loads((archive_in(tmp_path / "a") / "record.json").read_bytes())
    named = {item["at"]["path"] for item in record["problems"]}
    assert {"config_source.yaml", "args.json", "effective_runtime.json"} <= named
    assert not [item for item in record["problems"] if item["code"] == "reader-crash"]


def test_half_a_gigabyte_of_nothing_in_bounded_memory(tmp_path: Path) -> None:
    """500 MB of NULs as logging.jsonl: under 600 MB of memory, and it is said what it was."""
    run = tmp_path / "run"
    run.mkdir()
    with (run / "logging.jsonl").open("wb") as file:
        file.truncate(500_000_000)
    ran = subprocess.run(
        [sys.executable, "-c", MEASURED, "collect", run, "-o", tmp_path / "a", "--hash", "none"],
        env=PLAIN, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert int(ran.stdout.split()[-1]) < 600_000
    record = json.loads((archive_in(tmp_path / "a") / "record.json").read_bytes())
    assert record["problems"]


class Canary:
    """Creates a file when it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (open, (self.path, "w"))


def test_nothing_is_executed(tmp_path: Path) -> None:
    """Pickles, git settings, start-up files, rc files in the run and as cwd: none is obeyed."""
    run = copy_of_the_fixture(tmp_path / "exp")
    canary = tmp_path / "canary"
    touch = f"open({str(canary)!r}, 'w')\n"
    for name in ("training_args.bin", "checkpoint-20/training_args.bin", "args.pkl"):
        (run / name).write_bytes(pickle.dumps(Canary(str(canary))))
    (run / ".git").mkdir()
    (run / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (run / ".git" / "config").write_text(
        f"[core]\n\tfsmonitor = touch {canary}\n\tpager = touch {canary}\n\thooksPath = hooks\n"
    )
    for name in ("sitecustomize.py", "usercustomize.py", "conftest.py", "setup.py", "json.py",
                 "yaml.py", "archiver.py", "torch.py"):  # fmt: skip
        (run / name).write_text(touch)
    (run / "pyproject.toml").write_text('[project]\nname = "x"\n')
    (run / "matplotlibrc").write_text("backend: TkAgg\nfigure.facecolor: red\ntext.usetex: True\n")
    (run / ".env").write_text("RUNARCHIVE_OUTPUT=/nowhere\n")
    twin = copy_of_the_fixture(tmp_path / "twin")
    results = {}
    for name, source, cwd in (("hostile", run, run), ("plain", twin, tmp_path)):
        ran = subprocess.run(
            [sys.executable, str(DRIVERS / "watched.py"), "collect", str(source),
             "-o", str(tmp_path / name)],
            env={**PLAIN, "WATCHED_RUN": str(run)}, cwd=cwd, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
        results[name] = archive_in(tmp_path / name)
    assert not canary.exists()
    for plot in ("loss.svg", "loss.png"):
        left, right = ((place / "plots" / plot).read_bytes() for place in results.values())
        assert left == right


OTHERS = (
    "ai_studio-completed", "codex_ml-context", "lightning-plain", "llmrunner-pipeline",
    "run_experiment-sweep",
)  # fmt: skip
TEXTS = {
    ".csv": f"\n{SECRETS['github']},{SECRETS['aws']}\n",
    ".log": f"\ncloning with {SECRETS['github']}\npassword = {SECRETS['password']}\n",
    ".ndjson": json.dumps({"type": "param", "name": "hf_token", "value": SECRETS["huggingface"]})
    + "\n",
    ".py": f"\nHF_TOKEN = '{SECRETS['huggingface']}'\nSRC = 'https://u:{SECRETS['url']}@h/d'\n",
    ".yaml": f"\nhub_token: {SECRETS['huggingface']}\nm: {{password: '{SECRETS['password']}'}}\n",
}
TEXTS |= dict.fromkeys((".out", ".txt", ".slurm", ".lock"), TEXTS[".log"])


def with_secrets(directory: Path) -> None:
    """Plant secrets in every file of a run, in the manner of its format."""
    for path in sorted(item for item in directory.rglob("*") if item.is_file()):
        planted = TEXTS.get(path.suffix)
        if path.suffix == ".json":
            document = json.loads(path.read_bytes())
            rows = document if isinstance(document, list) else [document]
            rows[0] |= {"api_key": SECRETS["password"], "hub_token": SECRETS["huggingface"],
                        "url": f"https://user:{SECRETS['url']}@host/x"}  # fmt: skip
            path.write_text(json.dumps(document))
        elif planted is not None:
            with path.open("a") as file:
                file.write(planted)
        else:
            with path.open("ab") as other:
                other.write(b"\0\1" + SECRETS["github"].encode() + b"\0")


@pytest.mark.parametrize("fixture", OTHERS)
def test_no_secret_in_any_file_of_a_run(tmp_path: Path, cli: Call, fixture: str) -> None:
    """Planted in every file of every format that a producer writes: gone from the archives."""
    run = tmp_path / "exp" / fixture
    shutil.copytree(RUNS / fixture / "input", run, symlinks=True)
    with_secrets(run)
    for options in ([], ["--copy", "all"]):
        archives = tmp_path / f"archives{len(options)}"
        ran = cli("collect", run, "-o", archives, *options)
        assert ran.code == 0, ran.err
        assert list(archives.glob("*/*/record.json"))
        for kind, secret in SECRETS.items():
            for path, data in texts(archives):
                assert secret.encode() not in data, (kind, path)
            assert secret not in ran.out + ran.err, kind
    summed = cli("metrics", run)
    assert not [kind for kind, secret in SECRETS.items() if secret in summed.out + summed.err]


@pytest.mark.parametrize("fixture", OTHERS)
def test_nothing_of_any_producer_is_executed(tmp_path: Path, fixture: str) -> None:
    """Weights, configurations and scripts that would act when loaded are only read."""
    run = tmp_path / "exp" / fixture
    shutil.copytree(RUNS / fixture / "input", run, symlinks=True)
    canary = tmp_path / "canary"
    touch = f"\nopen({str(canary)!r}, 'w')\n"
    endings = {
        ".pt": pickle.dumps(Canary(str(canary))), ".ckpt": pickle.dumps(Canary(str(canary))),
        ".distcp": pickle.dumps(Canary(str(canary))), ".py": touch.encode(),
        ".yaml": f"\nact: !!python/object/apply:builtins.open [{canary}, w]\n".encode(),
        ".slurm": f"\ntouch {canary}\n".encode(), ".json": b"",
    }  # fmt: skip
    for path in sorted(item for item in run.rglob("*") if item.is_file()):
        whole = path.suffix in (".pt", ".ckpt", ".distcp")
        path.write_bytes((b"" if whole else path.read_bytes()) + endings.get(path.suffix, b""))
    for name in ("sitecustomize.py", "conftest.py", "torch.py", "yaml.py", "wandb.py"):
        (run / name).write_text(touch)
    ran = subprocess.run(
        [sys.executable, str(DRIVERS / "watched.py"), "collect", str(run), "-o", tmp_path / "a"],
        env={**PLAIN, "WATCHED_RUN": str(run)}, cwd=run, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert list((tmp_path / "a").glob("*/*/record.json"))
    assert not canary.exists()


def test_the_machine_that_archives_is_not_the_one_that_trained(
    tmp_path: Path, cli: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of this process's environment gets into the archive."""
    planted = {
        "CUDA_VISIBLE_DEVICES": "5,6,77", "CONDA_DEFAULT_ENV": "planted-conda",
        "HOSTNAME": "planted-host", "USER": "planted-user", "LOGNAME": "planted-user",
        "WANDB_PROJECT": "planted-project", "SLURM_JOB_ID": "7654321",
    }  # fmt: skip
    for name, value in planted.items():
        monkeypatch.setenv(name, value)
    run = tmp_path / "run"
    run.mkdir()
    (run / "run_metadata.json").write_text(
        json.dumps({"created_at": "2026", "git_sha": None, "output_dir": "/o/run"})
    )
    assert cli("collect", run, "-o", tmp_path / "a").code == 0
    for path, data in texts(tmp_path / "a"):
        for value in {*planted.values(), os.uname().nodename, os.uname().release}:
            assert value.encode() not in data, (path, value)
    record = json.loads((archive_in(tmp_path / "a") / "record.json").read_bytes())
    for name in ("host", "user", "os", "conda_env", "cuda", "cuda_driver", "gpus", "torch"):
        assert f"summary.{name}" not in record["fields"]
