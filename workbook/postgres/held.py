"""Files that a living process holds, so that its end is always seen.

The kernel lets go of a lock when its holder dies, however it dies: there are no
process ids to compare and nothing to clean up after a `kill -9`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int, *, wait: bool) -> None:
        while True:
            try:
                return msvcrt.locking(handle, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
            except OSError:  # LK_LOCK gives up after ten seconds
                if not wait:
                    raise
else:
    import fcntl

    def _lock(handle: int, *, wait: bool) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)


class Held:
    """A file held from here until `let_go`, or the end of the process.

    It is let go by closing, never by unlocking: a forked child closes its copy
    without taking the file from its parent.
    """

    def __init__(self, path: Path, *, wait: bool = True) -> None:
        """Hold `path`; `BlockingIOError` when somebody does and `wait` is false."""
        self.path = path
        self._handle: int | None = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(self._handle, wait=wait)
        except OSError as error:
            self.let_go()
            raise BlockingIOError(f"{path} is held by another process") from error

    def let_go(self) -> None:
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)


@contextmanager
def holding(path: Path) -> Iterator[None]:
    """Hold `path` for the length of a block, after whoever holds it now."""
    held = Held(path)
    try:
        yield
    finally:
        held.let_go()


def is_held(path: Path) -> bool:
    """Whether a living process holds this file."""
    try:
        Held(path, wait=False).let_go()
    except BlockingIOError:
        return True
    return False
