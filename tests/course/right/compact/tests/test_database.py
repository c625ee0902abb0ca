"""What the services promise, each time on a new database and through a new session."""

import tempfile
from contextlib import asynccontextmanager
from unittest import IsolatedAsyncioTestCase

from sqlalchemy import func
from sqlmodel import select

from app.database import build_engine, create_db_and_tables
from app.errors import ConflictError, NotFoundError
from app.models import AuditLog, Project, Task, Tenant, Worker
from app.schemas import ProjectCreate, TaskCreate, TaskUpdate
from app.services import project_service as projects
from app.services.task_service import TaskService
from app.tenancy import tenant_context, tenant_session_factory


class Database(IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.engine = build_engine(f"sqlite:///{folder}/test.db")
        self.addAsyncCleanup(self.engine.dispose)
        await create_db_and_tables(self.engine)
        async with self.engine.begin() as connection:
            await connection.execute(Tenant.__table__.insert(), {"name": "A", "subdomain": "a"})
        async with self.session() as session:
            session.add_all([Worker(handle="@ada"), Worker(handle="@bob")])
            session.add_all([Project(name="Moon"), Project(name="Mars")])
            await session.commit()
            self.ada, self.bob = (await session.exec(select(Worker.id))).all()
            self.moon, self.mars = (await session.exec(select(Project.id))).all()

    @asynccontextmanager
    async def session(self):
        with tenant_context(1):
            async with tenant_session_factory(self.engine)() as session:
                yield session

    @asynccontextmanager
    async def tasks(self):
        async with self.session() as session:
            yield TaskService(session)

    async def new(self, title="Land", project=None, **fields):
        data = TaskCreate(title=title, project_id=project or self.moon, **fields)
        async with self.tasks() as tasks:
            return await tasks.create(data, self.ada)

    async def all(self, *columns):
        async with self.session() as session:
            return (await session.exec(select(*columns).order_by(columns[0]))).all()

    async def count(self, model):
        return (await self.all(func.count(model.id)))[0]


class Tasks(Database):
    async def test_a_new_task_is_stored_with_its_audit_row(self):
        task = await self.new(assignee_id=self.bob)
        assert (task.project.name, task.assignee.handle, task.created_by.handle) == (
            "Moon",
            "@bob",
            "@ada",
        )
        assert await self.all(Task.id, Task.title) == [(task.id, "Land")]
        columns = AuditLog.entity_type, AuditLog.entity_id, AuditLog.action, AuditLog.actor_id
        assert await self.all(*columns) == [("task", task.id, "created", self.ada)]

    async def test_what_a_task_refers_to_must_be_there(self):
        for fields in ({"project": 99}, {"assignee_id": 99}, {"parent_task_id": 99}):
            with self.assertRaises(NotFoundError):
                await self.new(**fields)
        elsewhere = await self.new(project=self.mars)
        with self.assertRaises(ConflictError):
            await self.new(parent_task_id=elsewhere.id)
        assert (await self.count(Task), await self.count(AuditLog)) == (1, 1)

    async def test_get_loads_the_assignee(self):
        task = await self.new(assignee_id=self.bob)
        async with self.tasks() as tasks:
            found = await tasks.get(task.id)
            assert await tasks.get(99) is None
        assert (found.title, found.assignee.handle) == ("Land", "@bob")

    async def test_a_list_has_one_project_one_status_and_an_order(self):
        made = [await self.new(str(number), assignee_id=self.bob) for number in range(4)]
        await self.new("elsewhere", self.mars)
        await self.new("done", status="completed")
        async with self.tasks() as tasks:
            everything = await tasks.list_by_project(self.moon)
            pending = await tasks.list_by_project(self.moon, "pending")
            done = await tasks.list_by_project(self.moon, "completed")
            page = await tasks.list_by_project(self.moon, limit=2, after_id=made[0].id)
            nothing = await tasks.list_by_project(99)
        assert [task.title for task in everything] == ["0", "1", "2", "3", "done"]
        assert [task.title for task in pending] == ["0", "1", "2", "3"]
        assert [task.title for task in done] == ["done"]
        assert [task.title for task in page] == ["1", "2"]
        assert nothing == []
        assert {task.assignee.handle for task in pending} == {"@bob"}
        assert {task.created_by.handle for task in pending} == {"@ada"}

    async def test_an_update_is_committed_and_changes_what_was_set(self):
        task = await self.new(description="softly", assignee_id=self.bob)
        async with self.tasks() as tasks:
            task = await tasks.update(task, TaskUpdate(status="review"))
        assert task.assignee.handle == "@bob"
        columns = Task.title, Task.status, Task.description, Task.assignee_id
        assert await self.all(*columns) == [("Land", "review", "softly", self.bob)]
        async with self.tasks() as tasks:
            await tasks.update(await tasks.get(task.id), TaskUpdate(description=None))
        assert await self.all(Task.status, Task.description) == [("review", None)]
        assert (await self.all(Task.updated_at))[0] > task.created_at

    async def test_an_update_is_refused_as_a_whole(self):
        task = await self.new()
        for change, error in (
            (TaskUpdate(title="x", assignee_id=99), NotFoundError),
            (TaskUpdate(title="x", parent_task_id=task.id), ConflictError),
        ):
            async with self.tasks() as tasks:
                with self.assertRaises(error):
                    await tasks.update(await tasks.get(task.id), change)
        assert await self.all(Task.title) == ["Land"]

    async def test_a_deleted_task_is_gone_and_its_subtasks_stay(self):
        task = await self.new()
        child = await self.new("Child", parent_task_id=task.id)
        async with self.tasks() as tasks:
            await tasks.delete(await tasks.get(task.id))
        assert await self.all(Task.id, Task.parent_task_id) == [(child.id, None)]
        async with self.tasks() as tasks:
            with self.assertRaises(NotFoundError):
                await tasks.delete(task)

    async def test_a_task_is_assigned_and_taken_back(self):
        task = await self.new()
        async with self.tasks() as tasks:
            task = await tasks.assign(task, self.bob)
        assert task.assignee.handle == "@bob"
        assert await self.all(Task.assignee_id) == [self.bob]
        async with self.tasks() as tasks:
            assert (await tasks.assign(await tasks.get(task.id), None)).assignee is None
        assert await self.all(Task.assignee_id) == [None]


class Projects(Database):
    async def create(self, *titles, creator=None):
        async with self.session() as session:
            return await projects.create_project_with_tasks(
                session, ProjectCreate(name="Sun"), list(titles), creator or self.ada
            )

    async def test_a_project_comes_with_its_tasks_and_an_audit_row(self):
        sun = await self.create("a", "b", "c")
        assert await self.all(Task.title, Task.project_id) == [(t, sun.id) for t in "abc"]
        columns = AuditLog.entity_type, AuditLog.entity_id, AuditLog.actor_id, AuditLog.details
        assert await self.all(*columns) == [("project", sun.id, self.ada, {"tasks": 3})]

    async def test_a_project_comes_with_all_its_tasks_or_not_at_all(self):
        for titles, creator in ((["a", ""], None), (["a", "b" * 501], None), (["a"], 99)):
            with self.assertRaises(Exception):
                await self.create(*titles, creator=creator)
            counts = [await self.count(model) for model in (Project, Task, AuditLog)]
            assert counts == [2, 0, 0], titles

    async def test_one_project_is_completed(self):
        for title, project in (("a", self.moon), ("b", self.moon), ("c", self.mars)):
            await self.new(title, project)
        await self.new("d", status="completed")
        async with self.session() as session:
            assert await projects.complete_project_tasks(session, self.moon) == 2
            assert await projects.complete_project_tasks(session, self.moon) == 0
            assert await projects.complete_project_tasks(session, 99) == 0
        assert await self.all(Task.title, Task.status) == [
            ("a", "completed"),
            ("b", "completed"),
            ("c", "pending"),
            ("d", "completed"),
        ]

    async def test_a_worker_is_renamed_in_the_callers_transaction(self):
        async with self.session() as session:
            await projects.rename_worker(session, self.ada, "@eve")
            await session.rollback()
        assert await self.all(Worker.handle) == ["@ada", "@bob"]
        async with self.session() as session:
            assert (await projects.rename_worker(session, self.ada, "@eve")).handle == "@eve"
            await session.commit()
        assert await self.all(Worker.handle) == ["@bob", "@eve"]

    async def test_a_taken_handle_leaves_the_callers_work_alone(self):
        async with self.session() as session:
            session.add(Project(name="Venus"))
            with self.assertRaises(ConflictError):
                await projects.rename_worker(session, self.ada, "@bob")
            with self.assertRaises(NotFoundError):
                await projects.rename_worker(session, 99, "@zoe")
            await session.commit()
        assert await self.all(Worker.handle) == ["@ada", "@bob"]
        assert await self.all(Project.name) == ["Mars", "Moon", "Venus"]
