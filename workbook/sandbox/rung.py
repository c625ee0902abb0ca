"""One way to run code nobody has read: what it needs, what it promises, how it starts."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from workbook.sandbox import bubblewrap, landlock, seccomp
from workbook.sandbox.errors import SandboxError
from workbook.sandbox.jail import Jail, interpreter_trees
from workbook.sandbox.limits import FEW_ARENAS
from workbook.sandbox.other_user import closed_to_others, free_uid, is_root

Stream = int | IO[bytes] | None
Isolation = Literal["isolated", "confined", "partly confined", "NOT ISOLATED"]
SCOPES = 6  # the first Landlock that closes abstract sockets and signals


@dataclass(frozen=True, kw_only=True)
class Rung:
    """One way to run code nobody has read.

    `shared`: one warm process may serve submission after submission; where it is
    False, each submission needs a warm process of its own, whose staging folder
    holds that submission alone. `gaps` names the proofs of the self-test that
    this rung does not promise.
    """

    name: str
    isolation: Isolation
    summary: str
    mounts: bool = False
    other_user: bool = False
    landlock: bool = False
    seccomp: bool = False
    gaps: frozenset[str] = frozenset()

    @property
    def shared(self) -> bool:
        """Whether one warm process may see several submissions in turn."""
        return self.landlock

    @property
    def counts_threads(self) -> bool:
        """Whether the kernel counts this jail's threads apart from all others."""
        return self.mounts or self.other_user

    def available(self) -> str | None:
        """Say why this rung can't be used here, or None when it can."""
        return next((reason for check in self._needs() if (reason := check())), None)

    def _needs(self) -> list[Callable[[], str | None]]:
        needs: list[Callable[[], str | None]] = []
        if (self.mounts or self.landlock or self.seccomp) and sys.platform != "linux":
            return [lambda: "needs Linux"]
        if self.seccomp:
            needs.append(seccomp.missing)
        if self.landlock:
            needs.append(lambda: _landlock_missing(1 if self.mounts else SCOPES))
        if self.mounts:
            needs.append(bubblewrap.missing)
        if self.other_user:
            needs.append(_other_user_missing)
        elif not self.mounts and is_root():
            needs.append(lambda: "not for root: it would stay root inside")
        return needs

    def popen(
        self,
        argv: Sequence[str],
        jail: Jail,
        *,
        pass_fds: Sequence[int] = (),
        env: Mapping[str, str] | None = None,
        stdout: Stream = subprocess.DEVNULL,
        stderr: Stream = None,
    ) -> subprocess.Popen[bytes]:
        """Start the warm process inside; the caller keeps it and kills it.

        Only `env` and a handful of plain settings are passed; nothing of this
        process's own environment is. Killing the process ends all inside. It ends
        with the thread that started it, so keep that thread.
        """
        scratch = bubblewrap.SCRATCH if self.mounts else jail.scratch
        if scratch is None:
            raise SandboxError(f"the rung {self.name} needs a scratch folder: Jail(scratch=…)")
        uid = free_uid() if self.other_user else None
        if uid is not None:
            os.chown(scratch, uid, uid)
        return subprocess.Popen(
            bubblewrap.command(jail, argv) if self.mounts else list(argv),
            env={**_plain(scratch), **(env or {})},
            cwd="/" if self.mounts else scratch,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            pass_fds=tuple(pass_fds),
            start_new_session=True,
            user=uid,
            group=uid,
            extra_groups=None if uid is None else [],
        )


def _plain(scratch: Path) -> dict[str, str]:
    keep = {k: os.environ[k] for k in ("SYSTEMROOT",) if k in os.environ}
    place = str(scratch)
    outside = os.readlink("/proc/self/ns/pid") if os.path.exists("/proc/self/ns/pid") else ""
    return {
        **bubblewrap.CLEAN, "HOME": place, "TMPDIR": place, "TEMP": place,
        "PYTHONDONTWRITEBYTECODE": "1", "WORKBOOK_OUTSIDE": outside, **keep,
        **FEW_ARENAS,
    }  # fmt: skip


def _landlock_missing(version: int) -> str | None:
    has = landlock.abi()
    if has == 0:
        return "this kernel has no Landlock"
    return None if has >= version else f"needs Landlock {version}, this kernel has {has}"


def _other_user_missing() -> str | None:
    if not is_root():
        return "only root can become another user"
    if closed := closed_to_others(interpreter_trees()):
        return f"Python lives in {closed}, which other users can't enter"
    return None
