"""Grade a class: read it, settle every attempt once, keep the rows, write what people open."""

import hashlib
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from workbook.grading.gradebook.before import (
    People,
    begun,
    missing,
    people_of,
    same_assignment,
    same_class,
    who_handed_in,
)
from workbook.grading.gradebook.book import FILE, Gradebook, GradebookError
from workbook.grading.gradebook.catalogue import Catalogue
from workbook.grading.gradebook.folder import only_one
from workbook.grading.gradebook.ledger import Ledger, read_ledger
from workbook.grading.gradebook.tables import Run
from workbook.grading.grader import GraderFactory
from workbook.grading.intake.candidates import Attempt as HandedIn
from workbook.grading.intake.candidates import Candidate, read_class
from workbook.grading.intake.opening import IntakeError, opened
from workbook.grading.intake.roster import Roster
from workbook.grading.outputs import write_outputs
from workbook.grading.running.crew import PATIENCE, Crew, LocalCrew
from workbook.grading.running.events import Event, Started, Stopping
from workbook.grading.running.settling import Desk
from workbook.grading.running.standings import standings_of
from workbook.grading.writing import canonical

Rule = Literal["best", "last"]


class Stopped(Exception):
    """Somebody stopped the run; `settled` of `attempts` are in the gradebook."""

    def __init__(self, settled: int, attempts: int) -> None:
        super().__init__(f"stopped after {settled} of {attempts} attempts")
        self.settled, self.attempts = settled, attempts


@dataclass(frozen=True)
class Plan:
    """How a class is graded, apart from who is in it."""

    databases: tuple[str, ...] = ("sqlite", "postgresql")
    attempts: Rule = "best"
    jobs: int = 1
    resume: bool = False
    shard: tuple[int, int] | None = None
    one: bool = False
    """The folder is one submission, not a class."""
    patience: float = PATIENCE
    catalogue: Catalogue = field(default_factory=Catalogue)


def grade_class(
    folder: Path,
    out: Path,
    factory: GraderFactory,
    plan: Plan | None = None,
    *,
    roster: Roster | None = None,
    crew: Callable[[], Crew] | None = None,
    on_event: Callable[[Event], None] = lambda event: None,
) -> Ledger:
    """Grade everyone in the folder and return the class; `out` then holds all there is to open.

    What the gradebook in `out` already knows isn't graded again. Raises `CannotStart` when no
    grader starts, `Stopped` on Ctrl-C, and the errors of roster, intake and gradebook.
    """
    plan = plan or Plan()
    with ExitStack() as opening:
        candidates = _candidates(opening.enter_context(opened(folder)), folder, roster, plan)
        suite, people = factory().suite_version, who_handed_in(candidates)
        opening.enter_context(only_one(out))
        book = opening.enter_context(Gradebook(out / FILE))
        before = people_of(book, book.last_finished())
        run = _begin(book, _planned(suite, plan, roster), people, out, resume=plan.resume)
        attempts = sum(len(handed_in) for _, handed_in in counting(candidates, plan.attempts))
        make = crew or (lambda: LocalCrew(factory, plan.jobs, plan.patience))
        with _interruptible(lambda: on_event(Stopping())) as stopping:
            desk = Desk(book, run, make, on_event, stopping.is_set)
            try:
                on_event(Started(attempts, plan.jobs))
                for candidate, handed_in in counting(candidates, plan.attempts):
                    desk.take(candidate.student.key, handed_in)
                desk.finish()
            except InterruptedError:
                raise Stopped(desk.settled, attempts) from None
            finally:
                desk.close()
        run_id = book.keep_run(run)
        book.keep_standings(run_id, *standings_of(run_id, candidates, desk, plan.attempts))
        ledger = replace(read_ledger(book), gone=missing(before, people))
        write_outputs(ledger, out)
    return ledger


def counting(
    candidates: list[Candidate], rule: str
) -> Iterator[tuple[Candidate, tuple[HandedIn, ...]]]:
    """Everybody with the attempts that may count."""
    for candidate in candidates:
        yield candidate, candidate.attempts if rule == "best" else candidate.attempts[-1:]


def _candidates(top: Path, folder: Path, roster: Roster | None, plan: Plan) -> list[Candidate]:
    """Who is to be graded; raises `IntakeError` where nobody handed in anything."""
    everybody = read_class(top, roster, one=plan.one)
    if not any(candidate.attempts for candidate in everybody):
        raise IntakeError(f"{folder} holds no submissions: give the folder or zip of a class")
    return list(_share(everybody, plan))


def _share(candidates: list[Candidate], plan: Plan) -> Iterator[Candidate]:
    for candidate in candidates:
        if plan.shard is None or shard_of(candidate.student.key, plan.shard[1]) == plan.shard[0]:
            yield candidate


def _planned(suite: str, plan: Plan, roster: Roster | None) -> Run:
    return Run(
        suite=suite,
        databases="+".join(sorted(plan.databases)),
        attempts=plan.attempts,
        shard="/".join(map(str, plan.shard)) if plan.shard else "",
        roster=roster is not None,
        catalogue=canonical(plan.catalogue.facts()),
    )


def _begin(book: Gradebook, run: Run, people: People, out: Path, *, resume: bool) -> Run:
    """Keep the run as begun, in place of one cut off; raises `GradebookError` where it can't be."""
    unfinished, last = book.unfinished(), book.last_finished()
    if unfinished is not None and not resume:
        raise GradebookError(
            f"{out} holds a run that was cut off: add --resume to go on, or name another --out"
        )
    same_class(people_of(book, unfinished) or people_of(book, last), people, out)
    same_assignment(last, run, out)
    # What stood around the results that are there already; a grader that works replaces it.
    earlier = unfinished or last
    run.containment = earlier.containment if earlier else run.containment
    run.id = unfinished.id if unfinished else None
    run.id = book.keep_run(run)
    book.keep_begun(run.id, begun(run.id, people))
    return run


@contextmanager
def _interruptible(told: Callable[[], None]) -> Iterator[threading.Event]:
    """Turn the first Ctrl-C into a wish to stop between two transactions."""
    stopping = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stopping
        return

    def stop(*_: object) -> None:
        stopping.set()
        # Whatever was being written when the signal came can't be written to from here.
        with suppress(RuntimeError):
            told()
        for number, handler in before.items():
            signal.signal(number, handler)

    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in numbers}
    for number in numbers:
        signal.signal(number, stop)
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def shard_of(student: str, count: int) -> int:
    """The shard, from 1 to `count`, that a person falls into on every machine."""
    return int.from_bytes(hashlib.sha256(student.encode()).digest()[:8], "big") % count + 1
