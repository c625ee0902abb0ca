"""What the server's own log says about the statements of one database.

Student code can't switch this log off, so it is the witness nobody can bribe.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

KEPT_FILES = 8  # of 16 MB each
_STATEMENT = re.compile(r"(statement|execute fetch from [^:]*|execute [^:]*): (.*)", re.DOTALL)


@dataclass(frozen=True, order=True)
class LogPosition:
    """A file of the log, and the bytes of it that came before."""

    file: str
    offset: int


class StatementLog:
    """The folder that a server's log collector writes to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def end(self) -> LogPosition:
        """Where the log ends now; what the server hasn't written yet comes after."""
        files = self._files()
        for old in files[:-KEPT_FILES]:
            (self.folder / old).with_suffix(".log").unlink(missing_ok=True)
            (self.folder / old).unlink(missing_ok=True)
        if not files:
            return LogPosition("", 0)
        return LogPosition(files[-1], (self.folder / files[-1]).stat().st_size)

    async def read(
        self, since: LogPosition, marker: str, database: str
    ) -> tuple[list[str], LogPosition]:
        """The statements of `database` up to a marker statement, and the place after it.

        All backends write to one pipe before they execute, so what ran before the marker
        stands before it in the log.
        """
        sought, of_database = marker.encode(), f'"dbname":{json.dumps(database)},'.encode()
        file, offset = since.file, since.offset
        lines: list[bytes] = []
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            later = [name for name in self._files() if name > file]
            chunk = self._tail(file, offset)
            for line in chunk:
                offset += len(line)
                if sought in line:
                    return _statements(lines), LogPosition(file, offset)
                if of_database in line:
                    lines.append(line)
            if not chunk and later:
                file, offset = later[0], 0
            elif not chunk:
                await asyncio.sleep(0.0005)
        raise TimeoutError("PostgreSQL's log stands still: the marker statement isn't in it.")

    def _files(self) -> list[str]:
        return sorted(path.name for path in self.folder.glob("*.json"))

    def _tail(self, file: str, offset: int) -> list[bytes]:
        if not file:
            return []
        with (self.folder / file).open("rb") as log:
            log.seek(offset)
            lines = log.read().splitlines(keepends=True)
        return lines if not lines or lines[-1].endswith(b"\n") else lines[:-1]


def _statements(lines: Iterable[bytes]) -> list[str]:
    """The SQL of log lines. Further fetches from a running statement aren't counted again."""
    found: list[str] = []
    begun: set[tuple[str | None, str]] = set()
    for line in lines:
        entry = json.loads(line)
        match = _STATEMENT.fullmatch(entry.get("message", ""))
        if match is None or entry.get("error_severity") != "LOG":
            continue
        how, sql = match.groups()
        session = entry.get("session_id"), sql
        if how.startswith("execute fetch from ") and session in begun:
            continue
        begun.add(session)
        found.append(sql)
    return found
