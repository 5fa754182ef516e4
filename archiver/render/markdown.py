"""ARCHIVE.md: the experiment archive template, filled from the record."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from urllib.parse import quote

from jinja2 import Environment, StrictUndefined, Template

from archiver import resources
from archiver.audit import NO_AUDIT, Audit
from archiver.model.fields import Section
from archiver.model.record import FileEntry, RunRecord
from archiver.model.values import Value
from archiver.render import fields, findings, head, series, shapes, steps, tables
from archiver.render import files as inventory
from archiver.render.escape import Markdown, fence, inline, prose, shorten
from archiver.render.experiment import Page
from archiver.render.yaml_text import dump_value

_TITLE = 120
_FOLD = 60
"""Lines of YAML from which on a block is folded."""


def experiment(name: str, records: Sequence[RunRecord], plot: str | None) -> str:
    """The page of an experiment's runs; `plot` is the path of the time line beside it."""
    page = Page(name, records, plot)
    return _template("EXPERIMENT.md.j2").render(page=page, parameters=page.parameters())


def archive(
    record: RunRecord,
    plots: Sequence[str],
    files: Sequence[FileEntry] = (),
    audit: Audit = NO_AUDIT,
) -> str:
    """The whole document; `plots` are the drawings beside it, `files` is the inventory."""
    return _template("ARCHIVE.md.j2").render(
        record=record,
        Section=Section,
        head=head,
        fields=fields,
        tables=tables,
        series=series,
        plots=head.plots(plots),
        inventory=inventory,
        files=files,
        audit=audit,
        findings=findings,
        steps_yaml=steps.steps_yaml(record),
    )


@cache
def _template(name: str) -> Template:
    """A template; only `Markdown` may come out of its expressions.

    Escaping is the filters' work (HTML escaping would spoil Markdown), and `finalize` refuses
    whatever did not pass one. Values are never templates: they come in as arguments only.
    """
    environment = Environment(
        autoescape=False,  # noqa: S701
        finalize=_only_markdown,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(_FILTERS)
    return environment.from_string(resources.text(resources.TEMPLATES, name))


def _only_markdown(value: object) -> object:
    if isinstance(value, Markdown) or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise TypeError(f"the template wrote {type(value).__name__} without a filter")


def _title(text: str) -> Markdown:
    return inline(shorten(text, _TITLE))


def _yaml(value: Value) -> Markdown:
    return _yaml_block(dump_value(value))


def _yaml_block(text: str) -> Markdown:
    return fence(text.rstrip("\n"), "yaml")


def _folded(block: Markdown, summary: str) -> Markdown:
    """A long block behind a summary of our own words; a short one as it is."""
    lines = block.count("\n") + 1
    if lines <= _FOLD:
        return block
    opened = f"<details><summary>{summary} ({lines - 2} lines)</summary>"
    return Markdown(f"{opened}\n\n{block}\n\n</details>")


def _image(path: str, name: str, what: str = "curves") -> Markdown:
    words = re.sub("[^a-z0-9]+", " ", f"{name} {what}".lower()).strip()
    return Markdown(f"![{words.capitalize()}]({quote(path)})")


_FILTERS: Mapping[str, Callable[..., Markdown]] = {
    "bullets": shapes.bullets,
    "fenced_yaml": _yaml_block,
    "folded": _folded,
    "image": _image,
    "inline": inline,
    "prose": prose,
    "table": shapes.table,
    "title": _title,
    "yaml": _yaml,
}
