"""The same piece of code on SQLite and PostgreSQL, each on a new database."""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from workbook.databases import NAMES
from workbook.notebook.telling import SAID, Note, says, show
from workbook.notebook.verbs import desk
from workbook.seeing import SideBySide
from workbook.seeing import side_by_side as on_each

Work = Callable[[AsyncEngine], Awaitable[Any]]


async def side_by_side(work: Work, *, prepare: Work | None = None) -> SideBySide | Note:
    """Runs `work(engine)` on a new SQLite and a new PostgreSQL database, and shows both.

    `prepare(engine)` comes first and is not recorded: give it what makes the tables. The
    engines are made by the package's own `build_engine`, where it is built.
    """
    engines = {}
    try:
        for kind, name in NAMES.items():
            engines[name] = engine(desk().fresh(kind))
    except SAID as error:
        show(says(error))
    try:
        for each in engines.values():
            if prepare is not None:
                await prepare(each)
        return await on_each(work, **engines)
    finally:
        for each in engines.values():
            await each.dispose()


def engine(url: str) -> AsyncEngine:
    """An engine of the package's making, or a plain one while that is still a blank."""
    package = desk().course.package
    try:
        built = importlib.import_module(f"{package}.database").build_engine(url)
    except (ImportError, AttributeError, NotImplementedError):
        return create_async_engine(url)
    assert isinstance(built, AsyncEngine)
    return built
