"""From measurements to series: attempts, companions, limits."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from archiver.limits import Limits
from archiver.model.points import Batch
from archiver.producers import codex_curves
from archiver.producers.codex_curves import Curves, Origin
from archiver.producers.codex_rows import Measure


@dataclass
class Sink:
    """Keeps what it is given."""

    batches: list[Batch] = field(default_factory=list)

    def add(self, batch: Batch) -> None:
        self.batches.append(batch)


def taken(*items, limits=None):
    sink = Sink()
    curves = Curves(Origin("log", "run"), sink, limits or Limits())
    for number, item in enumerate(items, 1):
        curves.take(item, ("log", number))
    curves.finish()
    return curves, sink


def at(step, key="loss", value=1.0):
    return Measure(key, value, "train", step=step)


def attempts(sink, key="loss"):
    return [
        (step, batch.attempt)
        for batch in sink.batches
        if batch.spec.key == key
        for step in batch.steps
    ]


def test_two_resumes():
    """Each return to an earlier step that goes on is an attempt more."""
    _, sink = taken(*map(at, (1, 2, 3, 2, 3, 4, 3, 4)))
    assert attempts(sink) == [(1, 0), (2, 0), (3, 0), (2, 1), (3, 1), (4, 1), (3, 2), (4, 2)]


def test_doubt_at_the_end_is_no_resume():
    """Nothing follows that would tell."""
    curves, sink = taken(*map(at, (1, 2, 3, 2)))
    assert attempts(sink) == [(1, 0), (2, 0), (3, 0), (2, 0)]
    assert len(curves.trail()) == 0


def test_a_step_further_back_than_the_doubtful_one():
    """Rows in reverse are out of order, each of them."""
    _, sink = taken(*map(at, (5, 4, 3, 2, 6)))
    assert {attempt for _, attempt in attempts(sink)} == {0}


def test_waiting_is_bounded(monkeypatch):
    """Another metric that goes on for long settles the doubt: no resume."""
    monkeypatch.setattr(codex_curves, "LOOK_AHEAD", 10)
    others = [at(step, "lr") for step in range(1, 40)]
    _, sink = taken(at(1), at(2), at(1), *others, at(2))
    assert {attempt for _, attempt in attempts(sink, "lr")} == {0}
    assert [step for step, _ in attempts(sink, "lr")] == list(range(1, 40))


def test_texts_over_a_limit_are_counted():
    """What is too long or too many to keep is still counted as a value."""
    limits = replace(Limits(), text_points=2, text_point_bytes=10)
    values = ("a", "b" * 20, "c")
    _, sink = taken(*(at(n, value=value) for n, value in enumerate(values)), limits=limits)
    (batch,) = sink.batches
    assert (list(batch.values), batch.non_numeric) == (['"a"'], 2)
    assert len(batch.steps) == 1


def test_truth_values_are_told():
    """A series of nothing but true and false says so; one number among them, and it does not."""
    _, sink = taken(at(1, value=True), at(2, value=False))
    assert dict(sink.batches[-1].attributes)["values"] == "boolean"
    _, sink = taken(at(1, value=True), at(2, value=0.5))
    assert "values" not in dict(sink.batches[-1].attributes)


def test_rows_in_no_order_are_not_placed_again_and_again(monkeypatch):
    """Series that all went back wait for each other; each wait may cost a whole look ahead."""
    monkeypatch.setattr(codex_curves, "LOOK_AHEAD", 100)
    monkeypatch.setattr(codex_curves, "_WAITED", 5_000)
    placed = []
    put = Curves._take
    monkeypatch.setattr(Curves, "_take", lambda self, *item: (placed.append(1), put(self, *item)))
    keys = [f"k{number}" for number in range(150)]
    rows = [at(10**6 - turn, key) for turn in range(40) for key in keys]
    _, sink = taken(*rows)
    assert sum(len(batch.steps) for batch in sink.batches) == len(rows)
    assert len(placed) < 4 * len(rows)


def test_attempts_are_bounded():
    """Steps that go back and forth look like restarts without end."""
    rows = [at(step) for turn in range(50) for step in (1, 2, 3)]
    curves, sink = taken(*rows, limits=replace(Limits(), attempts=5))
    assert len(curves.attempts) == 5
    assert sum(len(batch.steps) for batch in sink.batches) == len(rows)
