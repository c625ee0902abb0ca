"""Witnesses in a jail, and the SQLite files that stay inside it."""

import contextlib
import secrets
import subprocess
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import workbook
from workbook.databases import Busy, Database, Databases, Unreadable
from workbook.databases.looking import KEPT, first
from workbook.postgres import LogPosition, Server
from workbook.sandbox import Jail, Rung, interpreter_trees
from workbook.sandbox.bubblewrap import SCRATCH
from workbook.sandbox.ladder import named
from workbook.witness import frames

from .channel import Channel, WitnessEndedError, WitnessUnavailableError
from .confinement import Confinement
from .nurseries import WarmNursery

SECONDS = 20.0


@dataclass
class Cell:
    """A rung with all that a jail on it may see."""

    rung: Rung
    staging: Path
    probes: Path
    socket_dir: Path | None = None
    scratch: Path | None = None
    limits: dict[str, int] = field(default_factory=dict)

    @property
    def inside(self) -> Path:
        """The one folder that a submission can write to, as it is called inside."""
        return SCRATCH if self.rung.mounts or self.scratch is None else self.scratch

    @property
    def trees(self) -> list[Path]:
        """What every submission may read: the interpreter, the workbook, the probes."""
        return [*interpreter_trees(), Path(workbook.__file__).parent, self.probes]

    def jail(self) -> Jail:
        """The jail of the warm process."""
        return Jail(
            read=self.trees, staging=self.staging, scratch=self.scratch, socket_dir=self.socket_dir
        )

    def opening(self, own: Path | None) -> dict[str, Any]:
        """The walls of one witness that may read its own submission, or none."""
        sockets = [self.socket_dir] if self.socket_dir and own else []
        read = [*self.trees, *sockets, *([own] if own else [])]
        walls = {
            "rung": self.rung.name,
            "read": list(map(str, read)),
            "write": [str(self.inside)],
            "sockets": bool(sockets),
        }
        return {"lockdown": walls | self.limits}


class JailedNursery(WarmNursery):
    """Forks witnesses inside a jail; between two submissions it is swept, or made anew."""

    def __init__(self, cell: Cell) -> None:
        super().__init__(cell.probes)
        self.cell = cell
        self._inspector: Channel | None = None
        self._launch = self._popen

    def _popen(self, command: list[str], fd: int) -> Any:
        # Without -P the folder that submissions write to would be the first on the path.
        python, *rest = command
        return self.cell.rung.popen(
            [python, "-P", *rest, "jailed"],
            self.cell.jail(),
            pass_fds=[fd],
            env={"PYTHONPATH": _above(), "PYTHONNOUSERSITE": "1"},
        )

    async def open(self, opening: dict[str, Any]) -> Channel:
        own = None if opening.get("inspector") else Path(opening["root"])
        return await super().open(opening | self.cell.opening(own))

    async def look(self, request: dict[str, Any]) -> Any:
        """What the inspector answers: a process of the jail that runs no student code."""
        if self._inspector is None or self._inspector.ended:
            self._inspector = await self.open({"inspector": True})
        try:
            answer = await self._inspector.ask(request, cpu=SECONDS, wall=SECONDS)
        except WitnessEndedError as ended:
            raise Unreadable(f"reading it ended the reader ({ended})") from None
        if "unreadable" in answer:
            raise Unreadable(answer["unreadable"])
        if "busy" in answer:
            raise Busy(answer["busy"])
        return answer.get("value")

    async def sweep(self) -> None:
        if self._inspector is not None:
            await self._inspector.end()
            self._inspector = None
        if not self.cell.rung.shared:
            self.close()
        elif self._control is not None:
            # What can't be swept (folders nested past all measure) goes with its jail.
            with contextlib.suppress(WitnessUnavailableError, OSError):
                self._control.sendall(frames.pack({"do": "sweep"}))
                self._answer()

    def start(self) -> None:
        if self.cell.scratch is not None:
            left = [str(path) for path in self.cell.scratch.iterdir()]
            if left:
                subprocess.run(["rm", "-rf", "--", *left], check=False)
        super().start()


class JailedDatabases(Databases):
    """Databases for the code of others: files inside the jail, a server of the grader's own."""

    def __init__(
        self, kinds: Collection[str], nursery: JailedNursery, server: Server | None
    ) -> None:
        super().__init__(kinds, folder=nursery.cell.inside, server=server, limited=True)
        self._nursery = nursery

    async def create(self, kind: str) -> Database:
        return JailedSQLite(self._nursery) if kind == "sqlite" else await super().create(kind)


class JailedSQLite:
    """A SQLite file inside a jail, read by the jail's own inspector."""

    kind = "sqlite"

    def __init__(self, nursery: JailedNursery) -> None:
        self._nursery = nursery
        self.name = secrets.token_hex(6)
        self.path = nursery.cell.inside / f"{self.name}.db"
        self.url = f"sqlite+aiosqlite:///{self.path.as_posix()}"

    async def _look(self, do: str, **rest: Any) -> Any:
        return await self._nursery.look({"do": do, "path": str(self.path), **rest})

    async def rows(self, sql: str, *params: Any) -> list[dict[str, Any]]:
        return list(await self._look("rows", sql=sql, params=params))

    async def value(self, sql: str, *params: Any) -> Any:
        return first(await self.rows(sql, *params))

    async def tables(self) -> list[str]:
        return list(await self._look("tables"))

    async def empty(self, keep: Collection[str] = KEPT) -> None:
        try:
            await self._look("empty")
        except Unreadable as error:
            raise Busy(str(error)) from error

    async def log_position(self) -> LogPosition | None:
        return None

    async def statements(self, since: LogPosition | None) -> list[str] | None:
        return None

    async def drop(self) -> None:
        """The sweep after the submission removes it."""


def furnished(
    confined: Confinement, probes: Path, kinds: Collection[str]
) -> tuple[JailedNursery, Databases]:
    """Witnesses and databases of a judge that is told to confine them."""
    server = Server(confined.server) if confined.server and "postgresql" in kinds else None
    cell = Cell(
        named(confined.rung),
        confined.staging,
        probes,
        socket_dir=Path(server.host) if server else None,
        scratch=confined.scratch,
    )
    nursery = JailedNursery(cell)
    return nursery, JailedDatabases(kinds, nursery, server)


def _above() -> str:
    """The folder from which `workbook` is imported, for a Python that is not told by its venv."""
    return str(Path(workbook.__file__).parent.parent)
