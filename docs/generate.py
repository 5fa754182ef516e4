"""Write the pages of `docs/` and the files of `schemas/` that are made from the code.

The outputs of the commands that the README shows are made, too, by running them.

`python docs/generate.py` writes them; `--check` writes nothing and fails where one differs.
"""

from __future__ import annotations

import io
import json
import re
import shlex
import sys
from collections.abc import Iterable, Sequence
from contextlib import chdir, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import typer.main
from record_schema import inventory_schema, record_schema

from archiver import contracts, registry, rulebook
from archiver.cli.app import app, run
from archiver.extension import Reader, Rule
from archiver.model.fields import FIELDS, Section, of_section

ROOT = Path(__file__).resolve().parent.parent
NOTICE = "<!-- Made from the code by `make docs`; edit the code instead. -->\n"


def pages() -> dict[str, str]:
    """Path below the root -> content, for everything that is made from the code."""
    return {
        "README.md": readme(),
        "docs/cli.md": cli_page(),
        "docs/fields.md": fields_page(),
        "docs/readers.md": readers_page(),
        "docs/rules.md": rules_page(),
        "docs/schemas.md": schemas_page(),
        "schemas/record.v1.json": _json(record_schema()),
        "schemas/inventory-entry.v1.json": _json(inventory_schema()),
    }


