"""The wheel's PostgreSQL server: started on first use, shared, gone with its last user."""

from __future__ import annotations

import atexit
import secrets
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from workbook.postgres.account import DatabaseUnavailable, shared_folder
from workbook.postgres.cluster import WINDOWS, Cluster
from workbook.postgres.held import Held, holding, is_held
from workbook.postgres.keeper import living
from workbook.postgres.settings import ADMIN, READER
from workbook.postgres.statements import LogPosition, StatementLog

if TYPE_CHECKING:
    from asyncpg import Connection
    from sqlalchemy import URL

KEEPER = "from workbook.postgres.keeper import main; main()"


class Server:
    """A running PostgreSQL server in a folder, held open by this process.

    Everything here blocks for less than a second, except the two methods that read the
    log: those are coroutines. A folder has one server, whoever asks first starts it.
    """

    _open: ClassVar[dict[Path, Server]] = {}
    _guard: ClassVar[threading.RLock] = threading.RLock()

    def __init__(self, folder: Path, *, linger: float = 0) -> None:
        """Join the server of `folder`, or start it; it stays `linger` seconds after its last user.

        Raises `DatabaseUnavailable` with the reason and what to do.
        """
        self._cluster = Cluster(folder)
        self.folder = self._cluster.folder
        self.log = StatementLog(self._cluster.log)
        #: The name of this use of the server, part of the names of its databases.
        self.user = secrets.token_hex(5)
        try:
            (self.folder / "users").mkdir(parents=True, exist_ok=True)
            with holding(self.folder / "lock"):
                self._held = Held(self.folder / "users" / self.user)
                try:
                    self._join(linger)
                except BaseException:
                    self.close()
                    raise
        except OSError as error:
            raise DatabaseUnavailable(
                f"The folder {self.folder} for PostgreSQL can't be written: {error.strerror}. "
                f"Make it writable, or set XDG_CACHE_HOME to another place."
            ) from error

    @classmethod
    def shared(cls) -> Server:
        """This user's one server; the same object in every place of a process."""
        folder = shared_folder()
        with cls._guard:
            server = cls._open.get(folder)
            if server is None or not server.is_running():
                if server is not None:
                    server.close()
                server = cls._open[folder] = cls(folder, linger=5)
                atexit.register(server.close)
            return server

    def _join(self, linger: float) -> None:
        address = self._cluster.address()
        if address is None:
            self._cluster.start()
            address = self._cluster.address()
        else:
            self._cluster.renew_access()
        if address is None:
            raise DatabaseUnavailable("PostgreSQL started, but nothing answers at its socket.")
        self.host, self.port = address
        if not is_held(self.folder / "keeper"):
            self._start_keeper(linger)

    def _start_keeper(self, linger: float) -> None:
        quiet = subprocess.DEVNULL
        keeper = subprocess.Popen(
            [sys.executable, "-c", KEEPER, str(self.folder), str(linger)],
            stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True,
        )  # fmt: skip
        if WINDOWS:
            keeper.returncode = 0  # there it can't leave a child behind and go: it outlives us
        elif keeper.wait():
            raise DatabaseUnavailable("The process that stops PostgreSQL at the end can't start.")

    def close(self) -> None:
        """Leave the server; safe to call again. The last to leave stops it."""
        self._held.let_go()

    def is_running(self) -> bool:
        """Whether the server still answers."""
        return self._cluster.address() is not None

    def users(self) -> set[str]:
        """The names of the uses that are alive, in all processes."""
        with holding(self.folder / "lock"):
            return {path.name for path in living(self.folder)}

    def url(self, role: str, database: str | None = None) -> URL:
        """The address of a database for a role: by default the one of its own name."""
        from sqlalchemy import URL  # the keeper needs none of it

        return URL.create(
            "postgresql+asyncpg",
            username=role,
            password=self._cluster.password(role),
            host=self.host if WINDOWS else None,
            port=self.port if WINDOWS else None,
            database=database or role,
            query={} if WINDOWS else {"host": self.host},
        )

    @property
    def admin_url(self) -> URL:
        """The superuser's address. It stays with us: no student code may see it."""
        return self.url(ADMIN, "postgres")

    async def connect(
        self, role: str = ADMIN, database: str | None = None, **settings: str
    ) -> Connection:
        """A connection of asyncpg as the admin, the reader or the owner of a database."""
        import asyncpg

        return await asyncpg.connect(
            host=self.host, port=self.port, user=role, password=self._cluster.password(role),
            database=database or ("postgres" if role in (ADMIN, READER) else role),
            ssl=False, timeout=10, statement_cache_size=0, server_settings=settings,
        )  # fmt: skip

    async def log_position(self, through: Connection | None = None) -> LogPosition:
        """The place in the log after everything executed until now.

        `through` is an admin's connection with `log_statement=all`, if one is open already.
        """
        _, position = await self._read(None, "", through)
        return position

    async def statements(
        self, since: LogPosition, database: str, through: Connection | None = None
    ) -> list[str]:
        """Every statement that ran in `database` since a position, as the server saw it."""
        found, _ = await self._read(since, database, through)
        return found

    async def _read(
        self, since: LogPosition | None, database: str, through: Connection | None
    ) -> tuple[list[str], LogPosition]:
        connection = through or await self.connect(log_statement="all")
        try:
            start = since or self.log.end()
            marker = secrets.token_hex(12)
            await connection.execute(f"SELECT 'marker {marker}'")
            return await self.log.read(start, marker, database)
        finally:
            if through is None:
                await connection.close()


@contextmanager
def running_server(data_dir: Path | None = None) -> Iterator[Server]:
    """A server for the length of a block: the shared one, or a private one in `data_dir`."""
    if data_dir is None:
        yield Server.shared()
        return
    server = Server(data_dir)
    try:
        yield server
    finally:
        server.close()
