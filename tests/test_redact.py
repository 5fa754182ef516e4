"""Redaction of a whole record."""

from archiver.model.claims import COMMAND_LINE, Location, Origin, Problem
from archiver.model.record import Config, Coverage, Resolved, RunIdentity, RunRecord, Series
from archiver.redact import redact
from archiver.redaction import SecretGatherer

SECRET = "hf_" + "AbCdEfGh" * 4
AT = Location("args.json", "/hub_token")


def record() -> RunRecord:
    """A record with one secret in every kind of place, and a digest that only looks like one."""
    return RunRecord(
        run=RunIdentity(f"run-{SECRET}", "exp", (), {}, "v0", "ab" * 32),
        coverage=Coverage(0, 0, 0, 0, 0, 0, {}),
        fields={
            "repro.env.HF_TOKEN": Resolved(SECRET, Origin.RECORDED, AT, "r"),
            "repro.env.WANDB_API_KEY": Resolved("short", Origin.RECORDED, AT, "r"),
            "summary.git_commit": Resolved("c" * 40, Origin.RECORDED, AT, "r"),
        },
        configs=(
            Config(
                at=AT, id="args.json", role="effective", format="json",
                values={"hub_token": SECRET, "nested": [{"cmd": f"--token {SECRET}"}]},
            ),
        ),
        series=(Series(at=AT, key=f"loss/{SECRET}", source="x"),),
        problems=(Problem("syntax", f"near {SECRET}", Location(f"{SECRET}.json")),),
        extras={"kind": {"a.json": {"text": f"x{SECRET}x"}}},
    )  # fmt: skip


def test_a_secret_is_gone_from_every_part_of_the_record():
    """Found once, removed everywhere: names, messages, keys of series, nested values."""
    gatherer = SecretGatherer()
    gatherer.value({"hub_token": SECRET}, AT)
    clean = redact(record(), gatherer.finish())
    assert SECRET not in repr(clean)
    assert clean.configs[0].values["hub_token"] == "[redacted:hf-token:1]"  # noqa: S105


def test_an_environment_variable_is_judged_by_its_name():
    """A field of the record carries its variable's name, so the key rule applies."""
    clean = redact(record(), SecretGatherer().finish())
    assert "short" not in repr(clean.fields["repro.env.WANDB_API_KEY"])


def test_what_the_archiver_computed_is_left_alone():
    """Digests and identities survive."""
    clean = redact(record(), SecretGatherer().finish())
    assert clean.run.identity == "ab" * 32
    assert clean.fields["summary.git_commit"].value == "c" * 40


def test_a_secret_is_a_problem_of_its_file():
    """One for each file, with kinds and numbers; what was declared or is doubtful is none."""
    other = "ghp" + "_" + "bC4e" * 9
    gatherer = SecretGatherer()
    gatherer.value({"hub_token": f"{SECRET}x"}, COMMAND_LINE)
    gatherer.file(f"a: 1\nb: {SECRET}\nc: {other}\n", Location("a.yaml"))
    gatherer.file("password: hunter2\n", Location("b.yaml", "", "experiment"))
    gatherer.file("password: token_here\n", Location("c.yaml"))
    clean = redact(record(), gatherer.finish())
    told = [(p.at, p.message) for p in clean.problems if p.code == "secret"]
    assert told == [
        (Location("a.yaml", "L2"), "2 secrets stand in it in clear (1 github-token, 1 hf-token)"),
        (Location("b.yaml", "L1", "experiment"), "a secret stands in it in clear (key-name)"),
    ]
