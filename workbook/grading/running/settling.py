"""Settle attempts: each distinct submission graded once, whoever handed it in."""

import json
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from typing import Any

from workbook.grading.gradebook.book import Gradebook, Key, log
from workbook.grading.gradebook.tables import Run
from workbook.grading.intake.candidates import Attempt
from workbook.grading.intake.limits import Refused
from workbook.grading.intake.staging import Staged, bundle, stage
from workbook.grading.running.crew import Crew, Graded
from workbook.grading.running.events import Event, Faulted, Settled
from workbook.grading.writing import canonical
from workbook.judge.versions import seed_of

BREATH = 0.3
"""Seconds between two looks at whether somebody asked to stop."""


@dataclass(frozen=True)
class Known:
    """What a row needs to know of one attempt, and no more, however large the class."""

    attempt: Attempt
    digest: str | None
    reason: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Points:
    """What one distinct submission came to."""

    state: str
    earned: float = 0
    extension: float = 0


class Desk:
    """Takes attempts in, hands each distinct one to the crew, writes results as they come."""

    def __init__(
        self,
        book: Gradebook,
        run: Run,
        make_crew: Callable[[], Crew],
        on_event: Callable[[Event], None],
        stopping: Callable[[], bool],
    ) -> None:
        self._book, self._run, self._make_crew = book, run, make_crew
        self._on_event, self._stopping = on_event, stopping
        self._crew: Crew | None = None
        self._under_way: dict[Future[Graded], Key] = {}
        self._waiting: dict[str, list[str]] = {}
        self.known: dict[str, list[Known]] = {}
        self.points: dict[str, Points] = {}
        self.settled = 0

    def take(self, student: str, attempts: tuple[Attempt, ...]) -> None:
        """Stage a person's attempts and see that each gets a result."""
        mine = self.known.setdefault(student, [])
        for attempt in attempts:
            self._pause()
            try:
                staged = stage(attempt.source())
            except Refused as refusal:
                mine.append(self._refused(attempt, str(refusal)))
            except OSError as error:
                mine.append(self._refused(attempt, f"can't be read: {error.strerror}"))
            else:
                mine.append(Known(attempt, staged.digest, notes=staged.notes))
                self._grade(attempt.label, staged)

    def finish(self) -> None:
        """Wait until everything handed to the crew is settled."""
        while self._under_way:
            self._collect()

    def close(self) -> None:
        """Send the crew home."""
        if self._crew is not None:
            self._crew.close()

    def _refused(self, attempt: Attempt, reason: str) -> Known:
        self._settle(Settled(attempt.label, "refused", reason=reason))
        return Known(attempt, None, reason)

    def _grade(self, label: str, staged: Staged) -> None:
        digest = staged.digest
        if digest in self._waiting:
            self._waiting[digest].append(label)
            return
        seed = seed_of(digest, self._run.suite)
        key = Key(digest, self._run.suite, self._run.databases, seed)
        if digest not in self.points:
            before = self._book.result(key)
            if before is None or before.state == "ours":
                files = bundle(staged.files)
                self._book.keep_submission(digest, files)
                self._hand_out(key, label, files)
                return
            self.points[digest] = _points(before.state, before.document)
        self._tell(digest, label, known=True)

    def _hand_out(self, key: Key, label: str, files: bytes) -> None:
        if self._crew is None:
            self._crew = self._make_crew()
        while len(self._under_way) >= 2 * self._crew.size:
            self._collect()
        self._waiting[key.digest] = [label]
        self._under_way[self._crew.submit(files, key.seed)] = key

    def _collect(self) -> None:
        done, _ = wait(self._under_way, timeout=BREATH, return_when=FIRST_COMPLETED)
        for future in done:
            key = self._under_way.pop(future)
            graded = future.result()
            line = log(
                "graded", digest=key.digest, seconds=graded.seconds, timing=graded.timing,
                message="\n".join(graded.faults),
            )  # fmt: skip
            self._book.keep_result(key, graded.state, graded.document, line)
            self._keep_walls(graded)
            self.points[key.digest] = _points(graded.state, graded.document)
            for fault in graded.faults:
                self._on_event(Faulted(fault))
            for label in self._waiting.pop(key.digest):
                self._tell(key.digest, label)
        self._pause()

    def _keep_walls(self, graded: Graded) -> None:
        """Keep what stood around this one at once: a run that is cut off has it too."""
        walls = canonical(graded.containment)
        if graded.containment and walls != self._run.containment:
            self._run.containment = walls
            self._book.keep_run(self._run)

    def _tell(self, digest: str, label: str, *, known: bool = False) -> None:
        points = self.points[digest]
        reason = "our own fault; the next run tries it anew" if points.state == "ours" else ""
        self._settle(Settled(label, points.state, points.earned, known, reason))

    def _settle(self, event: Settled) -> None:
        self.settled += 1
        self._on_event(event)

    def _pause(self) -> None:
        if self._stopping():
            raise InterruptedError


def _points(state: str, document: dict[str, Any] | str | None) -> Points:
    found = json.loads(document) if isinstance(document, str) else document
    if not found:
        return Points(state)
    return Points(state, found["earned"], found["extension"]["earned"])
