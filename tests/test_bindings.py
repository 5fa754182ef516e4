"""References that one artifact leaves open and another one of its producer settles."""

from __future__ import annotations

from archiver import bindings
from archiver.model.claims import Binding, Location, Origin
from archiver.model.reading import Reading
from archiver.model.record import Accounting, Command, Config, Evaluation, Script, Source, Step
from archiver.model.values import Tagged, Value

AT = Location("pipeline.py")
SAID = Location("run.log", "L3")
OPEN = Tagged("unresolved", "${ROOT_DIR}/data/${X}")


def book(kind: str, path: str) -> Accounting:
    return Accounting(path, kind, 1)


def config(values: dict[str, Value], role: str = "resolved") -> Config:
    return Config(at=AT, id=role, role=role, format="python", values=values)


def console(*known: tuple[str, str], kind: str = "llmrunner.console", line: str = "L3") -> Reading:
    at = Location("run.log", line)
    told = tuple(Binding(name, value, at) for name, value in known)
    return Reading(bindings=told, accounting=book(kind, "run.log"))


def settings(**known: object) -> Reading:
    parts = {"accounting": book("llmrunner.pipeline", "pipeline.py"), **known}
    return Reading(**parts)  # type: ignore[arg-type]


def filled(values: dict[str, Value], *others: Reading) -> dict[str, Value]:
    """The configuration's values beside these readings."""
    found = bindings.applied([settings(configs=(config(values),)), *others])
    return found[0].configs[0].values


def test_open_texts_are_filled_wherever_they_stand():
    """What is settled is a text; what is not keeps its mark."""
    values: dict[str, Value] = {
        "A": Tagged("unresolved", "${ROOT_DIR}/a"),
        "B": [OPEN, {"C": Tagged("unresolved", "${X}")}],
    }
    assert filled(values, console(("ROOT_DIR", "/s"))) == {
        "A": "/s/a",
        "B": [Tagged("unresolved", "/s/data/${X}"), {"C": Tagged("unresolved", "${X}")}],
    }


def test_what_is_not_marked_stays_as_written():
    """A literal reference of an authored file is what its author wrote."""
    values: dict[str, Value] = {"A": "${ROOT_DIR}", "B": Tagged("bytes", "${ROOT_DIR}")}
    assert filled(values, console(("ROOT_DIR", "/s"))) == values


def test_what_only_a_shell_settles_stays_open():
    """A command in it was run by the shell, whatever else is known."""
    values: dict[str, Value] = {
        "A": Tagged("unresolved", "$(hostname)"), "B": Tagged("unresolved", "${ROOT_DIR}/`date`"),
    }  # fmt: skip
    assert filled(values, console(("ROOT_DIR", "/s"))) == {
        "A": Tagged("unresolved", "$(hostname)"), "B": Tagged("unresolved", "/s/`date`"),
    }  # fmt: skip


def test_only_the_same_producer_counts():
    """Another program's root is another directory."""
    values: dict[str, Value] = {"A": OPEN}
    assert filled(values, console(("ROOT_DIR", "/s"), kind="other.console")) == values


def test_two_that_disagree_settle_nothing():
    """The same value twice is one; the order in which they are read does not matter."""
    values: dict[str, Value] = {"A": Tagged("unresolved", "${ROOT_DIR}")}
    first, second = console(("ROOT_DIR", "/s")), console(("ROOT_DIR", "/t"))
    assert filled(values, first, console(("ROOT_DIR", "/s"), line="L9")) == {"A": "/s"}
    assert filled(values, first, second) == values
    assert filled(values, second, first, first) == values


def test_a_value_is_filled_in_once():
    """A value that looks like a reference is text: nothing is evaluated again."""
    values: dict[str, Value] = {"A": Tagged("unresolved", "${ROOT_DIR}")}
    found = filled(values, console(("ROOT_DIR", "${RUN_ID}"), ("RUN_ID", "${ROOT_DIR}")))
    assert found == {"A": Tagged("unresolved", "${RUN_ID}")}


def test_a_step_is_filled_and_says_from_where():
    """Inputs, outputs, parameters, command and evaluation program."""
    source = Source(Origin.DERIVED, AT, "settings", note="n")
    step = Step(
        at=AT,
        step_id="eval_0",
        name="eval",
        inputs={"M": Tagged("unresolved", "${ROOT_DIR}/m")},
        outputs={"R": "/r"},
        eval=Evaluation(script=Script("run ${ROOT_DIR}/e.py")),
        command=Command(cwd="${ROOT_DIR}", shell="cd ${ROOT_DIR} && $HOME/x"),  # noqa: S604
        sources={"inputs": source, "outputs": source},
    )
    found = bindings.applied([settings(steps=(step,)), console(("ROOT_DIR", "/s"))])[0].steps[0]
    assert (found.inputs, found.outputs) == ({"M": "/s/m"}, {"R": "/r"})
    assert found.eval == Evaluation(script=Script("run /s/e.py"))
    assert found.command == Command(cwd="/s", shell="cd /s && $HOME/x")  # noqa: S604
    assert found.sources["inputs"].from_ == (AT, SAID)
    assert found.sources["outputs"] == source


def test_growth_is_bounded():
    """Neither one text nor all of them together grow without end."""
    long = console(("ROOT_DIR", "x" * 4_000))
    once = Tagged("unresolved", "${ROOT_DIR}" * 20)
    assert filled({"A": once, "B": OPEN}, long)["A"] == once
    many: dict[str, Value] = {f"K{n}": Tagged("unresolved", "${ROOT_DIR}" * 16) for n in range(400)}
    sizes = [len(str(value)) for value in filled(many, long).values()]
    assert sum(sizes) < 17 * 1024 * 1024
    assert min(sizes) < 1_000 < max(sizes)


def test_without_anything_said_nothing_changes():
    """The reading is the same object."""
    reading = settings(configs=(config({"A": OPEN}),))
    assert bindings.applied([reading])[0] is reading
