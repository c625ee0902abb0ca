"""Landlock: a process gives up every file it did not name, for good.

Rights and numbers follow the kernel's `include/uapi/linux/landlock.h`; each ABI
adds rights, and an older kernel is asked only for those it knows.
"""

import ctypes
import os
import stat
import struct
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from workbook.sandbox import kernel

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
RULE_PATH_BENEATH = 1

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
REMOVE_DIR, REMOVE_FILE = 1 << 4, 1 << 5
MAKE_DIR, MAKE_REG, MAKE_SOCK, MAKE_FIFO = 1 << 7, 1 << 8, 1 << 9, 1 << 10
MAKE_SYM = 1 << 12
REFER, TRUNCATE, IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15

READ = READ_FILE | READ_DIR
WRITE = (
    READ | WRITE_FILE | TRUNCATE | REFER | REMOVE_DIR | REMOVE_FILE
    | MAKE_DIR | MAKE_REG | MAKE_SYM | MAKE_FIFO | MAKE_SOCK
)  # fmt: skip
ON_A_FILE = WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV | EXECUTE

TCP_BIND_AND_CONNECT = 0b11
ABSTRACT_SOCKETS_AND_SIGNALS = 0b11
DEVICES = tuple(Path("/dev", name) for name in ("null", "zero", "urandom", "random"))


@cache
def abi() -> int:
    """Tell which Landlock this kernel speaks; 0 is none."""
    try:
        return kernel.syscall(CREATE_RULESET, None, 0, 1)
    except OSError:
        return 0


def _files(version: int) -> int:
    rights = (1 << 13) - 1
    for since, right in ((2, REFER), (3, TRUNCATE), (5, IOCTL_DEV)):
        if version >= since:
            rights |= right
    return rights


def restrict(read: Sequence[Path], write: Sequence[Path]) -> None:
    """Leave this process `read` to read and `write` to change; nothing else.

    TCP, sockets outside (abstract names) and signals to outside are closed where
    the kernel can. Descriptors that are open already stay open. A path that does
    not exist grants nothing. Needs no-new-privileges to be set.
    """
    version = abi()
    handled = _files(version)
    network = TCP_BIND_AND_CONNECT if version >= 4 else 0
    scoped = ABSTRACT_SOCKETS_AND_SIGNALS if version >= 6 else 0
    packed = struct.pack("=QQQ", handled, network, scoped)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    ruleset = kernel.syscall(CREATE_RULESET, ctypes.create_string_buffer(packed, 24), size, 0)
    try:
        for path in (*read, *DEVICES):
            _grant(ruleset, path, READ & handled)
        for path in (*write, Path("/dev/null")):
            _grant(ruleset, path, WRITE & handled)
        kernel.syscall(RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _grant(ruleset: int, path: Path, rights: int) -> None:
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(opened).st_mode):
            rights &= ON_A_FILE
        rule = ctypes.create_string_buffer(struct.pack("=Qi", rights, opened), 12)
        kernel.syscall(ADD_RULE, ruleset, RULE_PATH_BENEATH, rule, 0)
    finally:
        os.close(opened)
