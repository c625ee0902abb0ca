"""The gradebook: one SQLite file that loses nothing, whenever the power goes."""

import errno
import json
import platform
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col, create_engine, delete, select

from workbook.grading.gradebook.migrations import upgrade
from workbook.grading.gradebook.tables import (
    Attempt,
    Log,
    Override,
    Result,
    Run,
    Standing,
    Submission,
)
from workbook.grading.grader import Result as Document
from workbook.grading.writing import canonical

FILE = "gradebook.sqlite"


class GradebookError(ValueError):
    """The gradebook can't be used so; the message says what to do instead."""


@dataclass(frozen=True)
class Key:
    """What decides a result: these files, these suites, these databases, this seed."""

    digest: str
    suite: str
    databases: str
    seed: int


class Gradebook:
    """Every write is one transaction; SQLite's write-ahead log survives a killed process."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._engine = create_engine(f"sqlite:///{path}")
        event.listen(self._engine, "connect", _prepare)
        event.listen(self._engine, "begin", _begin)
        try:
            with self._engine.begin() as connection:
                upgrade(connection)
        except OperationalError as error:
            self._engine.dispose()
            raise unusable(path, error, "opened as a gradebook") from error
        except Exception as error:
            self._engine.dispose()
            why = getattr(error, "orig", None) or error
            raise GradebookError(f"{path} can't be opened as a gradebook: {why}") from error

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()

    def __enter__(self) -> "Gradebook":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A session whose transaction commits at the end, or leaves nothing behind."""
        try:
            with Session(self._engine, expire_on_commit=False) as session, session.begin():
                yield session
        except OperationalError as error:
            raise unusable(self.path, error, "written") from error

    def unfinished(self) -> Run | None:
        """The run that was cut off, if the last one was."""
        with self.session() as session:
            last = session.exec(select(Run).order_by(col(Run.id).desc())).first()
        return last if last is not None and not last.finished else None

    def last_finished(self) -> Run | None:
        """The run whose standings are the class's grades."""
        query = select(Run).where(col(Run.finished)).order_by(col(Run.id).desc())
        with self.session() as session:
            return session.exec(query).first()

    def keep_run(self, run: Run) -> int:
        """Add or change the run; its id."""
        with self.session() as session:
            kept = session.merge(run)
            session.flush()
            assert kept.id is not None
            return kept.id

    def keep_begun(self, run_id: int, tries: list[Attempt]) -> None:
        """Keep whose run it is, for the one that may have to go on with it."""
        with self.session() as session:
            session.exec(delete(Attempt).where(col(Attempt.run_id) == run_id))
            session.add_all(tries)

    def keep_submission(self, digest: str, files: bytes) -> None:
        """Keep the files once, whoever hands them in."""
        with self.session() as session:
            if session.get(Submission, digest) is None:
                session.add(Submission(digest=digest, files=files))

    def submission(self, digest: str) -> bytes | None:
        """The bundle kept under this hash."""
        with self.session() as session:
            found = session.get(Submission, digest)
            return found.files if found else None

    def result(self, key: Key) -> Result | None:
        """What was found before for exactly this key."""
        with self.session() as session:
            return session.exec(select(Result).where(*_same(key))).first()

    def keep_result(self, key: Key, state: str, document: Document | None, log: Log) -> None:
        """Keep one result and when it came, together; a fault of ours gives way to a result."""
        with self.session() as session:
            found = session.exec(select(Result).where(*_same(key))).first()
            found = found or Result(**vars(key), state=state, document="{}")
            found.state, found.document = state, canonical(document or {})
            session.add(found)
            session.add(log)

    def keep_standings(self, run_id: int, standings: list[Standing], tries: list[Attempt]) -> None:
        """Keep everybody's row of a run and finish it, all at once."""
        with self.session() as session:
            for table in (Standing, Attempt):
                session.exec(delete(table).where(col(table.run_id) == run_id))
            session.add_all([*standings, *tries])
            run = session.get_one(Run, run_id)
            run.finished = True

    def overrides(self, student: str | None = None) -> list[Override]:
        """Changes by hand in the order they were made."""
        query = select(Override).order_by(col(Override.id))
        if student is not None:
            query = query.where(Override.student == student)
        with self.session() as session:
            return list(session.exec(query).all())


def log(happened: str, **facts: Any) -> Log:
    """A line of the log, now and here."""
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    facts["timing"] = json.dumps(facts.get("timing", {}), sort_keys=True)
    return Log(at=at, host=platform.node(), event=happened, **facts)


def unusable(path: Path, error: Exception, how: str) -> Exception:
    """The error for what SQLite said: a full disk as the system tells it, the rest in its words."""
    said = getattr(error, "orig", None) or error
    if getattr(said, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
        return OSError(errno.ENOSPC, "no space left", str(path.parent))
    return GradebookError(f"{path} can't be {how}: {said}")


def _same(key: Key) -> tuple[Any, ...]:
    return (
        Result.digest == key.digest,
        Result.suite == key.suite,
        Result.databases == key.databases,
        Result.seed == key.seed,
    )


def _begin(connection: Connection) -> None:
    # The driver's own transactions leave out tables being made; a kill there must leave nothing.
    connection.exec_driver_sql("BEGIN")


def _prepare(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("PRAGMA busy_timeout=10000")
