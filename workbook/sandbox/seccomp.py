"""Seccomp: the kernel refuses every call that no lesson needs.

A small assembler for the classic BPF that the kernel runs on each call. What is
refused answers EPERM, which Python raises as PermissionError in the frame that
asked; the process goes on. No call makes a process or starts a program, so killing
one pid ends all that a submission began.
"""

import ctypes
import errno
import os
import struct
from collections.abc import Sequence
from functools import cache

from workbook.sandbox import kernel
from workbook.sandbox.syscalls import MACHINES, NEWEST, numbers

LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, KILL, REFUSE, UNKNOWN = (
    0x7FFF0000,
    0x80000000,
    0x00050000 | errno.EPERM,
    0x00050000 | errno.ENOSYS,
)
ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
LOAD_FILTER = {"x86_64": 317, "aarch64": 277}
TO_ALL_THREADS = 1

CLONE_THREAD = 0x00010000
CLONE_INTO_A_NEW_NAMESPACE = 0x7E020000
AF_UNIX = 1
# No owner and no signal of a descriptor: they send signals to other processes.
FCNTL = (0, 1, 2, 3, 4, 5, 6, 7, 36, 37, 38, 1030)
# FIONBIO FIOCLEX FIONCLEX FIONREAD TCGETS TCGETS2 TIOCGWINSZ: none that types into a terminal.
IOCTL = (0x5421, 0x5451, 0x5450, 0x541B, 0x5401, 0x802C542A, 0x5413)
# PR_SET_NAME PR_GET_NAME PR_GET_DUMPABLE PR_GET_SECCOMP PR_GET_NO_NEW_PRIVS PR_SET_VMA
PRCTL = (15, 16, 3, 21, 39, 0x53564D41)

Line = tuple[int, int, int, int]


def missing() -> str | None:
    """Say why this machine can't filter kernel calls, or None."""
    if kernel.machine() not in MACHINES:
        return f"no table of kernel calls for {kernel.machine()}"
    try:
        kernel.prctl(kernel.PR_GET_SECCOMP)
    except OSError:
        return "this kernel has no seccomp filters"
    return None


def _load(offset: int) -> Line:
    return (LOAD, 0, 0, offset)


def _answer(verdict: int) -> Line:
    return (RETURN, 0, 0, verdict)


def _argument(index: int) -> Line:
    return _load(16 + 8 * index)


def _one_of(argument: int, accepted: Sequence[int]) -> list[Line]:
    lines = [_argument(argument)]
    for value in accepted:
        lines += [(EQUAL, 0, 1, value), _answer(ALLOW)]
    return [*lines, _answer(REFUSE)]


def _conditions(pid: int, sockets: bool) -> dict[str, list[Line]]:
    """What is looked at beyond the number of a call; each list ends with an answer."""
    return {
        # The C library falls back from clone3, whose flags a filter can't see, to clone.
        "clone3": [_answer(UNKNOWN)],
        "clone": [
            _argument(0),
            (ANY_BIT, 2, 0, CLONE_INTO_A_NEW_NAMESPACE),
            (ANY_BIT, 0, 1, CLONE_THREAD),
            _answer(ALLOW),
            _answer(REFUSE),
        ],
        "socket": _one_of(0, (AF_UNIX,) if sockets else ()),
        "socketpair": _one_of(0, (AF_UNIX,)),
        "kill": _one_of(0, (pid,)),
        "tgkill": _one_of(0, (pid,)),
        "fcntl": _one_of(1, FCNTL),
        "ioctl": _one_of(1, IOCTL),
        "prctl": _one_of(0, PRCTL),
        # Its own limits, which a process can lower and never raise.
        "prlimit64": _one_of(0, (0,)),
    }


@cache
def _plainly_allowed(machine: str) -> tuple[Line, ...]:
    """The rest of the table, in runs of numbers: the kernel reads the filter for every child."""
    allowed = sorted(numbers(machine).values())
    first = [n for n in allowed if n - 1 not in allowed]
    last = [n for n in allowed if n + 1 not in allowed]
    lines: list[Line] = []
    for low, high in zip(first, last, strict=True):
        lines += [(AT_LEAST, 0, 2, low), (AT_LEAST, 1, 0, high + 1), _answer(ALLOW)]
    return (*lines, _answer(REFUSE))


def program(machine: str, pid: int, *, sockets: bool) -> list[Line]:
    """Assemble the filter for one process: (code, jump if so, jump if not, value)."""
    lines = [
        _load(4),
        (EQUAL, 1, 0, ARCHITECTURE[machine]),
        _answer(KILL),
        _load(0),
        # The x32 calls of x86_64 begin at bit 30, so this answers them too.
        (AT_LEAST, 0, 1, NEWEST + 1),
        _answer(UNKNOWN),
    ]
    known = numbers(machine)
    # Each of these answers before the runs below, which hold their numbers too.
    for name, body in _conditions(pid, sockets).items():
        lines += [(EQUAL, 0, len(body), known[name]), *body]
    return [*lines, *_plainly_allowed(machine)]


def restrict(*, sockets: bool) -> None:
    """Refuse, from now on and for good, all but the allowed kernel calls.

    `sockets` lets local sockets be opened (a PostgreSQL server's); a pair of
    connected ones always can. Needs no-new-privileges to be set.
    """
    machine = kernel.machine()
    lines = program(machine, os.getpid(), sockets=sockets)
    code = b"".join(struct.pack("=HBBI", *line) for line in lines)
    buffer = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("@HP", len(lines), ctypes.addressof(buffer))
    given = ctypes.create_string_buffer(header, len(header))
    if thread := kernel.syscall(LOAD_FILTER[machine], 1, TO_ALL_THREADS, given):
        raise OSError(f"thread {thread} can't take this filter")
