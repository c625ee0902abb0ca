"""Databases for student code: one interface over SQLite files and PostgreSQL."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Collection
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from workbook.databases.looking import Busy, Database, Unreadable
from workbook.databases.own import OwnServer
from workbook.databases.sqlite import SQLiteDatabase, folder_for_a_while
from workbook.postgres import DatabaseUnavailable, Server

if TYPE_CHECKING:
    from workbook.databases.given import GivenServer

__all__ = [
    "KINDS",
    "NAMES",
    "Busy",
    "Database",
    "DatabaseUnavailable",
    "Databases",
    "SQLiteDatabase",
    "Unreadable",
    "folder_for_a_while",
]

NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
KINDS = tuple(NAMES)


class Databases:
    """Empty databases of the named kinds, all gone when the block ends.

    `folder` is for the SQLite files. `db_url` names a PostgreSQL server to use in place
    of ours; one that refuses raises `DatabaseUnavailable` on entering. `server` is a
    private one, else this user's shared server is started. `limited` closes databases that
    outgrow a limit: for the code of others. Belongs to one event loop.
    """

    def __init__(
        self,
        kinds: Collection[str],
        *,
        folder: Path,
        db_url: str | None = None,
        server: Server | None = None,
        ahead: int = 2,
        limited: bool = False,
    ) -> None:
        unknown = sorted(set(kinds) - set(KINDS))
        if unknown:
            raise ValueError(f"There is no database {unknown[0]!r}; there are {', '.join(KINDS)}.")
        self.kinds = tuple(kind for kind in KINDS if kind in kinds)
        self._folder = folder
        self._db_url = db_url
        self._server = server
        self._ahead = ahead
        self._limited = limited
        self._postgres: OwnServer | GivenServer | None = None
        self._reasons: dict[str, str] = {}
        self._files: list[SQLiteDatabase] = []

    async def __aenter__(self) -> Self:
        for kind in set(KINDS) - set(self.kinds):
            self._reasons[kind] = f"{kind} wasn't asked for"
        if "postgresql" in self.kinds:
            try:
                self._postgres = await self._opened()
            except DatabaseUnavailable as error:
                if self._db_url is not None:
                    raise
                self._reasons["postgresql"] = str(error)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for file in self._files:
            await file.drop()
        if self._postgres is not None:
            await self._postgres.close()

    def available(self, kind: str) -> str | None:
        """`None` where databases of this kind can be had, else the reason why not."""
        return self._reasons.get(kind)

    async def create(self, kind: str) -> Database:
        """A new, empty database; raises `DatabaseUnavailable` with `available`'s reason."""
        if kind in self._reasons:
            raise DatabaseUnavailable(self._reasons[kind])
        if kind == "sqlite":
            file = SQLiteDatabase(self._folder / f"{secrets.token_hex(6)}.db")
            self._files.append(file)
            return file
        assert self._postgres is not None
        return await self._postgres.take()

    async def _opened(self) -> OwnServer | GivenServer:
        source: OwnServer | GivenServer
        if self._db_url is not None:
            from workbook.databases.given import GivenServer  # late: it needs SQLAlchemy

            source = GivenServer(self._db_url)
        else:
            if self._server is None:
                self._server = await asyncio.to_thread(Server.shared)
            source = OwnServer(self._server, ahead=self._ahead, limited=self._limited)
        await source.open()
        return source
