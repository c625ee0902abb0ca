"""Kernel calls that open more of the kernel than a lesson needs."""

import contextlib
import ctypes
import os

from workbook.sandbox import kernel
from workbook.sandbox.attacks import Target, answer, attack
from workbook.sandbox.syscalls import MACHINES

# Called so that they can't do anything: what matters is who answers.
NEEDLESS = {
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425), "add_key": (248, 217), "keyctl": (250, 219),
    "memfd_create": (319, 279), "shmget": (29, 194),
    "semget": (64, 190), "pidfd_open": (434, 434), "process_vm_readv": (310, 270),
    "mount": (165, 40), "unshare": (272, 97), "setns": (308, 268), "open_tree": (428, 428),
    "init_module": (175, 105), "inotify_init1": (294, 26), "personality": (135, 92),
    "name_to_handle_at": (303, 264), "setuid": (105, 146), "chroot": (161, 51),
}  # fmt: skip


@attack("uses kernel calls without need")
def _(target: Target) -> object:
    reached = []
    for name, numbers in NEEDLESS.items():
        with contextlib.suppress(OSError):
            answer(numbers, -1, -1, -1, -1, -1, -1)
            reached.append(name)
    if not reached:
        raise PermissionError(f"all {len(NEEDLESS)} refused")
    return reached


@attack("mounts a file system")
def _(target: Target) -> object:
    here = ctypes.create_string_buffer(os.fsencode(target["scratch"]))
    kind = ctypes.create_string_buffer(b"tmpfs")
    number = NEEDLESS["mount"][MACHINES.index(kernel.machine())]
    kernel.syscall(number, kind, here, kind, 0, 0)
    return kernel.syscall((166, 39)[MACHINES.index(kernel.machine())], here, 0)


@attack("opens a namespace of its own")
def _(target: Target) -> object:
    # The last attack of all: where it succeeds, this process has lost its rights outside.
    return kernel.syscall(NEEDLESS["unshare"][MACHINES.index(kernel.machine())], 0x10000000)
