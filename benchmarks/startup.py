"""CPU time of start-up: `runarchive --help` against a bare Python and other tools' `--help`."""

from __future__ import annotations

import shutil

from collect import median, run

REPEAT = 7


def main() -> None:
    """Print a line per command."""
    commands = {
        "python -c pass": ("-c", "pass"),
        "runarchive --help": ("-m", "archiver", "--help"),
        "runarchive collect --help": ("-m", "archiver", "collect", "--help"),
    }
    rival = shutil.which("check-jsonschema")
    if rival:
        commands["check-jsonschema --help"] = (rival, "--help")
    for name, arguments in commands.items():
        cost = median([run(*arguments) for _ in range(REPEAT)])
        print(f"{name:<28} {cost.cpu:6.3f} s CPU {cost.memory:6.0f} MB")


if __name__ == "__main__":
    main()
