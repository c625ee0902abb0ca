"""Bring the shards of one class together: everybody once, nothing lost."""

import json
from collections import Counter
from pathlib import Path
from typing import TypeVar

from sqlmodel import select

from workbook.grading.gradebook.book import FILE, Gradebook, GradebookError
from workbook.grading.gradebook.folder import only_one
from workbook.grading.gradebook.ledger import Ledger, read_ledger
from workbook.grading.gradebook.tables import (
    Attempt,
    Log,
    Override,
    Result,
    Run,
    Standing,
    Submission,
    Table,
)  # fmt: skip
from workbook.grading.outputs import write_outputs

T = TypeVar("T", bound=Table)


def merge(outs: list[Path], into: Path) -> Ledger:
    """Make one gradebook and one set of files of several shards' `--out` folders.

    Raises `GradebookError` where a shard is missing, unfinished, graded in another way, or names
    somebody another one names too; nothing is made then.
    """
    missing = [out for out in outs if not (out / FILE).is_file()]
    if not outs or missing:
        raise GradebookError(f"there is no gradebook in {missing[0] if missing else 'no folders'}")
    if (into / FILE).exists():
        raise GradebookError(f"{into} holds a gradebook already: name a new folder")
    made = Run(suite="", databases="", attempts="")
    rows: list[Standing] = []
    tries: list[Attempt] = []
    shards: list[str] = []
    for out in outs:
        with Gradebook(out / FILE) as shard:
            run = _finished(shard, out)
            _agree(made, run, out, outs[0])
            standings, attempts = _class(shard)
        rows += standings
        tries += attempts
        shards.append(run.shard)
    student, times = (Counter(row.student for row in rows).most_common(1) or [("", 0)])[0]
    if times > 1:
        raise GradebookError(f"{student} is in more than one of the folders: give each shard once")
    _complete(shards)
    with only_one(into), Gradebook(into / FILE) as book:
        for out in outs:
            with Gradebook(out / FILE) as shard:
                _copy(shard, book)
        made.id = book.keep_run(made)
        for row in [*rows, *tries]:
            row.run_id = made.id
        book.keep_standings(made.id, sorted(rows, key=lambda row: row.student), tries)
        ledger = read_ledger(book)
        write_outputs(ledger, into)
    return ledger


def _finished(shard: Gradebook, out: Path) -> Run:
    if shard.unfinished() is not None:
        raise GradebookError(f"{out} holds a run that was cut off: resume it first")
    run = shard.last_finished()
    if run is None:
        raise GradebookError(f"{out} holds no finished run: grade that shard first")
    return run


def _complete(shards: list[str]) -> None:
    """Refuse a class of which a part isn't there."""
    parts = {tuple(map(int, shard.split("/"))) for shard in shards if shard}
    for total in sorted({total for _, total in parts}):
        for number in range(1, total + 1):
            if (number, total) not in parts:
                raise GradebookError(f"shard {number}/{total} is missing: give its folder too")


def _agree(made: Run, run: Run, out: Path, first: Path) -> None:
    """Take over what the first shard says; refuse one graded in another way."""
    if not made.suite:
        made.suite, made.databases, made.attempts = run.suite, run.databases, run.attempts
        made.catalogue, made.containment = run.catalogue, run.containment
    made.roster = made.roster or run.roster
    if differs := _differences(made, run):
        raise GradebookError(
            f"{out} was graded with other {' and '.join(differs)} than {first}:"
            " grade it again in the same way"
        )
    if run.containment != made.containment and run.containment != "{}":
        made.containment = max(made.containment, run.containment)


def _differences(made: Run, run: Run) -> list[str]:
    """In what two shards were graded differently."""
    here, there = (json.loads(one.catalogue) for one in (made, run))
    found = []
    if made.databases != run.databases:
        found.append(f"databases ({_words(run.databases)}, not {_words(made.databases)})")
    elif set(here.get("points", ())) != set(there.get("points", ())):
        found.append("lessons (--lesson)")
    elif (made.suite, here) != (run.suite, there):
        found.append("suites")
    if made.attempts != run.attempts:
        found.append(f"attempts (the {run.attempts} one, not the {made.attempts} one)")
    return found


def _words(databases: str) -> str:
    return databases.replace("+", " and ")


def _copy(shard: Gradebook, book: Gradebook) -> None:
    """Take over submissions, results, changes by hand and the log, each once."""
    with shard.session() as source, book.session() as target:
        for digest in source.exec(select(Submission.digest)).all():
            if target.get(Submission, digest) is None:
                target.add(_fresh(source.get_one(Submission, digest)))
                target.flush()
                target.expunge_all()
        known = {_named(result) for result in target.exec(select(Result)).all()}
        target.add_all(
            _fresh(result)
            for result in source.exec(select(Result)).all()
            if _named(result) not in known
        )
        for table in (Override, Log):
            target.add_all(_fresh(row) for row in source.exec(select(table)).all())


def _class(shard: Gradebook) -> tuple[list[Standing], list[Attempt]]:
    run = shard.last_finished()
    assert run is not None
    with shard.session() as session:
        rows = session.exec(select(Standing).where(Standing.run_id == run.id)).all()
        tries = session.exec(select(Attempt).where(Attempt.run_id == run.id)).all()
        return [_fresh(row) for row in rows], [_fresh(attempt) for attempt in tries]


def _named(result: Result) -> tuple[str, str, str, int]:
    return result.digest, result.suite, result.databases, result.seed


def _fresh(row: T) -> T:
    """The row for another gradebook, which gives it an id of its own."""
    return type(row)(**row.model_dump(exclude={"id"}))
