"""What this machine can put around others' code, each wall looked at by itself."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Literal

from workbook.postgres.account import is_root

State = Literal["ok", "limited", "missing"]
#: How it stands, what was seen, and what to do about it.
Seen = tuple[State, str] | tuple[State, str, str]
LINUX = sys.platform == "linux"


def see_bubblewrap() -> Seen:
    program = shutil.which("bwrap")
    if program is None:
        cure = "Only grading others' code needs it. On Debian and Ubuntu: apt install bubblewrap"
        return "limited", "bubblewrap isn't installed.", cure if LINUX else "It is for Linux alone."
    trial = [program, "--unshare-user", "--unshare-net", "--ro-bind", "/", "/", "true"]
    done = subprocess.run(trial, capture_output=True, text=True, timeout=10)
    if done.returncode:
        said = done.stderr.strip() or "no reason given"
        cure = "Allow unprivileged user namespaces, or grade with another rung of the sandbox."
        return "limited", f"bubblewrap is refused here: {said}", cure
    return "ok", "bubblewrap makes closed rooms for others' code."


def see_landlock() -> Seen:
    # landlock_create_ruleset(NULL, 0, LANDLOCK_CREATE_RULESET_VERSION), the same on every machine
    abi = ctypes.CDLL(None).syscall(444, None, 0, 1) if LINUX else -1
    if abi < 1:
        return "limited", "The kernel has no Landlock, one lock less when grading others' code."
    return "ok", f"The kernel has Landlock, version {abi}."


def see_seccomp() -> Seen:
    if LINUX and "Seccomp:" in Path("/proc/self/status").read_text():
        return "ok", "The kernel filters system calls (seccomp)."
    return "limited", "No seccomp here, one lock less when grading others' code."


def see_account() -> Seen:
    if is_root():
        return (
            "limited",
            "You are root: others' code is graded in a sandbox only.",
            ("Work as an ordinary user where you can."),
        )
    return "ok", "You are an ordinary user."
