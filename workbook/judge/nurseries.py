"""Where witnesses come from.

Two ways behind one face: a fork of a warm process where there is fork (Linux), a new
interpreter elsewhere.
"""

import asyncio
import contextlib
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from workbook.sandbox.limits import FEW_ARENAS
from workbook.witness import frames

from .channel import Channel, WitnessUnavailableError

Launch = Callable[[list[str], int], "subprocess.Popen[bytes]"]


class Nursery(Protocol):
    """Where witnesses come from."""

    def start(self) -> None:
        """Begins with what takes time, without waiting for it."""

    async def open(self, opening: dict[str, Any]) -> Channel:
        """A new witness for one project root."""

    async def sweep(self) -> None:
        """Leaves nothing of the submission that was judged."""

    def close(self) -> None:
        """Ends every witness that is left."""


def plain_launch(command: list[str], fd: int) -> "subprocess.Popen[bytes]":
    """Starts a process without a jail: for one's own code."""
    env = os.environ | FEW_ARENAS
    return subprocess.Popen(command, pass_fds=(fd,), stdin=subprocess.DEVNULL, env=env)


class WarmNursery:
    """Forks witnesses from one warm process."""

    def __init__(self, probes: Path, launch: Launch = plain_launch) -> None:
        self._probes = probes
        self._launch = launch
        self._control: socket.socket | None = None
        self._ready = False
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts the warm process without waiting for it."""
        ours, theirs = socket.socketpair()
        with theirs:
            module = [sys.executable, "-m", "workbook.witness.warm"]
            command = [*module, str(theirs.fileno()), str(self._probes)]
            self._process = self._launch(command, theirs.fileno())
        self._control = ours

    def _answer(self) -> dict[str, Any]:
        assert self._control is not None
        received = frames.receive_with_fd(self._control)
        if received is None:
            self.close()
            raise WitnessUnavailableError("the warm process ended; its words are above")
        return received[0]

    async def open(self, opening: dict[str, Any]) -> Channel:
        if self._control is None:
            self.start()
        assert self._control is not None
        if not self._ready:
            await asyncio.to_thread(self._answer)
            self._ready = True
        ours, theirs = socket.socketpair()
        with theirs:
            frames.send_with_fd(self._control, {"do": "open", **opening}, theirs.fileno())
        pid = self._answer()["pid"]
        reader, writer = await asyncio.open_connection(sock=ours, limit=frames.LIMIT)

        async def finish(gone: bool) -> dict[str, Any]:
            if self._control is None:
                return {}
            self._control.sendall(frames.pack({"do": "end", "pid": pid, "gone": gone}))
            return self._answer()

        return await Channel(reader, writer, finish).ready()

    async def sweep(self) -> None:
        """Without a jail there is nothing to sweep."""

    def close(self) -> None:
        if self._control is not None:
            self._control.close()
            self._control, self._ready = None, False
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(5)
            self._process.kill()
            self._process.wait()
            self._process = None


class SpawnNursery:
    """Starts a new interpreter for each witness: slower, and it works everywhere."""

    def __init__(self, probes: Path) -> None:
        self._probes = probes
        self._living: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Nothing is shared between witnesses here."""

    async def open(self, opening: dict[str, Any]) -> Channel:
        word = secrets.token_hex(16)
        called: asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]]
        called = asyncio.get_running_loop().create_future()

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            said = await frames.receive(reader)
            if said == {"word": word} and not called.done():
                called.set_result((reader, writer))
            else:
                writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0, limit=frames.LIMIT)
        port = str(server.sockets[0].getsockname()[1])
        process = subprocess.Popen(  # noqa: ASYNC220 (it only starts)
            [sys.executable, "-m", "workbook.witness.spawned", port, str(self._probes)],
            stdin=subprocess.DEVNULL,
            env=os.environ | {"WORKBOOK_WORD": word},
        )
        self._living.append(process)
        reader, writer = await asyncio.wait_for(called, 60)
        server.close()
        writer.write(frames.pack(opening))

        async def finish(gone: bool) -> dict[str, Any]:
            with contextlib.suppress(subprocess.TimeoutExpired):
                await asyncio.to_thread(process.wait, 1.0 if gone else 0.001)
            process.kill()
            code = process.returncode
            return {"signal": -code if code and code < 0 else 0, "code": code}

        return await Channel(reader, writer, finish).ready()

    async def sweep(self) -> None:
        """Nothing is shared between witnesses here."""

    def close(self) -> None:
        for process in self._living:
            process.kill()
            process.wait()
        self._living.clear()


def nursery(probes: Path, launch: Launch = plain_launch) -> Nursery:
    """The fastest way to witnesses that this machine has."""
    if sys.platform == "linux" and hasattr(os, "fork"):
        return WarmNursery(probes, launch)
    return SpawnNursery(probes)
