"""The template's bullets, from the field registry."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from archiver.model import codec, fields
from archiver.model.fields import Field, Home, Section
from archiver.model.record import Artifact, Checkpoint, Config, Dataset, Resolved, RunRecord
from archiver.render.escape import Markdown, inline, shorten
from archiver.render.shapes import Bullet
from archiver.render.values import NOT_RECORDED, field_bullet, origin, place, scalar

_ENV = "repro.env"
_LONGEST_NAME = 100


def absent(record: RunRecord, name: str) -> Markdown:
    """The word for a field that nobody claims."""
    return Markdown("n/a") if record.coverage.fields.get(name) == "n/a" else NOT_RECORDED


def section(record: RunRecord, which: Section) -> list[Bullet]:
    """Every bullet of a section, in the template's order."""
    found = fields.of_section(which)
    checkpoint_fields = [item for item in found if item.home is Home.CHECKPOINTS]
    bullets = [_checkpoints(record, checkpoint_fields)] if checkpoint_fields else []
    for item in found:
        if item.home is Home.FIELDS:
            bullets.append(_field(record, item))
        elif item.home is Home.CONFIGS:
            bullets.append(_configs(record, item))
        elif item.home is Home.ARTIFACTS:
            bullets.append(_artifacts(record, item))
    return bullets


def further(record: RunRecord) -> list[Bullet]:
    """Fields of the record that the registry does not know."""
    return [
        field_bullet(inline(name), value)
        for name, value in record.fields.items()
        if name not in fields.BY_NAME and not name.startswith(fields.ENV_PREFIX)
    ]


def _field(record: RunRecord, item: Field) -> Bullet:
    if item.name == _ENV:
        return _environment(record, item)
    value = record.fields.get(item.name)
    if value is None:
        return Bullet(item.label, absent(record, item.name))
    bullet = field_bullet(item.label, value)
    if item.section is not Section.DATA:
        return bullet
    size = _size(value, record.datasets)
    return Bullet(item.label, Markdown(f"{bullet.text}{size}"), bullet.block, bullet.below)


def _size(value: Resolved, datasets: Sequence[Dataset]) -> str:
    """`lines` and `bytes` of a data file, where a data set of that path states them."""
    for data in datasets:
        if data.path == value.value and (data.lines is not None or data.bytes is not None):
            lines = NOT_RECORDED if data.lines is None else data.lines
            size = NOT_RECORDED if data.bytes is None else data.bytes
            return f" (lines={lines}, bytes={size}, {place(data.at)})"
    return ""


def _environment(record: RunRecord, item: Field) -> Bullet:
    found = tuple(
        field_bullet(inline(name.removeprefix(fields.ENV_PREFIX)), value)
        for name, value in record.fields.items()
        if name.startswith(fields.ENV_PREFIX)
    )
    text = Markdown("") if found else absent(record, item.name)
    return Bullet(item.label, text, below=found)


def _configs(record: RunRecord, item: Field) -> Bullet:
    of_steps = item.label.startswith("steps")
    found = [config for config in record.configs if (config.step_id is not None) is of_steps]
    if not found:
        return Bullet(item.label, absent(record, item.name))
    return Bullet(
        item.label, Markdown("in full below"), below=tuple(_config(config) for config in found)
    )


def _config(config: Config) -> Bullet:
    step = f"step {inline(config.step_id)}, " if config.step_id is not None else ""
    what = f"{step}{inline(config.role)}, {len(config.values)} keys"
    return Bullet("", Markdown(f"{inline(shorten(config.id, _LONGEST_NAME))}: {what}"))


def _checkpoints(record: RunRecord, columns: Sequence[Field]) -> Bullet:
    home = columns[0].home.value
    if not record.checkpoints:
        return Bullet(home, absent(record, columns[0].name))
    found = tuple(_checkpoint(item, columns) for item in record.checkpoints)
    return Bullet(home, Markdown(""), below=found)


def _checkpoint(item: Checkpoint, columns: Iterable[Field]) -> Bullet:
    parts = []
    for column in columns:
        name = "tags" if column.label == "tag" else column.label
        value = getattr(item, name, None)
        shown = NOT_RECORDED if value in (None, ()) else _words(value)
        parts.append(f"{column.label}: {shown}")
    return Bullet("", Markdown(f"{', '.join(parts)} ({origin(item.origin, item.at)})"))


def _words(value: object) -> str:
    encoded = codec.encode(value)
    return " + ".join(map(scalar, encoded)) if isinstance(encoded, list) else scalar(encoded)


_KINDS = {"hf_models": "hf_model", "reports": "report"}


def _artifacts(record: RunRecord, item: Field) -> Bullet:
    found = [each for each in record.artifacts if each.kind == _KINDS.get(item.label, item.label)]
    text = Markdown("") if found else absent(record, item.name)
    return Bullet(item.label, text, below=tuple(map(artifact, found)))


def artifact(item: Artifact) -> Bullet:
    """One thing that the run made."""
    step = f", step {inline(item.step_id)}" if item.step_id is not None else ""
    return Bullet("", Markdown(f"{inline(item.path)} ({origin(item.origin, item.at)}{step})"))


def other_artifacts(record: RunRecord) -> list[Bullet]:
    """What the run made that no bullet of the template holds."""
    named = {_KINDS.get(item.label, item.label) for item in fields.FIELDS}
    return [
        Bullet(inline(item.kind), artifact(item).text)
        for item in record.artifacts
        if item.kind not in named
    ]
