"""What is shown of a database is what was sent, and reads the same on every run."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Table, event, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from workbook.seeing import Trace, compare, crowd, diagram, measure, record, side_by_side
from workbook.seeing.wording import shape, short

METADATA = MetaData()
Table("worker", METADATA, Column("id", Integer, primary_key=True), Column("handle", String(50)))
TASK = Table(
    "task",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("title", String, nullable=False),
    Column("made", String),
    Column("a", Integer),
    Column("b", Integer),
    Column(
        "worker_id",
        ForeignKey("worker.id", ondelete="CASCADE", deferrable=True, initially="DEFERRED"),
    ),
)


def honest(path: Path, **options: Any) -> AsyncEngine:
    """An engine that says BEGIN itself, as lesson 1 teaches."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{path}", **options)

    @event.listens_for(engine.sync_engine, "connect")
    def connect(connection: Any, _: Any) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN")

    @event.listens_for(engine.sync_engine, "reset")
    def end(connection: Any, _: Any, state: Any) -> None:
        if state.transaction_was_reset and state.asyncio_safe:
            connection.rollback()

    return engine


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    engine = honest(tmp_path / "see.db")
    async with engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
    yield engine
    await engine.dispose()


async def ask(engine: AsyncEngine, *statements: str) -> Trace:
    with record(engine) as trace:
        async with engine.begin() as connection:
            for statement in statements:
                await connection.execute(text(statement))
    return trace


async def test_a_trace_holds_what_was_sent_in_order(engine: AsyncEngine) -> None:
    trace = await ask(engine, "INSERT INTO worker (handle) VALUES ('@a')", "SELECT * FROM worker")
    kinds = [step.kind for step in trace.steps]
    assert kinds == ["check-out", "begin", "statement", "statement", "commit", "check-in"]
    assert [step.rows for step in trace.statements] == [1, 1]
    assert trace.summary == "2 statements, 1 transaction, 1 connection"


async def test_the_text_leaves_times_out(engine: AsyncEngine) -> None:
    told = []
    for moment in ("2026-01-01 10:00:00.000000", "2026-02-02T11:11:11+00:00"):
        with record(engine) as trace:
            async with engine.connect() as connection:
                await connection.execute(TASK.insert().values(title="t", made=moment))
        told.append(str(trace))
        assert moment in trace._repr_mimebundle_()["text/html"]
    assert told[0] == told[1]
    assert "'t', <time> → 1 row" in told[0]
    assert " ms" not in told[0]


async def test_a_long_run_shows_its_first_and_a_count(engine: AsyncEngine) -> None:
    trace = await ask(engine, *["SELECT 1"] * 10, "SELECT 2")
    assert str(trace).count("SELECT 1") == 1
    assert "… 9 more like it" in str(trace)
    assert " 11    SELECT 2" in str(trace)
    assert trace._repr_mimebundle_()["text/html"].count("more like it") == 2  # label, table


async def test_a_savepoint_is_shown_and_not_counted(engine: AsyncEngine) -> None:
    with record(engine) as trace:
        async with engine.begin() as connection, connection.begin_nested():
            await connection.execute(text("SELECT 1"))
    assert len(trace.statements) == 1
    assert re.search("SAVEPOINT.*SELECT 1.*RELEASE SAVEPOINT.*COMMIT", str(trace), re.DOTALL)


async def test_what_is_refused_says_so(engine: AsyncEngine) -> None:
    with record(engine) as trace, pytest.raises(IntegrityError):
        await _send(engine, "INSERT INTO task (title) VALUES (NULL)")
    assert "refused: IntegrityError" in str(trace)
    assert "ROLLBACK" in str(trace)


async def test_a_commit_can_be_refused_too(engine: AsyncEngine) -> None:
    with record(engine) as trace, pytest.raises(IntegrityError):
        await _send(engine, "INSERT INTO task (title, worker_id) VALUES ('t', 99)")
    (commit,) = [step for step in trace.steps if step.kind == "commit"]
    assert commit.error == "IntegrityError"
    assert "refused: IntegrityError" in trace._repr_mimebundle_()["text/html"]


async def _send(engine: AsyncEngine, statement: str) -> None:
    async with engine.begin() as connection:
        await connection.execute(text(statement))


