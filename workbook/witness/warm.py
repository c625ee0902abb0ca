"""The warm process: libraries and probes loaded, nothing of any student; it forks witnesses.

`python -m workbook.witness.warm FD PROBES [jailed]` speaks over the Unix socket FD:
`open` (with one end of a socket pair) forks a witness and answers its pid, `end` kills one and
answers how it ended, `sweep` ends all that is left of a submission in a jail.
"""

import contextlib
import gc
import os
import select
import shutil
import signal
import socket
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

from workbook import sandbox

from . import frames
from .child import Tools, load_probes, run


def preload() -> None:
    """Imports the libraries that every student's code imports."""
    warnings.simplefilter("ignore")
    import aiosqlite
    import alembic.command
    import alembic.config
    import asyncpg
    import sqlalchemy.dialects.postgresql.asyncpg
    import sqlalchemy.dialects.sqlite.aiosqlite
    import sqlalchemy.ext.asyncio
    import sqlmodel.ext.asyncio.session

    _ = (aiosqlite, alembic, asyncpg, sqlalchemy, sqlmodel)


def become_witness(opening: dict[str, Any], channel: socket.socket, tools: Tools) -> None:
    """The life of a forked child; it leaves by `os._exit`, whatever the student does."""
    code = 1
    try:
        if "lockdown" not in opening:
            os.setsid()
        run(opening, tools, channel)
        code = 0
    finally:
        os._exit(code)


def serve(control: socket.socket, tools: Tools) -> None:
    """Forks and ends witnesses until the judge hangs up, then ends those that are left."""
    living: set[int] = set()
    while (received := frames.receive_with_fd(control)) is not None:
        message, fd = received
        if message["do"] == "open" and fd is not None:
            pid = os.fork()
            if pid == 0:
                control.close()
                become_witness(message, socket.socket(fileno=fd), tools)
            os.close(fd)
            living.add(pid)
            control.sendall(frames.pack({"pid": pid}))
        elif message["do"] == "sweep":
            for pid in living:
                _end(pid, gone=False)
            living.clear()
            _sweep()
            control.sendall(frames.pack({"swept": True}))
        else:
            living.discard(message["pid"])
            control.sendall(frames.pack(_end(message["pid"], message["gone"])))
    for pid in living:
        _end(pid, gone=False)


def _sweep() -> None:
    """Leaves nothing of a submission in this jail: no process, no file."""
    sandbox.sweep()
    for path in Path(tempfile.gettempdir()).iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _end(pid: int, gone: bool) -> dict[str, Any]:
    """Kills a witness with all it started; says how it ended, its peak memory (KiB), its seconds.

    A witness that hung up by itself (`gone`) gets a second to die its own death, so that its
    signal can be read.
    """
    if gone:
        select.select([handle := os.pidfd_open(pid)], [], [], 1.0)
        os.close(handle)
    ended, status, usage = os.wait4(pid, os.WNOHANG)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    if not ended:
        _, status, usage = os.wait4(pid, 0)
    own = bool(ended)
    return {
        "signal": os.WTERMSIG(status) if own and os.WIFSIGNALED(status) else 0,
        "code": os.WEXITSTATUS(status) if own and os.WIFEXITED(status) else None,
        "memory": usage.ru_maxrss,
        "cpu": usage.ru_utime + usage.ru_stime,
    }


def main() -> None:
    """Warms up, says so, serves."""
    control = socket.socket(fileno=int(sys.argv[1]))
    if sys.argv[3:] == ["jailed"]:
        sandbox.shield()
    preload()
    load_probes(Path(sys.argv[2]))
    tools = Tools()
    gc.collect()
    gc.freeze()
    control.sendall(frames.pack({"ready": os.getpid()}))
    serve(control, tools)


if __name__ == "__main__":
    main()
