"""The few kernel calls that Python's standard library has no name for."""

import ctypes
import os
import platform
from typing import Any

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_GET_SECCOMP, PR_SET_NO_NEW_PRIVS = 1, 4, 21, 38


def _load() -> Any:
    try:
        return ctypes.CDLL(None, use_errno=True)
    except (OSError, TypeError):  # Windows has no such library
        return None


# Loaded once, in the warm process: a locked-down child may not be able to.
_libc = _load()


def machine() -> str:
    """Name the processor the way the kernel's tables do: x86_64, aarch64."""
    return {"AMD64": "x86_64", "arm64": "aarch64"}.get(platform.machine(), platform.machine())


def _checked(result: int, name: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result


def syscall(number: int, *arguments: Any) -> int:
    """Make one kernel call by its number; raises OSError as the kernel answers."""
    if _libc is None:
        raise OSError("this system has no Linux kernel calls")
    widened = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    return _checked(int(_libc.syscall(ctypes.c_long(number), *widened)), f"kernel call {number}")


def prctl(option: int, *arguments: Any) -> int:
    """Change or read one property of this process."""
    if _libc is None or not hasattr(_libc, "prctl"):
        raise OSError("this system has no prctl")
    padded = [*arguments, 0, 0, 0, 0][:4]
    widened = [ctypes.c_ulong(a) if isinstance(a, int) else a for a in padded]
    return _checked(int(_libc.prctl(option, *widened)), f"prctl {option}")
