"""The scene on which services are checked: workers, two projects, tasks in them."""

from typing import Any

import pytest

from workbook.judge import Seen, Work
from workbook.judge.rehearsal import Rehearsal

COLUMNS = (
    *("id", "title", "description", "status", "priority"),
    *("project_id", "assignee_id", "created_by_id", "parent_task_id"),
)
Task = dict[str, Any]


@pytest.fixture
async def scene(work: Work) -> "Scene":
    """Three workers and two projects in an empty database."""
    scene = Scene(work)
    await scene.enter(3)
    return scene


@pytest.fixture
def rehearsal(request: pytest.FixtureRequest, work: Work) -> Rehearsal:
    """Other checks, held against the work with some of its files replaced."""
    return Rehearsal(request, work)


class Scene:
    """What is there, what is called, what is seen of it, and the story when it differs."""

    far = 900_000  # added to an id: nobody has that one

    def __init__(self, work: Work) -> None:
        self.work = work

    async def enter(self, workers: int) -> list[int]:
        """The ids of new workers; the projects change to new ones."""
        handles = [f"{self.work.draw.handle()}-{place}" for place in range(workers)]
        names = self.work.draw.titles(workers + self.work.draw.randint(4, 9))
        made = (await self.work.probe("services.cast", handles=handles, names=names)).value
        self.creator, self.assignee, self.other = made["workers"][:3]
        self.elsewhere, self.project = made["projects"][-2:]  # ids that no worker has
        return list(made["workers"])

    async def tasks(self, *rows: Task) -> list[int]:
        """The ids of new tasks, in the same project and by the same creator if not told."""
        common = {"project_id": self.project, "created_by_id": self.creator}
        titled = zip(self.work.draw.titles(len(rows)), rows, strict=True)
        full = [{"title": title} | common | row for title, row in titled]
        return list((await self.work.probe("services.tasks", rows=full)).value)

    async def create(self, probe: str = "create", **data: Any) -> Seen:
        """What came of creating a task."""
        own = ("breaks", "by_deleting", "cancels", "then")
        how = {name: data.pop(name) for name in own if name in data}
        how["creator"] = data.pop("creator", self.creator)
        how["data"] = {"title": self.work.draw.title(), "project_id": self.project} | data
        return await self.work.probe(f"services.{probe}", **how)

    async def change(self, id: int, method: str = "update", **how: Any) -> Seen:
        """What came of a method that takes a task; the caller read the task before."""
        return await self.work.probe("services.change", id=id, method=method, **how)

    async def stored(self, id: int, **changed: Any) -> Task:
        """A task as a new session reads it, with some values committed first."""
        return dict((await self.work.probe("services.stored", id=id, changed=changed)).value)

    async def rows(self) -> dict[int, Task]:
        """The tasks by id, as a connection of our own sees them."""
        rows = await self.work.rows(f"SELECT {', '.join(COLUMNS)} FROM task ORDER BY id")
        return {row["id"]: row for row in rows}

    async def count(self, *tables: str) -> list[int]:
        """How many rows these tables have, as a connection of our own sees them."""
        counts = [await self.work.rows(f"SELECT count(*) AS n FROM {name}") for name in tables]
        return [rows[0]["n"] for rows in counts]

    def same(self, did: str, found: object, expected: object, why: str = "") -> None:
        """Goes on if they are equal; otherwise tells what was expected and found."""
        if isinstance(found, dict) and isinstance(expected, dict):
            apart = [name for name in expected if found.get(name) != expected[name]]
            found, expected = ({name: row.get(name) for name in apart} for row in (found, expected))
        story = f"{did}: expected {expected}, found {found}. {why}"
        self.work.expect(found == expected, story.strip())

    def returned(self, seen: Seen, did: str, **loaded: int | None) -> Any:
        """What the call gave back, with these relationships loaded."""
        self.went(seen, did)
        self.loaded(seen.value["call"]["value"], did, **loaded)
        return seen.value["call"]["value"]

    def went(self, seen: Seen, did: str, what: str = "call") -> None:
        """This part of what the probe did raised nothing."""
        error = seen.error_in(what)
        story = f"{did}: expected it to return; it raised {str(error).rstrip('.')}."
        self.work.expect(error is None, story, error)

    def loaded(self, task: Any, did: str, **ids: int | None) -> None:
        """Relationships that can be read without a query, and lead to these rows."""
        self.work.expect(task is not None or not ids, f"{did}: expected the task, found None.")
        for name, id in ids.items():
            self.work.expect(
                task[name] != "not loaded",
                f"{did} and then read task.{name} without await: it was not loaded, and reading"
                " an attribute can't wait for a query. Expected it to be there.",
            )
            self.same(f"{did} and read task.{name}", task[name] and task[name]["id"], id)

    def refused(self, seen: Seen, name: str, did: str) -> None:
        """The call raised what it should."""
        error = seen.error_in("call")
        found = f"it raised {str(error).rstrip('.')}" if error else "it returned"
        fits = error is not None and error.is_a(name)
        self.work.expect(fits, f"{did}: expected {name}; {found}.", error or seen)

    def failed(self, seen: Seen, did: str) -> None:
        """The call raised something, whatever it is."""
        self.work.expect(seen.error_in("call"), f"{did}: expected an exception; it returned.")
