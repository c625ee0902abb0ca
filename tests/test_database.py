"""What the task layer promises, on a database of its own for every test.

pytest runs each function whose name begins with test_ and gives it the fixtures that it names;
async tests and fixtures need no marker. A test makes its rows, calls the layer once, and then
looks with a *new* session: what was only flushed, or only changed in memory, isn't there. A
promise that is kept by raising is tested with ``pytest.raises``.

Tests are graded by what they notice. They have to pass on the package beside them, on SQLite and
within ten seconds; and fail when one promise of its services is broken: the audit row, the loaded
assignee, the filter of a list, the commit of an update, the deletion, a project with all its tasks
or not at all, the completion of one project, the ``ConflictError`` for a taken handle.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from solution.database import build_engine, build_session_factory, create_db_and_tables
from solution.errors import ConflictError, NotFoundError
from solution.models import AuditLog, Project, Task, Tenant, Worker
from solution.schemas import ProjectCreate, TaskCreate, TaskUpdate
from solution.services.project_service import (
    complete_project_tasks,
    create_project_with_tasks,
    rename_worker,
)
from solution.services.task_service import TaskService
from solution.tenancy import tenant_context


class Scene:
    """Two workers and two projects, and sessions on the database they are in."""

    def __init__(self, session: async_sessionmaker[AsyncSession], ids: dict[str, int]) -> None:
        self.session, self.ids = session, ids

    async def task(self, **fields: object) -> int:
        """The id of a new task of @kim's in the first project."""
        data = TaskCreate.model_validate(
            {"title": "Write", "project_id": self.ids["launch"]} | fields
        )
        async with self.session() as session:
            task = await TaskService(session).create(data, self.ids["@kim"])
            assert task.id is not None
            return task.id

    async def stored(self, id: int) -> Task | None:
        """The task as a new session reads it."""
        async with self.session() as session:
            return await session.get(Task, id)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    engine = build_engine(f"sqlite:///{tmp_path}/test.db")
    await create_db_and_tables(engine)
    sessions = build_session_factory(engine)
    async with sessions() as session:
        tenant = Tenant(name="Acme", subdomain="acme")
        session.add(tenant)
        await session.commit()
    assert tenant.id is not None
    with tenant_context(tenant.id):
        rows = [Worker(handle="@kim", type="human"), Worker(handle="@ada", type="agent")]
        projects = [Project(name="launch"), Project(name="other")]
        async with sessions() as session:
            session.add_all([*rows, *projects])
            await session.commit()
        ids = {row.handle: row.id for row in rows} | {row.name: row.id for row in projects}
        yield Scene(sessions, {name: id for name, id in ids.items() if id is not None})
    await engine.dispose()


async def test_a_new_task_comes_with_its_audit_row(scene: Scene) -> None:
    id = await scene.task(title="Ship")
    async with scene.session() as session:
        (row,) = (await session.exec(select(AuditLog))).all()
    assert (row.entity_type, row.entity_id, row.action) == ("task", id, "created")
    assert row.actor_id == scene.ids["@kim"]


async def test_a_task_of_no_project_is_not_found_and_leaves_nothing(scene: Scene) -> None:
    with pytest.raises(NotFoundError):
        await scene.task(project_id=99)
    async with scene.session() as session:
        assert (await session.exec(select(Task.id))).all() == []
        assert (await session.exec(select(AuditLog.id))).all() == []


async def test_the_assignee_is_there_without_another_query(scene: Scene) -> None:
    id = await scene.task(assignee_id=scene.ids["@ada"])
    async with scene.session() as session:
        task = await TaskService(session).get(id)
    assert task is not None
    assert task.assignee is not None
    assert task.assignee.handle == "@ada"


async def test_a_list_keeps_to_its_project_and_status(scene: Scene) -> None:
    await scene.task(status="pending")
    done = await scene.task(status="completed")
    await scene.task(status="completed", project_id=scene.ids["other"])
    async with scene.session() as session:
        tasks = await TaskService(session).list_by_project(scene.ids["launch"], "completed")
    assert [task.id for task in tasks] == [done]


async def test_an_update_outlives_its_session(scene: Scene) -> None:
    id = await scene.task(description="Draft")
    async with scene.session() as session:
        task = await session.get(Task, id)
        assert task is not None
        await TaskService(session).update(task, TaskUpdate(title="Edit"))
    task = await scene.stored(id)
    assert task is not None
    assert (task.title, task.description) == ("Edit", "Draft")


async def test_a_deleted_task_is_gone_and_can_not_go_again(scene: Scene) -> None:
    id = await scene.task()
    async with scene.session() as session:
        task = await session.get(Task, id)
        assert task is not None
        await TaskService(session).delete(task)
        assert await scene.stored(id) is None
        with pytest.raises(NotFoundError):
            await TaskService(session).delete(task)


async def test_a_project_comes_with_all_its_tasks_or_not_at_all(scene: Scene) -> None:
    async with scene.session() as session:
        with pytest.raises(Exception, match="title"):
            await create_project_with_tasks(
                session, ProjectCreate(name="half"), ["Write", ""], scene.ids["@kim"]
            )
    async with scene.session() as session:
        names = (await session.exec(select(Project.name).order_by(col(Project.id)))).all()
    assert names == ["launch", "other"]


async def test_completing_a_project_leaves_the_others_alone(scene: Scene) -> None:
    own = [await scene.task(), await scene.task(status="completed")]
    other = await scene.task(project_id=scene.ids["other"])
    async with scene.session() as session:
        assert await complete_project_tasks(session, scene.ids["launch"]) == 1
    found = [await scene.stored(id) for id in [*own, other]]
    assert [task and task.status for task in found] == ["completed", "completed", "pending"]


async def test_a_taken_handle_undoes_the_renaming_alone(scene: Scene) -> None:
    async with scene.session() as session:
        session.add(Worker(handle="@new", type="human"))
        with pytest.raises(ConflictError):
            await rename_worker(session, scene.ids["@kim"], "@ada")
        await session.commit()
    async with scene.session() as session:
        handles = (await session.exec(select(Worker.handle).order_by(col(Worker.id)))).all()
    assert handles == ["@kim", "@ada", "@new"]