async def test_connections_have_numbers_and_engines_can_be_told_apart(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    other = honest(tmp_path / "other.db")
    with record(engine) as one, record() as all_of_them:
        async with engine.connect() as first, engine.connect() as second, other.connect() as third:
            for connection in (first, second, third, first):
                await connection.execute(text("SELECT 1"))
    await other.dispose()
    assert one.connections == [1, 2]
    assert [step.connection for step in one.statements] == [1, 2, 1]
    assert all_of_them.connections == [1, 2, 3]


async def test_nothing_is_kept_outside_of_the_block(engine: AsyncEngine) -> None:
    trace = await ask(engine, "SELECT 1")
    await ask(engine, "SELECT 2")
    assert len(trace.statements) == 1


async def test_a_page_escapes_what_it_shows_and_has_an_alternative(engine: AsyncEngine) -> None:
    trace = await ask(engine, "SELECT '<script>alert(1)</script>\x1b[31m\u202e'")
    page = trace._repr_mimebundle_()["text/html"]
    assert "<script" not in page
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", page)
    assert 'role="img"' in page
    assert "<title>1 statement, 1 transaction, 1 connection on a time line</title>" in page
    assert 'aria-label="1 statement' in page
    assert "<caption" in page


def test_an_empty_trace_says_so() -> None:
    assert str(Trace()) == "no statement reached a database"
    assert "no statement" in Trace()._repr_mimebundle_()["text/html"]


async def test_a_comparison_counts_both_ways(engine: AsyncEngine) -> None:
    many = await ask(engine, "SELECT 1", *[f"SELECT {n} + 1" for n in range(1)] * 10)
    few = await ask(engine, "SELECT 1", "SELECT 2")
    many.name, few.name = "one by one", "together"
    picture = compare(many, few)
    assert picture.title == "11 statements against 2"
    assert "one by one  11 statements" in str(picture)
    assert "    10 × SELECT 0 + 1" in str(picture)
    page = picture._repr_mimebundle_()["text/html"]
    assert page.count('class="wb-bar') == 13
    assert page.count('class="wb-bar wb-again"') == 9
    with pytest.raises(ValueError, match="found none"):
        compare()


async def test_the_quickest_run_of_each_way_is_kept_and_drawn() -> None:
    waits = iter([0.03, 0.001, 0.03])

    async def uneven() -> None:
        await asyncio.sleep(next(waits))

    found = await measure({"uneven": uneven, "even": lambda: asyncio.sleep(0.02)}, rounds=3)
    assert found["uneven"] < found["even"]
    page = found._repr_mimebundle_()
    assert [line.split()[0] for line in page["text/plain"].splitlines()] == ["uneven", "even"]
    assert page["text/html"].count("<rect") == 2


async def test_a_crowd_waits_for_the_pool(tmp_path: Path) -> None:
    engine = honest(tmp_path / "crowd.db", pool_size=2, max_overflow=3)

    async def work(_: int) -> None:
        await _send(engine, "SELECT 1")

    use = await crowd(work, engine, sessions=20)
    again = await crowd(work, engine, sessions=20)
    await engine.dispose()
    told = "20 sessions: at most 5 connections in use and 15 sessions waiting; 20 served"
    assert [str(use), str(again)] == [told, told]
    assert use.moments[-1][1:] == (0, 0)
    assert told in use._repr_mimebundle_()["text/html"]
    assert "connect" not in vars(engine.sync_engine.pool)


async def test_a_crowd_counts_those_who_gave_up(tmp_path: Path) -> None:
    engine = honest(tmp_path / "crowd.db", pool_size=1, max_overflow=0)

    async def work(number: int) -> None:
        await _send(engine, "SELECT 1")
        if number == 1:
            raise ValueError(number)

    use = await crowd(work, engine, sessions=3)
    await engine.dispose()
    assert str(use).endswith("2 served, 1 ended in ValueError")


async def test_side_by_side_shows_a_value_and_an_error_alike(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    other = honest(tmp_path / "empty.db")

    async def work(each: AsyncEngine) -> list[int]:
        async with each.connect() as connection:
            return list((await connection.execute(text("SELECT id FROM worker"))).scalars())

    both = await side_by_side(work, Full=engine, Empty=other)
    await other.dispose()
    assert both["Full"].value == []
    assert "OperationalError: no such table: worker" in str(both)
    page = both._repr_mimebundle_()["text/html"]
    assert page.count("<section") == 2
    assert both["Empty"].trace.statements[0].error == "OperationalError"


def test_a_diagram_shows_tables_keys_and_what_is_required() -> None:
    picture = diagram(METADATA)
    assert str(picture) == (
        "2 tables\n"
        "  task(id, title, made, a, b, worker_id)\n"
        "    task.worker_id refers to worker, on delete cascade\n"
        "  worker(id, handle)"
    )
    shown = picture._repr_mimebundle_()
    assert shown["text/markdown"].startswith("```mermaid\nerDiagram\n  accTitle: 2 tables\n")
    assert '  worker |o--o{ task : "worker_id (cascade)"' in shown["text/markdown"]
    assert '    string title "required"' in shown["text/markdown"]


def test_a_diagram_names_a_table_that_nobody_loaded() -> None:
    metadata = MetaData()
    Table("task", metadata, Column("worker_id", ForeignKey("worker.id")))
    assert "task.worker_id refers to worker" in str(diagram(metadata))


def test_a_diagram_needs_models() -> None:
    with pytest.raises(TypeError, match="found int"):
        diagram(3)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (
            "SELECT t.a, t.b, t.c, t.d, t.e \nFROM t \nWHERE t.a IN (?, ?, ?, ?, ?)",
            "SELECT t.a, t.b, … 3 more FROM t WHERE t.a IN (?, ?, … 3 more)",
        ),
        ("INSERT INTO t (a, b, c, d, e) VALUES (1)", "INSERT INTO t (a, b, … 3 more) VALUES (1)"),
        ("SELECT 'a, (b', count(*) FROM t", "SELECT 'a, (b', count(*) FROM t"),
        ("UPDATE t SET a=1,\n b=2 WHERE c", "UPDATE t SET a=1, b=2 WHERE c"),
        (
            "CREATE TABLE t (a INT, b INT, c INT, FOREIGN KEY(a) REFERENCES s (a)"
            " ON DELETE SET NULL, d INT, e INT)",
            "CREATE TABLE t (a INT, b INT, … 4 more)",
        ),
        ("UPDATE t SET a=1, b=2, c=3, d=4, e=5 WHERE f", "UPDATE t SET a=1, b=2, … 3 more WHERE f"),
        ("a ) b (", "a) b ("),
        ("", ""),
    ],
)
def test_long_lists_are_shortened(sql: str, expected: str) -> None:
    assert short(sql) == expected


def test_statements_that_differ_in_a_list_alone_have_one_shape() -> None:
    assert shape("SELECT a FROM t WHERE b IN (?, ?)") == shape("SELECT a FROM t WHERE b IN (?)")
    assert shape("SELECT a FROM t WHERE b IN ($1::INTEGER)") == "SELECT a FROM t WHERE b IN (…)"


@given(st.text())
def test_any_text_becomes_one_line(sql: str) -> None:
    assert "\n" not in short(sql)
