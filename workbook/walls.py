"""What this machine can put around others' code, each wall looked at by itself."""

from __future__ import annotations

import sys
from typing import Literal

from workbook.postgres.account import is_root
from workbook.sandbox import bubblewrap, landlock, seccomp

State = Literal["ok", "limited", "missing"]
#: How it stands, what was seen, and what to do about it.
Seen = tuple[State, str] | tuple[State, str, str]
LINUX = sys.platform == "linux"


def see_bubblewrap() -> Seen:
    if why := bubblewrap.missing():
        cure = "Only grading others' code needs it. On Debian and Ubuntu: apt install bubblewrap"
        return "limited", f"No bubblewrap: {why}.", cure if LINUX else "It is for Linux alone."
    return "ok", "bubblewrap makes closed rooms for others' code."


def see_landlock() -> Seen:
    if version := landlock.abi():
        return "ok", f"The kernel has Landlock, version {version}."
    return "limited", "The kernel has no Landlock, one lock less when grading others' code."


def see_seccomp() -> Seen:
    if why := seccomp.missing():
        return "limited", f"No seccomp, one lock less when grading others' code: {why}."
    return "ok", "The kernel filters system calls (seccomp)."


def see_account() -> Seen:
    if is_root():
        return (
            "limited",
            "You are root: others' code is graded in a sandbox only.",
            "Work as an ordinary user where you can.",
        )
    return "ok", "You are an ordinary user."
