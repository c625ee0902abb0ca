"""How a new process settles down: output to a file, limits, walls; then it serves."""

import importlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from workbook.sandbox import Lockdown, lockdown

from . import limits

Send = Callable[[bytes], object]


def settle(opening: dict[str, Any], channel: int) -> BinaryIO:
    """Makes this process one that may run a student's code; returns what it prints to.

    With `lockdown` in the opening the walls of a sandbox go up, for good; without it the limits
    of one's own machine hold.
    """
    os.environ.update(opening.get("env", {}))
    tempfile.tempdir = None
    printed = _capture_output()
    importlib.invalidate_caches()
    walls = opening.get("lockdown")
    if walls is None:
        limits.apply(limits.Limits())
        return printed
    paths = {name: [Path(path) for path in walls[name]] for name in ("read", "write")}
    lockdown(Lockdown(**walls | paths, keep_fds=[channel, printed.fileno()]))
    return printed


def _capture_output() -> BinaryIO:
    """Sends stdout and stderr into a file of their own; stdin comes from nowhere."""
    printed = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 (it lives as long as we do)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    for fd in (1, 2):
        os.dup2(printed.fileno(), fd)
    os.set_inheritable(printed.fileno(), False)
    return printed
