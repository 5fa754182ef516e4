"""What a walk over a Megatron log comes to: arguments, results and figures of the training."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from archiver.codecs import python_literals
from archiver.limits import Limits
from archiver.model.claims import Location, Origin
from archiver.model.record import Command, Source, Training
from archiver.model.values import Value
from archiver.producers import megatron_jobs as jobs
from archiver.producers.megatron_jobs import Derived
from archiver.producers.megatron_walk import Walk

Place = Callable[[int], Location]
"""Where a line of the log stands."""


def arguments(walk: Walk, names: tuple[str, ...]) -> dict[str, Value]:
    """Arguments that the last job was given and that are neither None nor empty."""
    given = next((item.arguments for item in reversed(walk.starts) if item.arguments), {})
    return {
        name: given[name]
        for name in names
        if given.get(name, "None").strip() not in ("None", "", "[]")
    }


def listed(inputs: Mapping[str, Value], limits: Limits) -> dict[str, Value]:
    """Inputs with lists of paths (and of weights between them) as lists; all others as printed."""
    found: dict[str, Value] = {}
    for name, text in inputs.items():
        source = f"X = {text}".encode("utf-8", "replace") if str(text).startswith("[") else b""
        value = python_literals.parse(source, limits).values.get("X") if source else None
        is_list = isinstance(value, list) and all(isinstance(item, str) for item in value)
        found[name] = value if is_list else text
    return found


def error(walk: Walk) -> str | None:
    """What the last job failed of, as it is told: an exception, else an exit code."""
    start = walk.start
    if start.trace is not None:
        return start.trace.error
    code = start.exit_code or start.killed
    return f"exit code {code[1]}" if code is not None and code[1] else None


def command(walk: Walk) -> Command | None:
    """Where it was started and over how many ranks, split in which ways."""
    world_size = walk.model.world_size
    if world_size is None and walk.trainer_dir is None:
        return None
    folder = walk.trainer_dir[1] if walk.trainer_dir is not None else None
    return Command(cwd=folder or None, world_size=world_size, parallel={**walk.model.sizes})


def metrics(walk: Walk) -> dict[str, Value]:
    """Last results of the evaluations, sums of what was counted, the mean speed."""
    figures = walk.figures
    found: dict[str, Value] = {
        f"validation lm loss ({where})": last.value for where, last in figures.evaluations.items()
    }
    # Of the series that share these labels, the periodic one is meant.
    if "periodic" in figures.evaluations:
        found["lm loss value"] = figures.evaluations["periodic"].value
    if figures.ppl is not None and math.isfinite(figures.ppl.value):
        found["lm loss PPL"] = figures.ppl.value
    found |= {f"total {key}": count for key, count in figures.counters.items()}
    total, count = figures.speeds
    if count:
        found["mean throughput per GPU (TFLOP/s/GPU)"] = total / count
    return found


def training(walk: Walk, at: Place) -> tuple[Training, dict[str, Source]]:
    """Figures of the training over all jobs, and where each comes from."""
    sources: dict[str, Source] = {}
    all_jobs = [start.job for start in walk.starts]

    def derived(name: str, found: Derived | None) -> float | None:
        if found is None:
            return None
        first, last = at(found.first_line), at(found.last_line)
        from_ = tuple(dict.fromkeys((first, last)))
        sources[f"training.{name}"] = Source(Origin.DERIVED, first, found.rule, from_, found.note)
        return found.value

    lengths = (start.whole_number("seq_length") for start in reversed(walk.starts))
    seq_length = next((length for length in lengths if length), None)
    figures = Training(
        ppl=_ppl(walk, at, sources),
        steps=_nothing_left(walk, at, sources),
        duration_sec=derived("duration_sec", jobs.duration(all_jobs)),
        throughput_tokens_per_sec=derived(
            "throughput_tokens_per_sec", jobs.throughput(all_jobs, seq_length)
        ),
        step_time_sec_avg=derived("step_time_sec_avg", jobs.step_time(all_jobs)),
    )
    return figures, sources


def _ppl(walk: Walk, at: Place, sources: dict[str, Source]) -> float | None:
    """Of the last periodic evaluation, if it is one; else of the last training loss."""
    ppl, loss = walk.figures.ppl, walk.figures.loss
    if ppl is not None and math.isfinite(ppl.value):
        place = at(ppl.line)
        note = f"validation at iteration {ppl.step}"
        sources["training.ppl"] = Source(Origin.RECORDED, place, note=note)
        return ppl.value
    if loss is None or not loss.value < 20:
        return None
    place = at(loss.line)
    note = f"training loss at iteration {loss.step}"
    sources["training.ppl"] = Source(Origin.DERIVED, place, "exp-of-final-loss", (place,), note)
    return math.exp(loss.value)


def _nothing_left(walk: Walk, at: Place, sources: dict[str, Source]) -> int | None:
    """Iterations done where the checkpoint had them all: then no iteration line tells them."""
    start = walk.start
    done, total = start.job.resume, start.total
    if any(item.job.iterations for item in walk.starts) or not done or not total or done < total:
        return None
    place = at(start.end[0] if start.end else walk.last_line)
    note = f"the checkpoint was of iteration {done}, {total} were planned"
    sources["training.steps"] = Source(Origin.DERIVED, place, "loaded-iteration", (place,), note)
    return done


def extras(walk: Walk) -> dict[str, Value]:
    """What no field holds, as far as it was told."""
    told: dict[str, Value] = {
        "world_size": walk.model.world_size,
        "parameter_dtype": walk.model.dtype,
        "parameters_by_model_parallel_rank": {**walk.model.shards} or None,
        "parameters_in_billions": walk.model.billions,
        "theoretical_memory_footprint": walk.model.footprint,
        "trainer_dir": walk.trainer_dir[1] if walk.trainer_dir is not None else None,
        "async_saves_scheduled": walk.async_saves or None,
        "iteration_lines": sum(len(start.job.iterations) for start in walk.starts),
    }
    return {name: value for name, value in told.items() if value is not None}
