"""A judge process held by its client: send a job, read outcomes as they come."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from .outcome import Outcome

LINE = 8 * 1024 * 1024


class JudgeFault(RuntimeError):
    """The judge could not do its work; the student's points are not touched."""


class Judge:
    """One warm judge for one database (or `both`), serving one job after another."""

    def __init__(self, course: Path, kind: str, options: Sequence[str] = ()) -> None:
        self._arguments = [str(course), kind, *options]
        self._process: asyncio.subprocess.Process | None = None
        self._busy = asyncio.Lock()
        self._words: list[bytes] = []

    async def start(self) -> None:
        """Starts the process and waits until its suites are collected."""
        if self._process is not None and self._process.returncode is None:
            return
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "workbook.judge.service", *self._arguments),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            limit=LINE,
        )
        self._reading = asyncio.create_task(self._listen(self._process.stderr))
        await self._line()

    async def _listen(self, stream: asyncio.StreamReader | None) -> None:
        assert stream is not None
        while line := await stream.readline():
            self._words = [*self._words[-40:], line]

    async def _line(self) -> dict[str, Any]:
        assert self._process is not None
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            await self._process.wait()
            await self._reading
            said = b"".join(self._words).decode(errors="replace").strip()
            raise JudgeFault(f"the judge ended before it was done:\n{said}")
        found = json.loads(line)
        return found if isinstance(found, dict) else {}

    async def run(self, target: Path, ids: list[str], seed: int | None) -> AsyncIterator[Outcome]:
        """The outcomes of the checks `ids` on one project root, in the course's order."""
        async with self._busy:
            await self.start()
            assert self._process is not None
            assert self._process.stdin is not None
            job = {"target": str(target), "ids": ids, "seed": seed}
            self._process.stdin.write(json.dumps(job).encode() + b"\n")
            done = False
            try:
                await self._process.stdin.drain()
                while not (done := "done" in (answer := await self._line())):
                    if "fault" in answer:
                        raise JudgeFault(answer["fault"])
                    yield Outcome(**answer)
            finally:
                if not done:  # what it would still say must not answer the next job
                    await self._kill()

    async def close(self) -> None:
        """Lets the process end by itself, and waits for it."""
        if self._process is None or self._process.returncode is not None:
            return
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), 15)
        except TimeoutError:
            await self._kill()
        await self._reading

    async def _kill(self) -> None:
        assert self._process is not None
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