def _json(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


EXAMPLE = re.compile(
    r"^(?:\$ )?runarchive (collect fixtures/.*)\n(?:(?!```).+\n)*"
    r"|^\$ runarchive (validate fixtures/.*)\n(?:(?!```).*\n)*",
    re.MULTILINE,
)


def readme() -> str:
    """The README as it is, with the output below each of its commands up to date."""
    return EXAMPLE.sub(_example, (ROOT / "README.md").read_text("utf-8"))


def _example(shown: re.Match[str]) -> str:
    command = shown[0].partition("\n")[0]
    words = shlex.split(shown[1] or shown[2])
    archives = words[words.index("-o") + 1] if "-o" in words else "archives"
    said = io.StringIO()
    with TemporaryDirectory() as scratch, chdir(ROOT), redirect_stdout(said):
        elsewhere = str(Path(scratch) / archives)
        if "-o" in words:
            words[words.index("-o") + 1] = elsewhere
        elif words[0] == "collect":
            words += ["-o", elsewhere]
        if run(words) not in (0, 1):
            raise SystemExit(f"README: {command} fails")
    return f"{command}\n{said.getvalue().replace(elsewhere, archives)}"


def fields_page() -> str:
    """The field registry, section by section."""
    parts = [
        "# Fields\n",
        NOTICE,
        f"""\
The {len(FIELDS)} fields of the archive template: every bullet and every table column of
`ARCHIVE.md`. Fields that live in `fields` of `record.json` stand there under these names and can
be declared with `--set NAME=VALUE`; `repro.env.<NAME>` names one environment variable. The others
are entries of the list that the last column names. `_gb` is GiB.
""",
    ]
    for section in Section:
        rows = [
            (
                f"`{item.name}`",
                item.type,
                item.unit or "",
                item.meaning,
                f"`{item.home.value}`",
            )
            for item in of_section(section)
        ]
        parts.append(f"## {section.value}\n")
        parts.append(_table(("field", "type", "unit", "meaning", "in record.json"), rows))
    return "\n".join(parts)


def readers_page() -> str:
    """Readers with their kinds and metric maps, and the producers' contracts."""
    readers = registry.readers()
    parts = [
        "# Readers and producers\n",
        NOTICE,
        """\
A reader recognises one kind of artifact by its content and turns it into claims, configurations,
steps and metric points. Whatever no reader recognises is listed and hashed, and said to be of no
known kind.
""",
        "## Producers\n",
        """\
A run's producers are the contracts that its artifacts satisfy; several may be, since trainers
build on each other. The era is the first, newest first, whose evidence is there.
""",
        _table(
            ("producer", "name in record.json", "eras, newest first"),
            [
                (item.title, f"`{item.name}`", ", ".join(era.name for era in item.eras))
                for item in contracts.every()
            ],
        ),
        "## Readers\n",
        _table(
            ("reader", "kind", "reads"),
            [(f"`{item.name}`", f"`{item.kind}`", item.summary) for item in readers],
        ),
        "## Metrics\n",
        """\
What the keys that producers write mean. A key that stands in no table is kept as written, without
a canonical name. Units are those that the producer wrote, never converted.
""",
    ]
    for reader in readers:
        if reader.metrics:
            parts += [f"### {reader.name}\n", _metrics(reader)]
    return "\n".join(parts)


def _metrics(reader: Reader[Any]) -> str:
    rows = [
        (
            f"`{key}`",
            f"`{metric.canonical}`",
            metric.unit or "",
            metric.split or "",
            ", ".join(f"{name}={value}" for name, value in metric.attributes),
        )
        for key, metric in reader.metrics.items()
    ]
    return _table(("key", "canonical", "unit", "split", "attributes"), rows)


def rules_page() -> str:
    """Every rule with its page."""
    rules = sorted(registry.rules(), key=lambda rule: rule.id)
    parts = [
        "# Rules\n",
        NOTICE,
        """\
What the audit checks. `runarchive explain RULE` prints the same pages. [audit.md](audit.md) tells
how to select, silence and weigh them.
""",
        _table(
            ("id", "name", "severity", "finds"),
            [
                (item.id, f"[`{item.name}`](#{item.id.lower()}-{item.name})", item.severity.value,
                 item.summary)
                for item in rules
            ],
        ),
    ]  # fmt: skip
    parts += [f"## {item.id} {item.name}\n\n{_rule(item)}" for item in rules]
    return "\n".join(parts)


def _rule(item: Rule) -> str:
    lines = [
        f"**{line}**\n" if line in rulebook.HEADINGS else line.removeprefix("    ")
        for line in rulebook.page(item).splitlines()
    ]
    text = "\n".join(lines).strip() + "\n"
    if not item.thresholds:
        return text
    rows = [
        (f"`{key}`", f"{spec.default:g}", spec.meaning) for key, spec in item.thresholds.items()
    ]
    return text + "\n" + _table(("threshold", "default", "meaning"), rows)


def schemas_page() -> str:
    """Every schema with what it is of."""
    rows = []
    for path in sorted((ROOT / "schemas").glob("*.json")):
        schema = json.loads(path.read_text("utf-8"))
        artifact = schema.get("x-artifact", {})
        names = ", ".join(f"`{name}`" for name in artifact.get("files", ()))
        rows.append((f"[{path.name}](../schemas/{path.name})", names, schema["title"]))
    return "\n".join(
        [
            "# Schemas\n",
            NOTICE,
            """\
JSON Schemas (draft 2020-12) of the artifacts that producers leave behind, and of what `runarchive`
itself writes. `runarchive schemas NAME` prints one; `runarchive validate FILE --schema NAME` holds
a file to it.
""",
            _table(("schema", "files", "of"), rows),
        ]
    )


def cli_page() -> str:
    """`--help` of the application and of every command."""
    parts = ["# Command line\n", NOTICE]
    for path, text in helps():
        parts.append(f"## {path}\n\n```\n{text}\n```\n")
    return "\n".join(parts)


def helps() -> list[tuple[str, str]]:
    """Command path -> its help, 80 columns wide whatever the terminal."""
    return list(_helps(typer.main.get_command(app), "runarchive", None))


def _helps(
    command: click.Command, name: str, parent: click.Context | None
) -> Iterable[tuple[str, str]]:
    context = click.Context(
        command, info_name=name, parent=parent, terminal_width=80, max_content_width=80,
        **command.context_settings,
    )  # fmt: skip
    yield context.command_path, command.get_help(context).rstrip()
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            if found is not None and not found.hidden:
                yield from _helps(found, child, context)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines
    )


def main(arguments: Sequence[str]) -> int:
    """Write the files, or with `--check` name those that differ."""
    check = "--check" in arguments
    stale = []
    for path, text in pages().items():
        target = ROOT / path
        if not target.exists() or target.read_text("utf-8") != text:
            stale.append(path)
            if not check:
                target.parent.mkdir(exist_ok=True)
                target.write_text(text, "utf-8")
    for path in stale:
        print(f"{path} differs; run `make docs`" if check else f"wrote {path}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
