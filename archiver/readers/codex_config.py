"""codex_ml `config.ndjson` and its copy `config.json`; `resume_manifest.json` and `seeds.json`.

A row of `config.ndjson` has `type` `config` and the configuration as `payload`; a restart appends
a row and overwrites the copy, which carries no mark of its own and is known by its neighbour. The
Hugging Face path writes `resume_manifest.json` (with the checkpoints) and `seeds.json` instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from archiver.extension import Artifact, Match, PointSink, Reader, Reading, Selection, files
from archiver.model.claims import Claim, Location, Problem
from archiver.model.record import Accounting, Checkpoint, Config, Step
from archiver.model.values import Value
from archiver.producers.codex_values import object_of, text_of
from archiver.rundir import Tree
from archiver.shards import Row, ShardedRows, recognised, sharded
from archiver.view import View

_ROWS = "config.ndjson"
_COPY = "config.json"
_MANIFEST = "resume_manifest.json"
_SEEDS = "seeds.json"
_NEIGHBOURS = (_ROWS, "params.ndjson", "context_params.ndjson")
_MANIFEST_KEYS = ("manifest_version", "checkpoint_dir", "global_step")
_SEED_KEYS = frozenset({"python", "numpy", "torch"})
_families = sharded(_ROWS)
_documents = files(_COPY, _MANIFEST, _SEEDS)


@dataclass
class Found:
    """What one of the files holds."""

    values: dict[str, Value] = field(default_factory=dict)
    at: Location | None = None
    run_id: tuple[str, Location] | None = None
    problems: tuple[Problem, ...] = ()
    books: Accounting | None = None


def select(tree: Tree) -> Iterable[Selection]:
    """The rows as a family, the documents one by one."""
    yield from _families(tree)
    yield from _documents(tree)


def detect(artifact: Artifact) -> Match:
    """Rows of type `config`; an object beside them; the keys of the other two."""
    if artifact.name == _ROWS:
        return recognised(artifact, _is_config)
    document = artifact.json()
    if artifact.name == _COPY and not _has_neighbour(artifact):
        return Match.NO
    if not isinstance(document.value, dict) or not document.complete:
        torn = artifact.name in (_COPY, _MANIFEST) and not document.complete
        return Match.DAMAGED if torn else Match.NO
    return Match.YES if _fits(artifact.name, document.value) else Match.NO


def _is_config(row: Row) -> bool:
    return row.get("type") == "config" and isinstance(row.get("payload"), dict)


def _has_neighbour(artifact: Artifact) -> bool:
    above = f"{artifact.directory}/" if artifact.directory else ""
    return any(above + name in artifact.tree.by_path for name in _NEIGHBOURS)


def _fits(name: str, value: dict[str, Value]) -> bool:
    if name == _MANIFEST:
        return all(key in value for key in _MANIFEST_KEYS)
    if name == _SEEDS:
        return bool(value) and set(value) <= _SEED_KEYS
    return True


def parse(artifact: Artifact) -> Found:
    """The configuration, the last one where there are several."""
    if artifact.name != _ROWS:
        document = artifact.json()
        return Found(
            document.value if isinstance(document.value, dict) else {},
            artifact.at(),
            None,
            artifact.problems(document.flaws),
            artifact.document_accounting(READER.kind, document.flaws, complete=document.complete),
        )
    found = Found()
    rows = ShardedRows(artifact)
    for row, line, entry in rows:
        if not _is_config(row):
            rows.drop("unknown-shape")
            continue
        found.at = rows.at(line, entry)
        found.values = dict(object_of(row, "payload"))
        run_id = text_of(row, "run_id")
        if run_id is not None:
            found.run_id = (run_id, found.at)
    found.problems, found.books = rows.problems(), rows.accounting(READER.kind)
    return found


def to_reading(found: Found, artifact: Artifact, _points: PointSink) -> Reading:
    """The configuration; of the resume manifest also the checkpoints."""
    claims = [Claim("summary.run_id", *found.run_id)] if found.run_id is not None else []
    if artifact.name == _MANIFEST:
        return _of_manifest(found, artifact)
    config = Config(
        at=found.at or artifact.at(),
        id=artifact.path,
        role="resolved",
        format="ndjson" if artifact.name == _ROWS else "json",
        values=found.values,
        partial=artifact.name == _SEEDS or bool(found.books and found.books.corrupt),
    )
    return Reading(
        claims=tuple(claims),
        configs=(config,) if found.values else (),
        steps=(Step(at=found.at or artifact.at(), step_id="1", name="train"),),
        problems=found.problems,
        accounting=found.books,
    )


def _of_manifest(found: Found, artifact: Artifact) -> Reading:
    view = View.of(artifact, found.values)
    config = view.object("config")
    origin = view.filled("config_path")
    resumed = view.filled("resume_from")
    claims = []
    if origin is not None:
        claims.append(Claim("config.pipeline_config", origin, view.at("config_path")))
    step = Step(
        at=artifact.at(),
        step_id="1",
        name="train",
        inputs={"resume_from_checkpoint": resumed} if resumed else {},
    )
    configs: tuple[Config, ...] = ()
    if config.value:
        configs = (
            Config(
                at=view.at("config"),
                id=f"{artifact.path}#config",
                role="resolved",
                format="json",
                values=config.value,
            ),
        )
    return Reading(
        claims=tuple(claims),
        configs=configs,
        steps=(step,),
        checkpoints=tuple(_checkpoints(view)),
        problems=(*found.problems, *view.problems),
        accounting=found.books,
        extras={"manifest_version": view.value.get("manifest_version")},
    )


def _checkpoints(view: View) -> Iterator[Checkpoint]:
    step = view.integer("global_step")
    for key, tag in (("last_checkpoint", "last"), ("best_checkpoint", "best")):
        path = view.filled(key)
        if path is not None:
            yield Checkpoint(
                at=view.at(key), path=path, tags=(tag,), step=step if tag == "last" else None
            )


READER = Reader(
    name="codex_config",
    kind="codex_ml.config",
    summary="codex_ml config.ndjson, config.json, resume_manifest.json, seeds.json",
    select=select,
    detect=detect,
    parse=parse,
    map=to_reading,
)
