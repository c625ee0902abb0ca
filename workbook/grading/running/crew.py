"""A crew of graders on this machine: each job graded, each failure of ours tried again."""

import contextlib
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol

from workbook.grading.cleaning import line
from workbook.grading.grader import GraderFactory
from workbook.grading.running.documents import fault_in, ours
from workbook.grading.running.seat import Answer, Seat, SeatLost
from workbook.grading.wording import last_words

PATIENCE = 1_800.0
"""Seconds after which a silent grader is taken for dead; far above its own limits."""
TRIES = 2


class CannotStart(Exception):
    """No grader starts, so nothing can be graded; nobody's points are touched."""


@dataclass(frozen=True)
class Graded:
    """What came of one job: a result, or the faults of ours that there is none."""

    document: dict[str, Any] | None
    seconds: float = 0.0
    timing: dict[str, float] = field(default_factory=dict)
    faults: tuple[str, ...] = ()
    containment: dict[str, Any] = field(default_factory=dict)

    @property
    def state(self) -> str:
        """`graded`, or `ours` while a part of it failed on our side."""
        return "graded" if self.document is not None and not ours(self.document) else "ours"


class Crew(Protocol):
    """Graders somewhere: jobs go in, one future each comes out."""

    size: int

    def submit(self, files: bytes, seed: int) -> "Future[Graded]": ...

    def close(self) -> None: ...


class Seats:
    """Graders that rest between jobs and are replaced when they fail."""

    def __init__(self, factory: GraderFactory, patience: float = PATIENCE) -> None:
        self._factory, self._patience = factory, patience
        self._idle: list[Seat] = []
        self._all: set[Seat] = set()
        self._lock, self._closed = threading.Lock(), False

    def grade(self, files: bytes, seed: int) -> Graded:
        """The result for one bundle, with a fresh grader after a fault of ours."""
        faults: list[str] = []
        partial: Answer | None = None
        containment: dict[str, Any] = {}
        for _ in range(TRIES):
            seat = self._take()
            containment = seat.containment
            try:
                answer = seat.grade(files, seed)
            except SeatLost as lost:
                faults.append(str(lost))
                self._drop(seat)
                continue
            if fault := fault_in(answer.document):
                faults.append(fault)
                self._drop(seat)
                continue
            if not (failed := ours(answer.document)):
                self._rest(seat)
                found = tuple(faults)
                return Graded(answer.document, answer.seconds, answer.timing, found, containment)
            partial = answer
            faults.append(f"our own fault in {', '.join(failed)}")
            self._drop(seat)
        if partial is None:
            return Graded(None, faults=tuple(faults), containment=containment)
        return Graded(partial.document, partial.seconds, partial.timing, tuple(faults), containment)

    def make_ready(self) -> None:
        """Have one more grader rest; where none starts, the first job says why."""
        with contextlib.suppress(CannotStart):
            self._rest(self._take())

    def close(self) -> None:
        """End every grader, resting or not."""
        with self._lock:
            self._closed = True
            seats = list(self._all)
        for seat in seats:
            seat.ask_to_end()
        for seat in seats:
            seat.close()

    def _take(self) -> Seat:
        with self._lock:
            if self._closed:
                raise CannotStart("the run is over")
            if self._idle:
                return self._idle.pop()
        said = ""
        for _ in range(TRIES):
            try:
                seat = Seat(self._factory, self._patience)
            except SeatLost as lost:
                said = str(lost)
                continue
            with self._lock:
                self._all.add(seat)
                over = self._closed
            if over:
                seat.close()
            return seat
        raise CannotStart(f"no grader starts: {line(last_words(said), 400)}")

    def _rest(self, seat: Seat) -> None:
        with self._lock:
            self._idle.append(seat)

    def _drop(self, seat: Seat) -> None:
        with self._lock:
            self._all.discard(seat)
        seat.close()


class LocalCrew:
    """As many graders as jobs, each in a process, on this machine."""

    def __init__(self, factory: GraderFactory, jobs: int, patience: float = PATIENCE) -> None:
        self.size = jobs
        self._seats = Seats(factory, patience)
        self._threads = ThreadPoolExecutor(jobs, "grader")

    def start(self, jobs: int) -> None:
        """Begin to start graders before there are jobs, so many, for them."""
        for _ in range(min(self.size, jobs)):
            self._threads.submit(self._seats.make_ready)

    def submit(self, files: bytes, seed: int) -> "Future[Graded]":
        """Grade one bundle as soon as a grader is free."""
        return self._threads.submit(self._seats.grade, files, seed)

    def close(self) -> None:
        """End at once; what was not finished is graded by the run that resumes."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._seats.close()
        self._threads.shutdown(wait=True)
