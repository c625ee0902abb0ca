"""The judge's line to one witness: ask it, end it, and say how it ended."""

import asyncio
import secrets
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Self

from workbook.sandbox import Lockdown
from workbook.witness import frames

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
