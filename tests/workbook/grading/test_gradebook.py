"""The gradebook keeps every result, every change by hand, and one shape of tables."""

import errno
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from conftest import archive
from fake_grader import FakeGrader
from sqlalchemy import create_engine
from sqlmodel import select

from workbook.grading.gradebook.book import FILE, Gradebook, GradebookError, Key, log
from workbook.grading.gradebook.catalogue import Catalogue
from workbook.grading.gradebook.ledger import Ledger, read_ledger
from workbook.grading.gradebook.overriding import override
from workbook.grading.gradebook.replaying import replay
from workbook.grading.gradebook.tables import Result, Table
from workbook.grading.running.run import Plan, grade_class

LEAVES = "transactions.create_project.leaves_nothing_behind"
KEY = Key("d1", "suite-1", "sqlite", 7)


@pytest.fixture
def book(tmp_path: Path, klass: Path) -> Iterator[Gradebook]:
    plan = Plan(catalogue=Catalogue(extension=("tenancy",)))
    grade_class(klass, tmp_path / "out", FakeGrader, plan)
    with Gradebook(tmp_path / "out" / FILE) as found:
        yield found


def test_the_revisions_make_exactly_the_tables(tmp_path: Path) -> None:
    Gradebook(tmp_path / FILE).close()
    engine = create_engine(f"sqlite:///{tmp_path / FILE}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Table.metadata) == []
    engine.dispose()


def test_a_file_that_is_no_gradebook_says_so(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("something else entirely, and long enough to be read" * 9)
    with pytest.raises(GradebookError, match="can't be opened as a gradebook"):
        Gradebook(tmp_path / FILE)


def test_a_full_disk_is_told_as_the_system_tells_it(tmp_path: Path) -> None:
    with Gradebook(tmp_path / FILE) as book:
        with book.session() as session:
            session.connection().exec_driver_sql("PRAGMA max_page_count = 1")
        with pytest.raises(OSError, match="no space left") as full:
            book.keep_submission("d1", b"x" * 1_000_000)
    assert (full.value.errno, full.value.filename) == (errno.ENOSPC, str(tmp_path))


def test_a_gradebook_that_only_reads_says_so_in_plain_words(tmp_path: Path) -> None:
    with Gradebook(tmp_path / FILE) as book:
        with book.session() as session:
            session.connection().exec_driver_sql("PRAGMA query_only = ON")
        with pytest.raises(GradebookError, match="can't be written: attempt to write") as told:
            book.keep_submission("d1", b"x")
    assert "sqlalche" not in str(told.value)


def test_a_killed_set_up_leaves_a_gradebook_that_opens(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / FILE, isolation_level=None)
    connection.execute("BEGIN")
    connection.execute("CREATE TABLE submission (digest TEXT)")
    connection.close()
    Gradebook(tmp_path / FILE).close()


def test_a_result_is_found_by_exactly_its_key(tmp_path: Path) -> None:
    with Gradebook(tmp_path / FILE) as book:
        book.keep_submission("d1", b"files")
        book.keep_submission("d1", b"files")
        book.keep_result(KEY, "ours", None, log("graded"))
        book.keep_result(KEY, "graded", {"b": 1, "a": 2}, log("graded"))
        found = book.result(KEY)
        assert found is not None
        assert (found.state, found.document) == ("graded", '{"a": 2, "b": 1}')
        assert book.result(Key("d1", "suite-2", "sqlite", 7)) is None
        assert book.submission("d1") == b"files"


def test_history_is_kept_when_a_student_hands_in_again(book: Gradebook, klass: Path) -> None:
    archive(klass / "ben.zip", "passes = 6  # at last\n")
    grade_class(klass, book.path.parent, FakeGrader, Plan())
    with book.session() as session:
        assert len(session.exec(select(Result)).all()) == 7


def test_a_change_by_hand_moves_the_grade_and_says_why(book: Gradebook) -> None:
    ledger = override(book, "cleo", LEAVES, 2.5, "the room lost power")
    row = ledger.row("cleo")
    assert (row.earned, row.judged) == (2.5, 0)
    assert row.changes[0].reason == "the room lost power"
    override(book, "cleo", LEAVES, None, "a second look")
    row = read_ledger(book).row("cleo")
    assert row.earned == 0
    assert [change.in_force for change in row.changes] == [False, False]


def test_a_change_lapses_on_another_submission_and_stays_listed(
    book: Gradebook, klass: Path
) -> None:
    override(book, "cleo", LEAVES, 3, "by hand")
    archive(klass / "cleo.zip", "passes = 1  # new\n")
    grade_class(klass, book.path.parent, FakeGrader, Plan())
    row = read_ledger(book).row("cleo")
    assert (row.earned, row.changes[0].in_force) == (2, False)


def test_a_refused_or_absent_person_can_be_given_points(book: Gradebook) -> None:
    ledger = override(book, "gus", LEAVES, 3, "shown in class")
    assert ledger.row("gus").earned == 3
    assert ledger.row("gus").state == "refused"


@pytest.mark.parametrize(
    ("student", "check", "points", "reason", "said"),
    [
        ("cleo", LEAVES, 3, " ", "needs a reason"),
        ("cleo", LEAVES, 4, "why", "worth 0 to 3 points"),
        ("cleo", LEAVES, float("nan"), "why", "worth 0 to 3 points"),
        ("cleo", "leaves_nothing_behind", 1, "why", f"perhaps {LEAVES}"),
        ("cle", LEAVES, 1, "why", "perhaps cleo"),
    ],
)
def test_a_change_that_cannot_be_says_what_to_type(
    book: Gradebook, student: str, check: str, points: float, reason: str, said: str
) -> None:
    with pytest.raises(GradebookError, match=said):
        override(book, student, check, points, reason)


def test_a_replay_has_the_files_the_seed_and_the_first_verdict(
    book: Gradebook, tmp_path: Path
) -> None:
    again = replay(book, "ben", LEAVES, tmp_path / "again")
    assert (again.staged / "app" / "database.py").read_text() == "passes = 3\n"
    assert again.before["verdict"] == "ok"
    result = FakeGrader().grade(again.staged, seed=again.seed)
    assert [one for one in result["checks"] if one["id"] == LEAVES] == [again.before]
    by_hash = read_ledger(book).row("ben").digest[:12]
    assert replay(book, by_hash, LEAVES, tmp_path / "hash").seed == again.seed


@pytest.mark.parametrize(
    ("who", "check", "said"),
    [("gus", LEAVES, "nothing of gus was graded"), ("ben", "leaves", f"perhaps {LEAVES}")],
)
def test_a_replay_that_cannot_be_says_why(
    book: Gradebook, tmp_path: Path, who: str, check: str, said: str
) -> None:
    with pytest.raises(GradebookError, match=said):
        replay(book, who, check, tmp_path / "again")


def test_before_the_first_run_there_is_nothing_to_read(tmp_path: Path) -> None:
    with Gradebook(tmp_path / FILE) as book, pytest.raises(GradebookError, match="workbook grade"):
        read_ledger(book)


def test_the_ledger_of_a_class_is_in_the_order_of_keys(book: Gradebook) -> None:
    ledger: Ledger = read_ledger(book)
    keys = [row.student.key for row in ledger.rows]
    assert keys == sorted(keys)
    assert (ledger.possible, ledger.beside) == (8, 4)
