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
from archiver.codecs.flaws import INFORMATIONAL
from archiver.errors import ArchiverError
from archiver.limits import Limits
from archiver.model.findings import Accepted, RunFindings
from archiver.schemacheck import checker, index
from archiver.workflows.options import refuse_output_in

if TYPE_CHECKING:
    from archiver.audit import Audit
    from archiver.workflows.options import ValidateOptions


class Holder:
    """Holds one file after the other to one schema.

    Raises:
        ArchiverError: when there is no such schema.
    """

    def __init__(self, name: str, options: ValidateOptions) -> None:
        self._options = options
        self._schema = index.find(name)
        described = self._schema.described
        self._is_json = described is None or described.format == "json"
        self._checker = checker.of(self._schema)

    def held(self, path: str) -> tuple[RunFindings, Audit | None]:
        """What is wrong with a file by the schema.

        Raises:
            ArchiverError: when it is no file that can be read.
        """
        refuse_output_in(path, self._options.output)
        data = _content(path, self._options.limits)
        if self._is_json and self._accepts(data):
            return Accepted(path if path.isascii() else _printable(path)), None
        from archiver.workflows.audits import Audits

        return Audits(self._options).by_schema(Path(path), self._schema)

    def _accepts(self, data: bytes) -> bool:
        """Whether a document is plainly fine, by its format and by the fast engine."""
        limits = self._options.limits
        plain = json_document.quick(data, limits)
        if plain is not None:
            return self._checker.unsupported_version(plain[0]) is None and (
                self._checker.is_valid(plain[0])
            )
        document = json_document.parse(data, limits)
        if not document.complete or not document.flaws.counts.keys() <= INFORMATIONAL:
            return False
        found = self._checker.violations(document.value, is_json=document.is_json)
        return next(found, None) is None


def _printable(path: str) -> str:
    from archiver.rundir import printable_path

    return printable_path(path)


def _content(path: str, limits: Limits) -> bytes:
    """The file's bytes, and one more than a document may have of a larger one.

    Raises:
        ArchiverError: when it is no regular file that can be read.
    """
    try:
        # The argument itself may be a link: the person named it. A pipe must not block.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise ArchiverError(path, "is no regular file", "give a single file")
            # Room for what is asked is made at once; a regular file gives all of it.
            return os.read(descriptor, min(status.st_size, limits.document_bytes) + 1)
        finally:
            os.close(descriptor)
    except OSError as fault:
        hint = "give a file that exists and that you may read"
        raise ArchiverError(path, fault.strerror or "cannot be read", hint) from None
