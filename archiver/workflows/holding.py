"""A single file held to one schema, whatever it is called: nothing else is asked of it.

Most files of a hook or a CI job are fine, so a document that its format and the fast engine accept
is done with at once; only what is not accepted is looked at with everything else at hand.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from archiver.codecs import json_document
from archiver.errors import ArchiverError
from archiver.limits import Limits
from archiver.model.findings import RunFindings
from archiver.schemacheck import checker, index
from archiver.schemacheck.index import SchemaFile

if TYPE_CHECKING:
    from archiver.audit import Audit
    from archiver.workflows.options import ValidateOptions


def held(path: Path, options: ValidateOptions) -> tuple[RunFindings, Audit | None]:
    """What is wrong with a file by the schema that was asked for.

    Raises:
        ArchiverError: when there is no such schema, or no file that can be read.
    """
    schema = index.find(options.schema or "")
    data = _content(path, options.limits)
    if _format(schema) == "json" and _accepted(data, schema, options.limits):
        return RunFindings(path=str(path), run_id=path.name, artifacts=1), None
    from archiver.workflows.audits import Audits

    return Audits(options).by_schema(path, schema)


def _format(schema: SchemaFile) -> str:
    return schema.described.format if schema.described is not None else "json"


def _accepted(data: bytes, schema: SchemaFile, limits: Limits) -> bool:
    """Whether a document is plainly fine, by its format and by the fast engine."""
    document = json_document.parse(data, limits)
    return (
        document.complete
        and not document.flaws.counts
        and checker.checker(schema.name).accepts(document.value)
    )


def _content(path: Path, limits: Limits) -> bytes:
    """The file's bytes, and one more than a document may have of a larger one.

    Raises:
        ArchiverError: when it is no regular file that can be read.
    """
    hint = "give a file that exists and that you may read"
    try:
        # The argument itself may be a link: the person named it. A pipe must not block.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise ArchiverError(str(path), "is no regular file", "give a single file")
            return file.read(limits.document_bytes + 1)
    except OSError as fault:
        raise ArchiverError(str(path), fault.strerror or "cannot be read", hint) from None
