"""Probes of lesson 2: rows made, read, changed, related and deleted by the student's models."""

import copy
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

from sqlalchemy import bindparam, delete, text, update
from sqlalchemy.orm import selectinload
from sqlmodel import select

from .kit import Kit

TIMES = {"created_at", "updated_at", "due_date"}


def _fields(told: dict[str, Any]) -> dict[str, Any]:
    """Fields as a model takes them: times came in as text."""
    return {
        name: datetime.fromisoformat(value) if name in TIMES and value else value
        for name, value in told.items()
    }


def _plain(value: Any) -> Any:
    """A value as JSON has it: a time as text with its offset, an Enum as its value."""
    if isinstance(value, datetime):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value


async def add(kit: Kit, *, rows: list[tuple[str, dict[str, Any]]]) -> list[int]:
    """Rows of the named models, each committed; their ids."""
    return [await kit.add(model, **_fields(fields)) for model, fields in rows]


async def attempt(kit: Kit, *, model: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What came of each row that was added."""
    return [await kit.outcome(kit.add(model, **_fields(fields))) for fields in rows]


async def overwrite(
    kit: Kit, *, table: str, column: str, row: int, values: list[Any]
) -> list[dict[str, Any]]:
    """What came of each value that plain SQL wrote into one column of one row."""
    sql = text(f"UPDATE {table} SET {column} = :value WHERE id = {row}")

    async def write(value: Any) -> None:
        # A literal takes the column's own type, whatever that is.
        statement: Any = sql.bindparams(bindparam("value", value, literal_execute=True))
        async with kit.session() as session:
            await session.exec(statement, execution_options={"tenant_unscoped": True})
            await session.commit()

    return [await kit.outcome(write(value)) for value in values]


async def read(kit: Kit, *, model: str, rows: list[int], names: list[str]) -> list[dict[str, Any]]:
    """The named attributes of rows, read by a new session."""
    found = []
    async with kit.session() as session:
        for row in rows:
            one = await session.get(kit.use(f"models.{model}"), row)
            found.append({name: _plain(getattr(one, name)) for name in names})
    return found


async def change(kit: Kit, *, model: str, rows: list[int], values: dict[str, Any]) -> None:
    """Rows changed as objects of one session, and committed."""
    async with kit.session() as session:
        for row in rows:
            one = await session.get(kit.use(f"models.{model}"), row)
            for name, value in values.items():
                setattr(one, name, value)
        await session.commit()
    _wait_for_the_clock()


async def change_all(kit: Kit, *, model: str, rows: list[int], values: dict[str, Any]) -> None:
    """Rows changed by one UPDATE, and committed."""
    table = kit.use(f"models.{model}")
    async with kit.session() as session:
        await session.exec(update(table).where(table.id.in_(rows)).values(**values))
        await session.commit()
    _wait_for_the_clock()


async def remove(kit: Kit, *, model: str, row: int, by: str) -> dict[str, Any]:
    """A row deleted by a statement, or as an object, what a relationship reaches loaded too."""
    table = kit.use(f"models.{model}")

    async def work() -> None:
        async with kit.session() as session:
            if by == "statement":
                await session.exec(delete(table).where(table.id == row))
            else:
                reached = getattr(table, by, None)  # a relationship, if it is there yet
                options = [] if reached is None else [selectinload(reached)]
                await session.delete(await session.get(table, row, options=options))
            await session.commit()

    return {"removed": await kit.outcome(work())}


async def apart(
    kit: Kit, *, model: str, attribute: str, edit: list[Any], keys: dict[str, Any]
) -> int:
    """Two new objects without a value, the first one's default edited; the second one's id."""
    table = kit.use(f"models.{model}")
    async with kit.session() as session:
        first, second = table(**keys), table(**keys)
        method, *arguments = edit
        getattr(getattr(first, attribute), method)(*arguments)
        session.add_all([first, second])
        await session.commit()
        return int(second.id)


async def edit(
    kit: Kit,
    *,
    model: str,
    attribute: str,
    when: str,
    keys: dict[str, Any],
    old: Any,
    edits: list[Any],
) -> list[int]:
    """A row for each edit: its dict or list changed in place by a method, then committed."""
    table = kit.use(f"models.{model}")
    async with kit.session() as session:
        given = {} if when == "assigned" else {attribute: old}
        rows = [table(**copy.deepcopy(keys | given)) for _ in edits]
        session.add_all(rows)
        await session.commit()
        ids = [int(row.id) for row in rows]
        if when == "assigned":
            for row in rows:
                setattr(row, attribute, copy.deepcopy(old))
            await session.commit()
        if when != "loaded":
            _edit(rows, attribute, edits)
            await session.commit()
            return ids
    async with kit.session() as session:
        _edit([await session.get(table, row) for row in ids], attribute, edits)
        await session.commit()
    return ids


def _edit(rows: list[Any], attribute: str, edits: list[Any]) -> None:
    for row, (method, *arguments) in zip(rows, edits, strict=True):
        getattr(getattr(row, attribute), method)(*arguments)


def _wait_for_the_clock() -> None:
    """Returns when any clock, one that counts milliseconds too, shows another moment."""
    moment = datetime.now(UTC) + timedelta(milliseconds=2)
    while datetime.now(UTC) <= moment:
        pass


@contextmanager
def _elsewhere() -> Iterator[None]:
    """A local time that is far from UTC, where the system can set one."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = "KIT-5:45"
    getattr(time, "tzset", int)()
    try:
        yield
    finally:
        os.environ.pop("TZ") if before is None else os.environ.update(TZ=before)
        getattr(time, "tzset", int)()


async def make_twice(kit: Kit) -> dict[str, list[int]]:
    """Two rows of each table, made one after the other on a machine far from UTC."""
    made: dict[str, list[int]] = {"Worker": [], "Project": [], "Task": []}
    with _elsewhere():
        for handle in ("@first", "@second"):
            worker = await kit.worker(handle)
            project = await kit.project()
            task = await kit.task(project, worker)
            for ids, row in zip(made.values(), (worker, project, task), strict=True):
                ids.append(row)
            _wait_for_the_clock()
    return made


async def related(kit: Kit, *, model: str, attribute: str) -> list[Any]:
    """Each row's id, and the id or ids that a relationship reaches from it."""
    table = kit.use(f"models.{model}")
    async with kit.session() as session:
        query = select(table).options(selectinload(getattr(table, attribute)))
        found = (await session.exec(query)).unique().all()
        return [[row.id, _ids(getattr(row, attribute))] for row in found]


def _ids(reached: Any) -> Any:
    if isinstance(reached, list):
        return sorted(one.id for one in reached)
    return None if reached is None else reached.id


async def tie(
    kit: Kit, *, one: str, many: str, holder: tuple[str, dict[str, Any]], keys: dict[str, Any]
) -> dict[str, Any]:
    """Two new tasks tied to a new holder, one from either end; what the other end shows."""
    task = kit.use("models.Task")
    async with kit.session() as session:
        held = kit.use(f"models.{holder[0]}")(**holder[1])
        set_here = task(**keys)
        setattr(set_here, one, held)
        shown = any(each is set_here for each in getattr(held, many))
        appended = task(**keys)
        getattr(held, many).append(appended)
        back = getattr(appended, one) is held
        session.add_all([held, set_here, appended])
        await session.commit()
        ids = {"held": held.id, "set": set_here.id, "appended": appended.id}
        return {"shown": shown, "back": back, **ids}
