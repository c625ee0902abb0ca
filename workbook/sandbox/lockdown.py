"""Close the last doors: in the child, after the fork, before a submission's code."""

import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from workbook.sandbox import kernel, landlock, limits, seccomp
from workbook.sandbox.errors import SandboxError
from workbook.sandbox.jail import SYSTEM
from workbook.sandbox.ladder import named


@dataclass(frozen=True, kw_only=True)
class Lockdown(limits.Limits):
    """What one child keeps; all else is closed to it for good.

    `read` and `write` count where the rung has Landlock. `keep_fds` stay open beside
    0, 1 and 2; a descriptor is never asked again where it leads. `sockets` lets it
    open local sockets, which a PostgreSQL database needs.
    """

    rung: str
    read: Sequence[Path]
    write: Sequence[Path]
    keep_fds: Sequence[int] = ()
    sockets: bool = False


def shield() -> None:
    """Keep the warm process from being traced or outliving its parent; call it first."""
    if sys.platform == "linux":
        kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)


def lockdown(lock: Lockdown) -> None:
    """Give up all but what `lock` names; there is no way back.

    Call it once, in a child with one thread. Raises SandboxError when a wall of the
    rung can't be put up; the child must then end without running a submission.
    """
    rung = named(lock.rung)
    if os.name == "posix":
        _close_all_but(lock.keep_fds)
    if sys.platform == "linux":
        os.setsid()
        shield()
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    limits.apply(lock, count_threads=rung.counts_threads)
    try:
        if rung.landlock:
            landlock.restrict((*SYSTEM, *lock.read), lock.write)
        if rung.seccomp:
            seccomp.restrict(sockets=lock.sockets)
    except OSError as error:
        raise SandboxError(f"The rung {rung.name} could not lock a child down: {error}") from error


def _close_all_but(kept: Sequence[int]) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    start = 3
    for number in sorted({fd for fd in kept if fd > 2}):
        os.closerange(start, number)
        start = number + 1
    os.closerange(start, os.sysconf("SC_OPEN_MAX"))


def sweep() -> None:
    """Kill whatever a submission left running in this jail, before it is looked into.

    For the warm process, once its child has ended and no other one lives. Does
    nothing unless the jail has pids of its own.
    """
    outside = os.environ.get("WORKBOOK_OUTSIDE")
    if not outside or os.readlink("/proc/self/ns/pid") == outside:
        return
    try:
        os.kill(-1, signal.SIGKILL)
    except ProcessLookupError:
        return
    while True:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return
