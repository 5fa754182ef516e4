"""`runarchive schemas`."""

from __future__ import annotations

from typing import Annotated

import typer

from archiver.cli.terminal import tell
from archiver.errors import ArchiverError, ExitCode


def command(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]", help="Print this schema, such as coordexp.run_metadata or record."
        ),
    ] = None,
) -> int:
    """List the JSON Schemas that artifacts are held to, or print one."""
    import orjson

    from archiver import resources

    folder = resources.directory(resources.SCHEMAS)
    known = {path.name.partition(".v")[0]: path for path in sorted(folder.glob("*.v*.json"))}
    if name is not None:
        path = known.get(name) or known.get(name.partition(".v")[0])
        if path is None:
            raise ArchiverError(name, "is no schema", "`runarchive schemas` lists them")
        tell(resources.text(resources.SCHEMAS, path.name).rstrip("\n"))
        return ExitCode.OK
    width = max(map(len, known))
    for key, path in known.items():
        title = orjson.loads(path.read_bytes()).get("title", "")
        tell(f"{key:<{width}}  {title}")
    return ExitCode.OK
