"""A process of its own for one grader: what dies in there leaves the class run standing."""

import contextlib
import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from workbook.grading.grader import GraderFactory
from workbook.grading.intake.staging import unbundle

_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]);"
    "from workbook.grading.running.seat import serve; serve(sys.argv[2])"
)
GRACE = 10.0
"""Seconds a grader has to end what it started, before it is killed."""


class SeatLost(Exception):
    """The grader, or the process around it, failed; the message says how it ended."""


@dataclass(frozen=True)
class Answer:
    """What a grader found, how long it took, and what its self-test saw."""

    document: dict[str, Any]
    seconds: float
    timing: dict[str, float] = field(default_factory=dict)


class Seat:
    """One grader in one process; one job at a time."""

    def __init__(self, factory: GraderFactory, patience: float) -> None:
        self._patience = patience
        self._folder = tempfile.mkdtemp(prefix="workbook-staged-")
        self._said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 — lives with the seat
        path = json.dumps([str(Path(entry).resolve()) for entry in sys.path])
        self._process = subprocess.Popen(
            [sys.executable, "-c", _START, path, self._folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            start_new_session=True,
        )
        self.containment: dict[str, Any] = self._ask(pickle.dumps(factory))["ready"]

    def grade(self, files: bytes, seed: int) -> Answer:
        """The result for one bundle; raises `SeatLost`, and then the seat is gone."""
        said = self._ask(seed.to_bytes(8, "big") + files)
        if "fault" in said:
            self.close()
            raise SeatLost(said["fault"])
        return Answer(said["result"], said["seconds"], said["timing"])

    def ask_to_end(self) -> None:
        """Ask the grader to leave; `close` waits for it."""
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()

    def close(self) -> None:
        """End the process and whatever it started; safe to call twice."""
        self.ask_to_end()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(GRACE)
        with contextlib.suppress(ProcessLookupError):
            if hasattr(os, "killpg"):
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._said):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _ask(self, message: bytes) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        overdue = threading.Event()

        def give_up() -> None:
            overdue.set()
            self._process.kill()

        clock = threading.Timer(self._patience, give_up)
        clock.daemon = True
        clock.start()
        try:
            _send(self._process.stdin, message)
            said = _receive(self._process.stdout)
        except (OSError, ValueError):
            said = None
        finally:
            clock.cancel()
        if said is None:
            raise SeatLost(self._ending(overdue.is_set()))
        answer: dict[str, Any] = json.loads(said)
        return answer

    def _ending(self, overdue: bool) -> str:
        code = self._process.wait()
        tail = ""
        with contextlib.suppress(ValueError, OSError):
            self._said.seek(max(0, self._said.seek(0, 2) - 2_000))
            tail = self._said.read().decode("utf-8", "replace").strip()
        self.close()
        how = f"gave no answer in {self._patience:.0f} s" if overdue else f"ended with code {code}"
        return f"the grader's process {how}" + (f": {tail}" if tail else "")


def serve(folder: str) -> None:
    """Grade what comes in until nothing comes any more; runs in the seat's process."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        _serve(folder)
    except (BrokenPipeError, KeyboardInterrupt):
        # Nobody is there to hear more.
        pass
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _serve(folder: str) -> None:
    jobs, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    # Whatever a library prints must not end up between the answers.
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    made = _receive(jobs)
    if made is None:
        return
    factory: GraderFactory = pickle.loads(made)
    with factory() as grader:
        _tell(answers, {"ready": getattr(grader, "containment", None) or {}})
        while (job := _receive(jobs)) is not None:
            began = time.monotonic()
            with tempfile.TemporaryDirectory(dir=folder) as made_here:
                staged = unbundle(job[8:], Path(made_here, "work"))
                try:
                    result = dict(grader.grade(staged, seed=int.from_bytes(job[:8], "big")))
                # Whatever a grader raises is its own fault, never the submission's.
                except Exception as error:
                    _tell(answers, {"fault": f"{type(error).__name__}: {error}"})
                    continue
            timing = result.pop("timing", None) or {}
            seconds = round(time.monotonic() - began, 3)
            _tell(answers, {"result": result, "timing": timing, "seconds": seconds})


def _tell(stream: IO[bytes], facts: dict[str, Any]) -> None:
    _send(stream, json.dumps(facts).encode())


def _send(stream: IO[bytes], message: bytes) -> None:
    stream.write(len(message).to_bytes(8, "big") + message)
    stream.flush()


def _receive(stream: IO[bytes]) -> bytes | None:
    head = stream.read(8)
    if len(head) < 8:
        return None
    count = int.from_bytes(head, "big")
    message = stream.read(count)
    return message if len(message) == count else None
