"""The command line: options become one call, its result is printed, an exit code is returned."""

from __future__ import annotations

import gc
from typing import NoReturn

_OBJECTS_BETWEEN_COLLECTIONS = 50_000
"""Start-up makes many objects that all stay: looking among them for garbage, as Python by default
does after each 700, costs a tenth of it."""


def main() -> NoReturn:
    """Run the command line and exit with its code."""
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    # Most of those objects are made by this import.
    from archiver.cli import app

    app.main()
