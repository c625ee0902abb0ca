"""The processes around a submission, and new ones."""

import contextlib
import fcntl
import os
import resource
import socket
import subprocess
import sys
from functools import partial
from hashlib import sha256
from pathlib import Path

from workbook.sandbox import kernel
from workbook.sandbox.attacks import Target, answer, attack, first
from workbook.sandbox.syscalls import MACHINES


@attack("reads the grader's environment")
def _(target: Target) -> object:
    if target["variable"] in os.environ:
        return "in its own environment"
    for path in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            # Digests cross into the jail, so that the test itself gives nothing away.
            entries = path.read_bytes().split(b"\0")
            if any(sha256(entry).hexdigest() in target["environment"] for entry in entries):
                return str(path)
    raise PermissionError("not found in any environment")


@attack("reads the memory of the warm process")
def _(target: Target) -> object:
    with open(f"/proc/{os.getppid()}/mem", "r+b", buffering=0) as memory:
        return memory.fileno()


@attack("traces the warm process")
def _(target: Target) -> object:
    seize = 0x4206
    number = (101, 117)[MACHINES.index(kernel.machine())]
    return kernel.syscall(number, seize, os.getppid(), 0, 0)


@attack("takes a descriptor of another process")
def _(target: Target) -> object:
    open_pid, take = 434, 438

    def taken(pid: int, number: int) -> int:
        handle = kernel.syscall(open_pid, pid, 0)
        try:
            return kernel.syscall(take, handle, number, 0)
        finally:
            os.close(handle)

    return first(partial(taken, pid, fd) for pid in (1, os.getppid()) for fd in range(16))


@attack("signals the warm process")
def _(target: Target) -> object:
    os.kill(os.getppid(), 0)
    return "it would have arrived"


@attack("makes itself the owner of another's signals")
def _(target: Target) -> object:
    ours, _theirs = socket.socketpair()
    return fcntl.fcntl(ours, 8, os.getppid())  # F_SETOWN


@attack("reads the limits of the warm process")
def _(target: Target) -> object:
    return resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE)


@attack("sees processes of the machine")
def _(target: Target) -> object:
    said = Path(f"/proc/{target['pid']}/stat").read_text()
    if said.rpartition(")")[2].split()[19] != target["started"]:
        raise ProcessLookupError("that pid is another process here")
    return said[:40]


@attack("starts a process")
def _(target: Target) -> object:
    if (child := os.fork()) == 0:
        os._exit(0)
    return os.waitpid(child, 0)[0]


@attack("starts a program")
def _(target: Target) -> object:
    return first(
        iter(
            (
                # Without a path, a kernel that would run a program finds a bad address.
                lambda: answer((59, 221), None, None, None),
                lambda: subprocess.run([sys.executable, "-c", ""], check=False).returncode,
            )
        )
    )
