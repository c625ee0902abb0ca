"""Limits of a witness that the operating system keeps, where it has them."""

import contextlib
import os
import sys
from dataclasses import dataclass

if sys.platform != "win32":
    import resource


@dataclass(frozen=True)
class Limits:
    """What one witness may use: bytes of memory, bytes of one file, open files."""

    memory: int = 2 * 1024**3
    file: int = 64 * 1024**2
    files: int = 256


def _lower(kind: int, value: int) -> None:
    """Lowers the soft limit and the hard one, never past what is there already."""
    _, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(kind, (value, value))


def apply(limits: Limits) -> None:
    """Sets the limits of this process for good. Does nothing on Windows."""
    if sys.platform == "win32":
        return
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, limits.file)
    _lower(resource.RLIMIT_NOFILE, limits.files)
    if sys.platform == "linux":  # macOS refuses it
        _lower(resource.RLIMIT_AS, limits.memory)


def allow_cpu(seconds: float) -> None:
    """Ends this process by SIGXCPU once it has used that much CPU time from now.

    In a jail that lets nobody move limits, the judge's wall clock alone holds.
    """
    if sys.platform == "win32":
        return
    used = sum(os.times()[:2])
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = int(used + seconds) + 1
    if hard != resource.RLIM_INFINITY:
        soft = min(soft, hard)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))
