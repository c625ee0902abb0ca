"""The fifteen checks as the other tools run them: beside the code they check."""

import contextlib
import os
import sqlite3
import tempfile
from typing import Any

from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession


class Desk:
    """A new database for one check, and calls of the layer on it."""

    def __init__(self, notes: Any) -> None:
        self.notes = notes
        handle, self.path = tempfile.mkstemp(".db")
        os.close(handle)
        self.engine = create_async_engine(f"sqlite+aiosqlite:///{self.path}")

    async def __aenter__(self) -> "Desk":
        await self.notes.create_tables(self.engine)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.engine.dispose()
        os.unlink(self.path)

    async def call(self, name: str, *arguments: Any) -> Any:
        """What a function of the layer returns, in a session of its own."""
        async with AsyncSession(self.engine) as session:
            return await getattr(self.notes, name)(session, *arguments)

    def rows(self) -> list[tuple[Any, ...]]:
        """What another connection sees."""
        connection = sqlite3.connect(self.path)
        try:
            return connection.execute("SELECT title, done FROM note ORDER BY id").fetchall()
        finally:
            connection.close()

    async def two(self) -> list[int]:
        """The ids of two notes."""
        return [await self.call("add", "milk"), await self.call("add", "bread")]


async def tables_can_be_made_again(desk):
    await desk.notes.create_tables(desk.engine)
    assert desk.rows() == []


async def add_keeps_the_note(desk):
    await desk.two()
    assert [title for title, _ in desk.rows()] == ["milk", "bread"]


async def add_returns_its_id(desk):
    assert await desk.call("add", "milk") == 1
    assert len(desk.rows()) == 1


async def add_begins_open(desk):
    await desk.two()
    assert [done for _, done in desk.rows()] == [0, 0]


async def find_finds_a_note(desk):
    await desk.two()
    assert await desk.call("find", 2) == "bread"


async def find_answers_none(desk):
    assert await desk.call("find", 4711) is None


async def rename_keeps_the_new_title(desk):
    await desk.two()
    await desk.call("rename", 2, "butter")
    assert [title for title, _ in desk.rows()] == ["milk", "butter"]


async def rename_answers_false(desk):
    assert await desk.call("rename", 4711, "butter") is False


async def finish_keeps_that_it_is_done(desk):
    await desk.two()
    assert await desk.call("finish", 1) is True
    assert desk.rows()[0][1] == 1


async def finish_leaves_the_others(desk):
    await desk.two()
    await desk.call("finish", 1)
    assert desk.rows()[1][1] == 0


async def remove_removes_one_note(desk):
    await desk.two()
    assert await desk.call("remove", 1) is True
    assert [title for title, _ in desk.rows()] == ["bread"]


async def remove_answers_false(desk):
    assert await desk.call("remove", 4711) is False


async def titles_lists_in_order(desk):
    for title in ("b", "a", "c"):
        await desk.call("add", title)
    assert await desk.call("titles") == ["b", "a", "c"]


async def titles_tells_done_from_open(desk):
    await desk.two()
    await desk.call("finish", 2)
    assert await desk.call("titles", True) == ["bread"]
    assert await desk.call("titles", False) == ["milk"]


async def add_all_keeps_all_or_none(desk):
    assert await desk.call("add_all", ["x", "y", "z"]) == 3
    with contextlib.suppress(ValueError):
        await desk.call("add_all", ["v", "", "w"])
    assert [title for title, _ in desk.rows()] == ["x", "y", "z"]


CHECKS = [
    tables_can_be_made_again, add_keeps_the_note, add_returns_its_id, add_begins_open,
    find_finds_a_note, find_answers_none, rename_keeps_the_new_title, rename_answers_false,
    finish_keeps_that_it_is_done, finish_leaves_the_others, remove_removes_one_note,
    remove_answers_false, titles_lists_in_order, titles_tells_done_from_open,
    add_all_keeps_all_or_none,
]  # fmt: skip
