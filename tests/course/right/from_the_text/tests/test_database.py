"""What we promise ourselves of the services, asked of a database of each test's own."""

import pytest
from app.database import build_engine, build_session_factory, create_db_and_tables
from app.errors import ConflictError
from app.models import AuditLog, Project, Task, Tenant, Worker
from app.schemas import ProjectCreate, TaskCreate, TaskUpdate
from app.services import (
    TaskService,
    complete_project_tasks,
    create_project_with_tasks,
    rename_worker,
)
from app.tenancy import tenant_context
from sqlmodel import select


class World:
    """A tenant with two workers and two projects."""

    def __init__(self, engine):
        self.session = build_session_factory(engine)

    async def fill(self):
        async with self.session() as session:
            session.add(Tenant(name="Acme", subdomain="acme"))
            await session.commit()

    async def add(self, *rows):
        async with self.session() as session:
            session.add_all(rows)
            await session.commit()
            return [row.id for row in rows]

    async def all(self, model):
        async with self.session() as session:
            return (await session.exec(select(model).order_by(model.id))).all()


@pytest.fixture
async def world(tmp_path):
    engine = build_engine(f"sqlite:///{tmp_path}/own.db")
    await create_db_and_tables(engine)
    world = World(engine)
    await world.fill()
    with tenant_context(1):
        world.ada, world.bob = await world.add(Worker(handle="@ada"), Worker(handle="@bob"))
        world.moon, world.mars = await world.add(Project(name="Moon"), Project(name="Mars"))
        yield world
    await engine.dispose()


async def test_a_task_comes_with_its_audit_row(world):
    async with world.session() as session:
        data = TaskCreate(title="Fly", project_id=world.moon)
        task = await TaskService(session).create(data, world.ada)
    assert [each.title for each in await world.all(Task)] == ["Fly"]
    (row,) = await world.all(AuditLog)
    assert (row.entity_id, row.action, row.actor_id) == (task.id, "created", world.ada)


async def test_a_task_comes_with_its_assignee(world):
    (id,) = await world.add(
        Task(title="Fly", project_id=world.moon, created_by_id=world.ada, assignee_id=world.bob)
    )
    async with world.session() as session:
        task = await TaskService(session).get(id)
        assert task.assignee.handle == "@bob"


async def test_a_list_keeps_to_its_status(world):
    common = {"project_id": world.moon, "created_by_id": world.ada}
    await world.add(Task(title="Fly", **common), Task(title="Land", status="review", **common))
    async with world.session() as session:
        found = await TaskService(session).list_by_project(world.moon, "review")
        assert [task.title for task in found] == ["Land"]


async def test_an_update_stays_and_a_deletion_too(world):
    (id,) = await world.add(Task(title="Fly", project_id=world.moon, created_by_id=world.ada))
    async with world.session() as session:
        service = TaskService(session)
        await service.update(await service.get(id), TaskUpdate(title="Land"))
    assert [task.title for task in await world.all(Task)] == ["Land"]
    async with world.session() as session:
        service = TaskService(session)
        await service.delete(await service.get(id))
    assert await world.all(Task) == []


async def test_a_project_comes_whole_or_not_at_all(world):
    async with world.session() as session:
        project = ProjectCreate(name="Venus")
        with pytest.raises(Exception):
            await create_project_with_tasks(session, project, ["Fly", ""], world.ada)
    assert [each.name for each in await world.all(Project)] == ["Moon", "Mars"]
    assert await world.all(Task) == []


async def test_one_project_is_completed_and_no_other(world):
    await world.add(
        Task(title="Fly", project_id=world.moon, created_by_id=world.ada),
        Task(title="Drive", project_id=world.mars, created_by_id=world.ada),
    )
    async with world.session() as session:
        assert await complete_project_tasks(session, world.moon) == 1
    assert [task.status for task in await world.all(Task)] == ["completed", "pending"]


async def test_a_handle_that_is_taken_is_a_conflict(world):
    async with world.session() as session:
        with pytest.raises(ConflictError):
            await rename_worker(session, world.ada, "@bob")
        await session.commit()
    assert [worker.handle for worker in await world.all(Worker)] == ["@ada", "@bob"]
