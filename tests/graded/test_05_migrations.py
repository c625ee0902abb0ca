"""Lesson 5: Alembic's commands on new databases, and the tables they leave."""

import re
from typing import Any

from workbook.databases import Unreadable
from workbook.judge import Seen, StudentError, Work, check

TABLES = {"audit_log", "project", "task", "worker"}


def went(work: Work, seen: Seen, did: str, what: str = "call") -> Any:
    """What a command printed; a story when it raised."""
    error = seen.error_in(what)
    story = f"{did}: expected it to run; it raised {str(error).rstrip('.')}."
    work.expect(error is None, story, error)
    return seen.value[what]["value"]


async def alembic(work: Work, *commands: str) -> list[str]:
    """What commands printed on a new database; a story when one raised."""
    await work.fresh()
    lines = [line.split() for line in commands]
    seen = await work.probe("migrations.runs", commands=lines)
    for number, ran in enumerate(seen.value, 1):
        error = StudentError.read(ran["call"]["error"]) if "error" in ran["call"] else None
        found = ran["call"].get("found")
        raised = f"it found {', '.join(found)}" if found else f"it raised {str(error).rstrip('.')}"
        ran_so_far = ", then ".join(commands[:number])
        story = f"We ran alembic {ran_so_far} on a new database: expected it to run; {raised}."
        work.expect(error is None, story, error)
    return [ran["call"]["value"] for ran in seen.value]


@check("migrations.ini.finds_its_scripts_from_anywhere")
async def test_ini_finds_its_scripts(work: Work) -> None:
    """finds its scripts in alembic/ from the project root"""
    seen = await work.probe("migrations.scripts")
    found = went(work, seen, "We asked Alembic for its scripts, in the project root")
    story = f"We asked Alembic for its scripts: expected the folder alembic, found {found}."
    work.expect(found == "alembic", story)


@check("migrations.env.reaches_the_database")
async def test_env_reaches_the_database(work: Work) -> None:
    """reaches the database that DATABASE_URL names"""
    for _ in range(2):
        database = await work.fresh()
        table = f"{work.draw.word()}_by_the_judge"
        seen = await work.probe("migrations.reaches", table=table)
        error = seen.error_in("call")
        if error and error.is_a("ModuleNotFoundError"):
            story = (
                f"We ran alembic upgrade head in the project root; env.py raised {error}. Alembic"
                " looks for modules where prepend_sys_path in alembic.ini says."
            )
            work.expect(False, story, error)
        went(work, seen, "We ran alembic upgrade head with one revision of our own")
        found = await database.tables()
        work.expect(
            table in found,
            "We set DATABASE_URL and sqlalchemy.url to an empty database and ran alembic upgrade"
            f" head with a revision that makes a table: expected it there, found {found}.",
        )


@check("migrations.env.sees_every_model")
async def test_env_sees_every_model(work: Work) -> None:
    """sees the tables of all models"""
    await work.fresh()
    seen = await work.probe("migrations.sees")
    error = seen.error_in("call")
    found = seen.value["call"].get("found") or []
    did = "We ran alembic check on an empty database"
    work.expect(found or not error, f"{did}: it raised {str(error).rstrip('.')}.", error)
    tables = {line.split()[-1] for line in found if line.startswith("add_table")}
    work.expect(
        tables >= TABLES,
        f"{did}: expected it to miss the tables {sorted(TABLES)}, and it missed {sorted(tables)}."
        " It compares with target_metadata, which knows the models that were imported.",
    )


@check("migrations.env.keeps_rows_when_a_table_is_copied")
async def test_env_keeps_rows_when_a_table_is_copied(work: Work) -> None:
    """keeps the rows that refer to a table, when SQLite alters it by a copy"""
    await work.fresh()
    seen = await work.probe("migrations.copies")
    did = "We ran alembic upgrade head with two tables of our own"
    went(work, seen, did, "first")
    did += ", then with a revision that alters one in batch mode"
    went(work, seen, did)
    found = await work.rows("SELECT id FROM judged_book")
    work.expect(
        len(found) == 2,
        f"{did}, and counted the rows that refer to it: expected 2, found {len(found)}. With"
        " foreign keys on, SQLite deletes them when the copied table is dropped.",
    )


@check("migrations.template.writes_revisions_that_run")
async def test_template_writes_revisions_that_run(work: Work) -> None:
    """writes revisions that import what they name"""
    database = await work.fresh()
    seen = await work.probe("migrations.generates")
    error = seen.error_in("revision")
    did = "We ran alembic revision --autogenerate for an empty database"
    work.expect(error is None, f"{did}: it raised {str(error).rstrip('.')}.", error)
    work.expect(seen.value["written"]["value"], f"{did}: expected a new file, found none.")
    went(work, seen, f"{did}, then alembic upgrade head with that revision")
    found = await database.tables()
    story = f"{did}, upgraded with it and looked at the tables: found {found}."
    work.expect(set(found) >= TABLES, story)
    went(work, seen, f"{did} and upgraded, then alembic revision and upgrade head again", "again")


