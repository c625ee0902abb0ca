"""Lesson 4: calls what takes more than one row, and tells what came back."""

import asyncio
from contextlib import suppress
from typing import Any

from sqlalchemy.util import await_only

from .kit import Kit
from .trouble import OutageError, attempt, before, failing_with, once


def _call(kit: Kit, name: str, *arguments: Any) -> Any:
    return kit.use(f"services.project_service.{name}")(*arguments)


def _id(outcome: dict[str, Any]) -> dict[str, Any]:
    return {"value": outcome["value"].id} if "value" in outcome else outcome


async def project(
    kit: Kit,
    *,
    data: dict[str, Any],
    titles: list[str],
    creator: int,
    breaks: str | None = None,
    drops: bool = False,
    cancels: bool = False,
    reads: bool = False,
    then: list[str] | None = None,
) -> dict[str, Any]:
    """The id of a project made with its tasks, or what was raised.

    `breaks` names what fails for it: an INSERT into a table or "commit", by a dropped
    connection if it `drops`. The caller may read before it. After it the caller commits, and
    makes a project with the titles of `then`, all in the same session.
    """
    made = kit.use("schemas.ProjectCreate")(**data)
    error = asyncio.CancelledError() if cancels else OutageError("the disk is full")
    act = hang_up if drops else failing_with(error)
    saw: dict[str, Any] = {}
    async with kit.session() as session:
        if reads:
            await session.get(kit.use("models.Worker"), creator)
        with before(kit, breaks, act), kit.recording():
            work = _call(kit, "create_project_with_tasks", session, made, titles, creator)
            saw["call"] = _id(await attempt(kit, work))
        if then is not None:
            saw["commit"] = await attempt(kit, session.commit())
            work = _call(kit, "create_project_with_tasks", session, made, then, creator)
            saw["then"] = _id(await attempt(kit, work))
    return saw


async def meta(kit: Kit, *, id: int) -> Any:
    """A project's meta as a new session reads it."""
    async with kit.session() as session:
        found = await session.get(kit.use("models.Project"), id)
        return dict(found.meta) if hasattr(found, "meta") else "not there"


async def complete(kit: Kit, *, project: int, between: str | None = None) -> dict[str, Any]:
    """What completing a project's tasks returned; `between` runs elsewhere before the UPDATE."""
    async with kit.session() as session:
        with before(kit, between and "task", once(kit, between or "")), kit.recording():
            work = _call(kit, "complete_project_tasks", session, project)
            return {"call": await kit.outcome(work), "open": session.in_transaction()}


async def rename(
    kit: Kit,
    *,
    worker: int,
    handle: str,
    around: str | None = None,
    commits: bool = True,
    takes: int | None = None,
    held: bool = False,
) -> dict[str, Any]:
    """A worker's new handle, or what was raised; the caller commits, or leaves.

    With `around` the caller adds a project before the call and another one after it. `takes`
    is a worker who gets the handle just before the UPDATE, in another session. The caller may
    hold the worker already.
    """
    saw: dict[str, Any] = {}
    taking = once(kit, f"UPDATE worker SET handle = '{handle}' WHERE id = {takes}")
    async with kit.session() as session:
        if around:
            session.add(kit.use("models.Project")(name=around))
            await session.flush()
        # Held until after the call: a session forgets what nobody else refers to.
        kept = await session.get(kit.use("models.Worker"), worker) if held else None
        with before(kit, takes and "worker", taking):
            renamed = await kit.outcome(_call(kit, "rename_worker", session, worker, handle))
        if "value" in renamed:
            renamed = {"value": {"id": renamed["value"].id, "handle": renamed["value"].handle}}
        saw["call"] = renamed
        del kept
        if around:
            session.add(kit.use("models.Project")(name=around))
        if commits:
            saw["commit"] = await kit.outcome(session.commit())
    return saw


def hang_up(connection: Any) -> None:
    """Has the server end a connection; SQLAlchemy finds out when it uses it next."""
    driver = connection.connection.driver_connection
    with suppress(Exception):
        await_only(driver.execute("SELECT pg_terminate_backend(pg_backend_pid())"))
