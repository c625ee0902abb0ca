"""Reads SQLite files that student code wrote, in a process that never ran any of it.

A file may be made to harm its reader, so inside a jail the judge does not open it: a fork of
the warm process does, behind the same walls, and answers in the same frames.
"""

import asyncio
from pathlib import Path
from typing import Any, BinaryIO

from workbook.databases import Busy, SQLiteDatabase, Unreadable

from . import frames
from .serving import Send


def serve(stream: BinaryIO, send: Send) -> None:
    """Answers `rows`, `tables`, `empty` and `drop` until the stream ends."""
    with asyncio.Runner() as runner:
        while (request := frames.read(stream)) is not None:
            answer: dict[str, Any] = {"id": request["id"]}
            try:
                answer["value"] = runner.run(_look(request))
            except Unreadable as error:
                answer["unreadable"] = str(error)
            except Busy as error:
                answer["busy"] = str(error)
            # A file may hold whatever its writer chose: values that fit nowhere, rows past number.
            except (OSError, ValueError, ArithmeticError, MemoryError, RecursionError) as error:
                answer["unreadable"] = f"{type(error).__name__}: {error}"
            send(_packed(answer))


def _packed(answer: dict[str, Any]) -> bytes:
    try:
        return frames.pack(answer)
    except (frames.FrameError, ValueError, MemoryError) as error:
        return frames.pack({"id": answer["id"], "unreadable": str(error)})


async def _look(request: dict[str, Any]) -> Any:
    database = SQLiteDatabase(Path(request["path"]))
    match request["do"]:
        case "rows":
            return await database.rows(request["sql"], *request["params"])
        case "tables":
            return await database.tables()
        case "empty":
            return await database.empty()
        case "drop":
            return await database.drop()
    raise ValueError(request["do"])