@check("migrations.first.upgrades_an_empty_database")
async def test_first_upgrades_an_empty_database(work: Work) -> None:
    """makes all tables in an empty database, once"""
    _, current, _ = await alembic(work, "upgrade head", "current", "upgrade head")
    found = set(await work.database.tables())
    story = f"We ran alembic upgrade head: expected {sorted(TABLES)}, found {sorted(found)}."
    work.expect(found >= TABLES, story)
    story = f"We upgraded and ran alembic current: expected the head, found {current.strip()!r}."
    work.expect("(head)" in current, story)
    database, later = await work.fresh(), f"{work.draw.word()}_by_the_judge"
    # It may raise as well: an env.py that counts the tables it knows is right too.
    await work.probe("migrations.runs", commands=[["upgrade", "head"]], later=later)
    work.expect(
        later not in await database.tables(),
        f"We gave the models one more table, {later}, and ran alembic upgrade head: expected the"
        " tables that the revisions name, found that one too. A revision that asks the models,"
        " by create_all, is another one whenever they change.",
    )


@check("migrations.first.agrees_with_the_models")
async def test_first_agrees_with_the_models(work: Work) -> None:
    """agrees with the models: alembic check finds nothing new"""
    await alembic(work, "upgrade head", "check")
    found = (await work.probe("migrations.apart")).value
    work.expect(
        not found,
        f"We upgraded and compared the tables with the models: expected no difference, found"
        f" {', '.join(found)}. What env.py was told to leave out, alembic check can't see.",
    )


FAR = 900_000  # an id that nobody has
LONG = "t" * 500
# For each column of a row: what the models' rules accept, and what they refuse.
RULES: list[tuple[str, list[Any], list[Any]]] = [
    ("worker.type", ["human", "agent"], ["robot"]),
    ("worker.handle", ["@a", "@" + 49 * "z", "@_-9"], ["", "a", "@", "@A", "@a b", "@" + 50 * "z"]),
    ("worker.handle", ["@taken-1"], ["@taken", None]),
    ("project.name", ["Moon"], [None]),
    ("project.status", ["active", "archived"], ["done"]),
    ("task.status", ["pending", "in_progress", "review", "blocked", "completed"], ["done"]),
    ("task.priority", ["low", "medium", "high", "critical"], ["urgent"]),
    ("task.title", ["t", LONG], ["", LONG + "t", None]),
    ("task.project_id", ["project"], [FAR, None]),
    ("task.created_by_id", ["worker"], [FAR, None]),
    ("task.assignee_id", [None, "worker"], [FAR]),
    ("task.parent_task_id", [None, "parent"], [FAR, "task"]),
    ("audit_log.actor_id", ["worker"], [FAR, None]),
]
CHECK = re.compile(r"(CONSTRAINT\s+\S+\s+)?\bCHECK\s*\(", re.I)


async def keeps_rules(work: Work, ids: dict[str, int]) -> None:
    """Each column accepts and refuses what the models' rules say, whoever writes."""
    trials = []
    for place, good, bad in RULES:
        table, column = place.split(".")
        values = [ids.get(value, value) for value in good + bad]
        trials.append((table, column, ids[table], values))
    seen = await work.probe("migrations.accepts", trials=trials)
    for (place, good, bad), answers in zip(RULES, seen.value, strict=True):
        for number, (value, answer) in enumerate(zip(good + bad, answers, strict=True)):
            expected = "accepted" if number < len(good) else "refused"
            found = "refused" if "error" in answer else "accepted"
            size = len(value) if isinstance(value, str) else 0
            shown = repr(value) if size <= 100 else f"a text of {size} characters"
            shown = {FAR: "an id that isn't there", "task": "its own id"}.get(value, shown)
            story = f"In the migrated tables we set {place} to {shown}: expected it to be"
            work.expect(found == expected, f"{story} {expected}, and it was {found}.", seen)


async def keeps_deletes(work: Work, scene: Any) -> None:
    """A delete takes along, lets go or is refused as the models say."""
    did = "In the migrated tables we deleted"
    await scene.enter(3)
    await work.probe("migrations.audits", worker=scene.other)
    free = (await work.probe("services.cast", handles=["@free", "@busy"], names=[])).value
    idle, busy = free["workers"]
    top, theirs = await scene.tasks({"assignee_id": busy}, {"project_id": scene.elsewhere})
    [below] = await scene.tasks({"parent_task_id": top, "assignee_id": busy})
    for what, model, id in (
        ("a worker without tasks", "Worker", idle),
        ("an assignee", "Worker", busy),
        ("a task with a subtask", "Task", top),
    ):
        seen = await work.probe("migrations.deletes", model=model, id=id)
        went(work, seen, f"{did} {what}")
    row = (await scene.rows()).get(below) or {}
    found = [row.get("assignee_id", "no task"), row.get("parent_task_id", "no task")]
    scene.same(f"{did} a task's assignee and parent and read both keys", found, [None, None])
    seen = await work.probe("migrations.deletes", model="Project", id=scene.project)
    went(work, seen, f"{did} a project with tasks")
    found = [id in await scene.rows() for id in (below, theirs)]
    scene.same(f"{did} a project: is its task there, and another's?", found, [False, True])
    for who, id in (("a creator", scene.creator), ("a worker of the audit log", scene.other)):
        seen = await work.probe("migrations.deletes", model="Worker", id=id)
        work.expect(seen.error_in("call"), f"{did} {who}: expected a refusal, and it was done.")


