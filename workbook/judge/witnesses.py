"""The judge's hold on witnesses: open one, ask it, end it, and say how it ended.

Two ways behind one face: a fork of a warm process where there is fork (Linux), a new
interpreter elsewhere.
"""

import asyncio
import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self

from workbook.sandbox import Lockdown
from workbook.sandbox.limits import FEW_ARENAS
from workbook.witness import frames

Launch = Callable[[list[str], int], "subprocess.Popen[bytes]"]

_ENDINGS = {
    "timed out": "It was still running when its time was up, so we ended it.",
    "out of memory": "It asked for more memory than there is for one submission.",
    "crashed": "The Python process ended while it ran{detail}.",
}


class WitnessEndedError(Exception):
    """A witness ended before it answered; `verdict` is one of the states of a check."""

    def __init__(self, verdict: str, detail: str = "") -> None:
        self.verdict = verdict
        super().__init__(_ENDINGS[verdict].format(detail=detail))


class WitnessUnavailableError(RuntimeError):
    """No witness could be started: our own fault, never the student's."""


@dataclass
class Channel:
    """One witness: requests go in, evidence comes out."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    finish: Callable[[bool], Awaitable[dict[str, Any]]]
    asked: int = 0
    ended: bool = field(default=False)

    async def ask(self, request: dict[str, Any], *, cpu: float, wall: float) -> dict[str, Any]:
        """One request's answer. Raises `WitnessEndedError` when there will be none."""
        self.asked += 1
        message = request | {"id": self.asked, "cpu": cpu}
        try:
            async with asyncio.timeout(wall):
                self.writer.write(frames.pack(message))
                await self.writer.drain()
                answer = await frames.receive(self.reader)
        except TimeoutError:
            await self.end()
            raise WitnessEndedError("timed out") from None
        except ConnectionError:
            answer = None
        except frames.FrameError as error:
            await self.end()
            raise WitnessEndedError("crashed", f" (it answered {error})") from None
        if answer is None:
            raise _died(await self.end(gone=True))
        if answer.get("id") != self.asked:
            await self.end()
            raise WitnessEndedError("crashed", " (it answered out of turn)")
        return answer

    async def confirm(self, *, wall: float) -> str:
        """Asks with a new word whether the last answer came from code of ours as it was loaded.

        An answer that was slipped in before its time is found here, as the next one is another's.
        Returns what was changed in the witness, or nothing.
        """
        word = secrets.token_hex(8)
        answer = await self.ask({"do": "confirm", "word": word}, cpu=1, wall=wall)
        if answer.get("word") != word:
            await self.end()
            raise WitnessEndedError("crashed", " (it answered what nobody asked)")
        return str(answer.get("broken", ""))

    async def ready(self) -> Self:
        """Waits until the witness has settled. Raises `WitnessUnavailableError`."""
        async with asyncio.timeout(60):
            said = await frames.receive(self.reader)
        if said != {"ready": True}:
            await self.end()
            raise WitnessUnavailableError(f"a witness could not settle: {said}")
        return self

    async def end(self, *, gone: bool = False) -> dict[str, Any]:
        """Ends the witness with all it started; once is enough."""
        if self.ended:
            return {}
        self.ended = True
        self.writer.close()
        return await self.finish(gone)


def _died(ending: dict[str, Any]) -> WitnessEndedError:
    number, code = ending.get("signal"), ending.get("code")
    if number == getattr(signal, "SIGXCPU", None):
        return WitnessEndedError("timed out")
    if number == getattr(signal, "SIGKILL", None):
        # The kernel sends it for a witness's whole processor time, or for want of memory.
        spent = ending.get("cpu", 0) >= Lockdown.cpu_seconds
        return WitnessEndedError("timed out" if spent else "out of memory")
    if number:
        return WitnessEndedError("crashed", f" (signal {signal.Signals(number).name})")
    said = "" if code is None else f", with exit code {code}"
    return WitnessEndedError("crashed", said)


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
