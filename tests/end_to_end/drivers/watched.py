"""Runs `runarchive` and exits with 99 at the first sign of executing or reaching out.

Usage: watched.py ARGUMENT...; stderr names the event.
"""

from __future__ import annotations

import os
import sys

from archiver.cli import main

FORBIDDEN = {
    "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork",
    "os.forkpty", "os.startfile", "pty.spawn", "pickle.find_class",
    "socket.connect", "socket.getaddrinfo", "socket.bind", "urllib.Request", "webbrowser.open",
    "os.utime", "os.setxattr",
}  # fmt: skip
MODULES = {
    "git", "inspect_ai", "lightning", "mlflow", "pytorch_lightning", "tensorboard", "tensorflow",
    "torch", "torchtune", "transformers", "wandb",
}  # fmt: skip
PLACES = tuple(filter(None, os.environ.get("WATCHED_RUN", "").split(os.pathsep)))


def hook(event: str, arguments: tuple[object, ...]) -> None:
    """End the process at a forbidden event; files of the run may only be read."""
    bad = event in FORBIDDEN
    bad = bad or (event == "import" and str(arguments[0]).partition(".")[0] in MODULES)
    if event in ("exec", "compile"):
        name = str(getattr(arguments[0], "co_filename", arguments[-1]))
        bad = bad or name.startswith(PLACES or ("\0",))
    if event == "open" and PLACES and str(arguments[0]).startswith(PLACES):
        flags = arguments[2] if isinstance(arguments[2], int) else 0
        bad = bad or bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
    if bad:
        os.write(2, f"forbidden: {event} {arguments!r}\n".encode("utf-8", "replace"))
        os._exit(99)


sys.addaudithook(hook)
main()