async def keeps_names_and_types(work: Work) -> None:
    """CHECKs have names; on PostgreSQL documents are JSONB and times know their zone."""
    if work.kind == "sqlite":
        sql = "SELECT name, sql FROM sqlite_master WHERE type = 'table' ORDER BY 1"
        for row in await work.rows(sql):
            nameless = CHECK.findall(row["sql"]).count("")
            story = (
                f"In the migrated table {row['name']} we found {nameless} CHECKs without a name."
            )
            work.expect(nameless == 0, story)
        return
    sql = (
        "SELECT table_name, column_name, data_type FROM information_schema.columns"
        " WHERE table_schema = 'public' AND (column_name IN ('metadata', 'tags')"
        r" OR column_name LIKE '%\_at' OR column_name = 'due_date')"
    )
    for row in await work.rows(sql):
        document = row["column_name"] in ("metadata", "tags")
        expected = "jsonb" if document else "timestamp with time zone"
        place = f"{row['table_name']}.{row['column_name']}"
        story = f"The migrated column {place}: expected {expected}, found {row['data_type']}."
        work.expect(row["data_type"] == expected, story)


OLD: dict[str, list[dict[str, Any]]] = {
    "worker": [{"id": 1, "handle": "@kim", "type": "agent", "email": "kim@work.org"}],
    "project": [{"id": 1, "name": "Moon", "description": "Land", "status": "archived"}],
    "task": [
        {"id": id, "title": title, "description": "Soon", "status": "review", "priority": "high"}
        | {"project_id": 1, "created_by_id": 1, "assignee_id": 1, "parent_task_id": parent}
        for id, title, parent in ((1, "Fly", None), (2, "Stay", 1))
    ],
}


async def keeps_rows(work: Work) -> None:
    """Revisions after the tables' own change no row that is there."""
    await work.fresh()
    rows = {table: [dict(row) for row in each] for table, each in OLD.items()}
    rows["project"][0]["metadata"], told = {}, "We added rows after the first revisions"
    for row in rows["task"]:
        row["tags"] = []
    left = (await work.probe("migrations.begins", rows=rows, wall=30.0, cpu=8.0)).value
    if not left:
        return
    seen = await work.probe("migrations.runs", commands=[["upgrade", "head"]])
    error = StudentError.read(ran["error"]) if "error" in (ran := seen.value[0]["call"]) else None
    did = f"{told} and ran the next, {', '.join(left)}"
    work.expect(error is None, f"{did}: expected it to run; it raised {error}.", error)
    for table, expected in OLD.items():
        sql = f"SELECT {', '.join(expected[0])} FROM {table} ORDER BY id"
        found = await work.rows(sql)
        work.expect(
            found == expected,
            f"{did}: expected the rows of {table} to stay as they were, found {found}.",
        )


@check("migrations.first.keeps_every_rule")
async def test_first_keeps_every_rule(work: Work, scene: Any) -> None:
    """keeps every rule of the models in the migrated tables"""
    await alembic(work, "upgrade head")
    await scene.enter(3)
    task, parent = await scene.tasks({"assignee_id": scene.assignee}, {})
    made = await work.probe("services.cast", handles=["@taken", "@mine"], names=[])
    ids = {"task": task, "parent": parent, "project": scene.project}
    ids["worker"] = made.value["workers"][1]
    ids["audit_log"] = (await work.probe("migrations.audits", worker=scene.other)).value
    await keeps_rules(work, ids)
    await keeps_deletes(work, scene)
    await keeps_names_and_types(work)
    await keeps_rows(work)


async def counts_versions(work: Work, table: str) -> bool:
    """Whether it is Alembic's own table, whatever env.py calls it."""
    try:
        await work.database.rows(f'SELECT version_num FROM "{table}"')
    except Unreadable:
        return False
    return True


@check("migrations.first.goes_back_to_nothing")
async def test_first_goes_back_to_nothing(work: Work) -> None:
    """goes back to an empty database, and up again"""
    await alembic(work, "upgrade head", "downgrade base")
    left = {
        table for table in await work.database.tables() if not await counts_versions(work, table)
    }
    story = (
        f"We upgraded, ran alembic downgrade base and looked at the tables: {sorted(left)} stayed."
    )
    work.expect(not left, story)
    await alembic(work, "upgrade head", "downgrade base", "upgrade head")
    found = set(await work.database.tables())
    story = f"We went up, down and up again: expected {sorted(TABLES)}, found {sorted(found)}."
    work.expect(found >= TABLES, story)
