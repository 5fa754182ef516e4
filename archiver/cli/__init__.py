"""The command line: options become one call, its result is printed, an exit code is returned."""

from archiver.cli.app import main

__all__ = ["main"]
