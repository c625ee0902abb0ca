"""Lesson 2, models: columns, relationships and rules, as the database has them."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from workbook.judge import StudentError, Work, check

TYPES = ["human", "agent"]
PROJECT_STATUSES = ["active", "archived"]
STATUSES = ["pending", "in_progress", "review", "blocked", "completed"]
PRIORITIES = ["low", "medium", "high", "critical"]
TABLES = {"Worker": "worker", "Project": "project", "Task": "task", "AuditLog": "audit_log"}
SLACK = timedelta(minutes=1)


async def add(work: Work, *rows: tuple[str, dict]) -> list[int]:
    """Rows made through the student's models, each committed; their ids."""
    return (await work.probe("models.add", rows=rows)).value


async def read(work: Work, model: str, rows: list[int], *names: str) -> list[dict]:
    """Attributes of rows, read by a new session through the student's model."""
    return (await work.probe("models.read", model=model, rows=rows, names=names)).value


async def keys(work: Work, **more: Any) -> dict:
    """What a new task needs: a project and a creator, whose ids differ."""
    _, creator = await add(work, *(("Worker", {"handle": work.draw.handle()}) for _ in range(2)))
    (project,) = await add(work, ("Project", {"name": work.draw.word()}))
    return {"project_id": project, "created_by_id": creator, **more}


def error_of(outcome: dict) -> StudentError | None:
    """The exception of one outcome, if there was one."""
    return StudentError.read(outcome["error"]) if "error" in outcome else None


# -- columns ---------------------------------------------------------------------------


async def keeps(work: Work, model: str, given: dict, least: dict, defaults: dict) -> list[int]:
    """Expects all that was given in one row, and the defaults beside the least in another."""
    ids = await add(work, (model, given), (model, least))
    names = [name for name in least | defaults if name != "due_date"]
    tolds = ("all its fields", f"{', '.join(least)} alone")
    for row, told, expected in zip(ids, tolds, (given, least | defaults), strict=True):
        columns = f"SELECT {', '.join(names)} FROM {TABLES[model]} WHERE id = $1"
        (stored,) = await work.rows(columns, row)
        (loaded,) = await read(work, model, [row], *names)
        for found, place in ((stored, "the row"), (loaded, "what a new session reads")):
            for name in names:
                work.expect(
                    found[name] == expected[name],
                    f"We added a {model} with {told} and looked at {place}: expected {name} "
                    f"{_short(expected[name])}, found {_short(found[name])}.",
                )
    return ids


def _short(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 40 else f"{shown[:20]}… ({len(value)} characters)"


async def requires(work: Work, model: str, whole: dict, *names: str) -> None:
    """Expects no row without one of these values, and one with all of them."""
    rows = [whole, *({k: v for k, v in whole.items() if k != name} for name in names)]
    seen = await work.probe("models.attempt", model=model, rows=rows)
    control, *others = seen.value
    error = error_of(control)
    work.expect(error is None, f"We added a {model} with all it needs; it raised {error}.", error)
    for name, outcome in zip(names, others, strict=True):
        work.expect(
            "error" in outcome,
            f"We added a {model} without {name}, which is required: expected it to be refused, "
            "found a row.",
        )


@check("models.worker.keeps_its_fields")
async def test_worker_keeps_its_fields(work: Work) -> None:
    """keeps a worker's fields, human unless told otherwise"""
    given = {"handle": work.draw.handle(), "type": "agent", "email": f"{work.draw.word()}@work.org"}
    least = {"handle": work.draw.handle()}
    await keeps(work, "Worker", given, least, {"type": "human", "email": None})
    await requires(work, "Worker", {"handle": work.draw.handle()}, "handle")


@check("models.project.keeps_its_fields")
async def test_project_keeps_its_fields(work: Work) -> None:
    """keeps a project's fields, active unless told otherwise"""
    long = " ".join(work.draw.titles(100))
    given = {"name": work.draw.title(), "description": long, "status": "archived"}
    least = {"name": work.draw.title()}
    await keeps(work, "Project", given, least, {"description": None, "status": "active"})
    await requires(work, "Project", least, "name")


@check("models.task.keeps_its_fields")
async def test_task_keeps_its_fields(work: Work) -> None:
    """keeps a task's fields, pending and medium unless told otherwise"""
    least = await keys(work, title=work.draw.title())
    due = work.draw.moment().astimezone(timezone(timedelta(hours=work.draw.choice([-8, -5, 9]))))
    given = least | {
        "title": work.draw.title(),
        "description": " ".join(work.draw.titles(100)),
        "status": "in_progress",
        "priority": "high",
        "due_date": due.isoformat(),
    }
    defaults = {"description": None, "status": "pending", "priority": "medium", "due_date": None}
    ids = await keeps(work, "Task", given, least, defaults)
    dated, undated = [row["due_date"] for row in await read(work, "Task", ids, "due_date")]
    work.expect(
        undated is None, f"We added a Task without a due_date and read {undated} back, not None."
    )
    found = datetime.fromisoformat(dated) if dated else None
    work.expect(
        found is not None and found.utcoffset() == timedelta(0),
        f"We gave due_date={due} and read {dated} back: expected it aware and in UTC, "
        f"{due.astimezone(UTC)}.",
    )
    work.expect(
        found == due,
        f"We gave due_date={due}, which is {due.astimezone(UTC)}: expected that moment back, "
        f"found {dated}.",
    )
    await requires(work, "Task", least, "title", "project_id", "created_by_id")


# -- JSON ------------------------------------------------------------------------------

JSON_COLUMNS = [("Project", "meta", "metadata"), ("Task", "tags", "tags")]


async def needed(work: Work, model: str) -> dict:
    """What a new row of either model with JSON needs."""
    return await keys(work, title="Write") if model == "Task" else {"name": "Launch"}


async def json_of(work: Work, model: str, column: str, row: int) -> Any:
    """What the judge finds in a JSON column; text that isn't JSON as it is."""
    rows = await work.rows(f"SELECT {column} FROM {TABLES[model]} WHERE id = $1", row)
    try:
        return json.loads(rows[0][column])
    except (TypeError, ValueError):
        return rows[0][column]


@check("models.json.stores_json")
async def test_json_stores_json(work: Work) -> None:
    """stores meta and tags as JSON, as JSONB on PostgreSQL"""
    word = work.draw.word()
    meta = {word: {"deep": [1, 2.5, None, True, {"é": word}]}, "n": work.draw.randrange(10**9)}
    values = {"meta": meta, "tags": [word, f'{word} "é"', ""]}
    empty: dict[str, Any] = {"meta": {}, "tags": []}
    edits = {"meta": ["__setitem__", word, 1], "tags": ["append", word]}
    for model, name, column in JSON_COLUMNS:
        least = await needed(work, model)
        (row,) = await add(work, (model, least | {name: values[name]}))
        found = await json_of(work, model, column, row)
        work.expect(
            found == values[name],
            f"We added a {model} with {name}={values[name]!r} and looked into the column "
            f"{column}: expected it there as JSON, found {found!r:.200}.",
        )
        (loaded,) = await read(work, model, [row], name)
        work.expect(
            loaded[name] == values[name],
            f"We added a {model} with {name}={values[name]!r} and read it with a new session: "
            f"found {loaded[name]!r:.200}.",
        )
        if work.kind == "postgresql":
            (kind,) = await work.rows(
                "SELECT data_type FROM information_schema.columns WHERE table_schema = 'public' "
                "AND table_name = $1 AND column_name = $2",
                TABLES[model],
                column,
            )
            work.expect(
                kind["data_type"] == "jsonb",
                f"We asked PostgreSQL for the type of {TABLES[model]}.{column}: expected jsonb, "
                f"found {kind['data_type']}.",
            )
        seen = await work.probe(
            "models.apart", model=model, attribute=name, edit=edits[name], keys=least
        )
        found = await json_of(work, model, column, seen.value)
        work.expect(
            found == empty[name],
            f"We made two {model}s without {name} and changed the first one's: expected "
            f"{empty[name]} for the second, found {found!r:.200}.",
        )


@check("models.json.calls_the_column_metadata")
async def test_json_calls_the_column_metadata(work: Work) -> None:
    """calls the column metadata, and the attribute meta"""
    value = {work.draw.word(): work.draw.randrange(1000)}
    seen = await work.probe(
        "models.attempt", model="Project", rows=[{"name": "Launch", "meta": value}]
    )
    error = error_of(seen.value[0])
    work.expect(error is None, f"We added a Project with meta={value}; it raised {error}.", error)
    (row,) = await work.rows("SELECT * FROM project WHERE id = $1", seen.value[0]["value"])
    work.expect(
        "metadata" in row,
        "We looked at the columns of the table project: expected one called metadata, found "
        f"{', '.join(sorted(row))}.",
    )
    found = await json_of(work, "Project", "metadata", seen.value[0]["value"])
    work.expect(
        found == value,
        f"We added a Project with meta={value} and looked into its column metadata: found {found}.",
    )


SITUATIONS = {
    "loaded": ("loaded", "A plain dict or list doesn't tell SQLAlchemy that it changed."),
    "made": (
        "made and committed",
        "What a new session loads does notice changes; what we had put in ourselves does not.",
    ),
    "assigned": (
        "given a new value and committed",
        "What a new object starts with does notice changes; what is assigned later does not.",
    ),
}


@check("models.json.saves_changes_in_place")
async def test_json_saves_changes_in_place(work: Work) -> None:
    """saves a key or a tag changed in place, however you got the object"""
    old, new = work.draw.word(), work.draw.word()
    values: dict[str, Any] = {"meta": {old: 1, "stays": [2]}, "tags": [old, "stays"]}
    edits: dict[str, list] = {
        "meta": [
            ["__setitem__", new, 3],
            ["pop", old],
            ["update", {old: new}],
            ["setdefault", new, 3],
            ["__delitem__", old],
        ],
        "tags": [
            ["append", new],
            ["remove", old],
            ["__setitem__", 0, new],
            ["extend", [new, old]],
            ["insert", 0, new],
            ["pop", 0],
        ],
    }
    for model, name, column in JSON_COLUMNS:
        least = await needed(work, model)
        for when, (told, why) in SITUATIONS.items():
            seen = await work.probe(
                "models.edit",
                model=model,
                attribute=name,
                when=when,
                keys=least,
                old=values[name],
                edits=edits[name],
            )
            for row, (method, *arguments) in zip(seen.value, edits[name], strict=True):
                expected = values[name].copy()
                getattr(expected, method)(*arguments)
                found = await json_of(work, model, column, row)
                work.expect(
                    found == expected,
                    f"On a {model} that we had {told} we ran {_call(name, method, arguments)} and "
                    f"committed: expected {expected} in the row, found {found}. {why}",
                )


def _call(name: str, method: str, arguments: list) -> str:
    """A change in place as it is written."""
    if method == "__delitem__":
        return f"del {name}[{arguments[0]!r}]"
    if method == "__setitem__":
        return f"{name}[{arguments[0]!r}] = {arguments[1]!r}"
    return f"{name}.{method}({', '.join(map(repr, arguments))})"


# -- timestamps ------------------------------------------------------------------------

STAMPS = {
    "Worker": ["created_at"],
    "Project": ["created_at", "updated_at"],
    "Task": ["created_at", "updated_at"],
}


@check("models.timestamps.are_aware_and_utc")
async def test_timestamps_are_aware_and_utc(work: Work) -> None:
    """stamps each row with its own moment, aware and in UTC"""
    before = datetime.now(UTC)
    made = (await work.probe("models.make_twice")).value
    after = datetime.now(UTC)
    for model, names in STAMPS.items():
        first, second = await read(work, model, made[model], *names)
        for name in names:
            told = f"We added a {model} and read {name} with a new session"
            work.expect(first[name], f"{told}: expected the present moment, found None.")
            found = datetime.fromisoformat(first[name])
            work.expect(
                found.tzinfo is not None,
                f"{told}: expected a time with an offset, found one without.",
            )
            work.expect(
                found.utcoffset() == timedelta(0),
                f"{told}: expected it in UTC, found the offset {found.utcoffset()}.",
            )
            work.expect(
                before - SLACK <= found <= after + SLACK,
                f"{told}: expected the present moment, found one that is {_off(found, before)}. "
                "The machine's clock stood at UTC+05:45: local time isn't UTC by being called so.",
            )
            # A clock of whole seconds, as SQLite's own, may give both rows the same one.
            work.expect(
                first[name] != second[name] or found.microsecond == 0,
                f"We added two {model}s, one after the other: expected {name} to differ, found "
                f"the same microsecond. The moment was taken once, when the class was made.",
            )


def _off(found: datetime, expected: datetime) -> str:
    minutes = round((found - expected).total_seconds() / 60)
    return f"{abs(minutes)} minutes {'ahead' if minutes > 0 else 'behind'}"


@check("models.timestamps.move_when_an_object_changes")
async def test_timestamps_move_when_an_object_changes(work: Work) -> None:
    """moves updated_at when an object changes, and created_at never"""
    for model, values in (("Project", {"name": "Land"}), ("Task", {"title": "Read"})):
        await moves(work, "models.change", model, values, "changed it as an object")
    was = work.draw.moment() - timedelta(days=3650)
    worker = {"handle": work.draw.handle(), "created_at": was.isoformat()}
    ids = await add(work, ("Worker", worker))
    before = await read(work, "Worker", ids, "created_at")
    await work.probe("models.change", model="Worker", rows=ids, values={"email": "kim@work.org"})
    work.expect(
        before == await read(work, "Worker", ids, "created_at"),
        "We made a Worker and changed it as an object: expected created_at to stay, found it "
        "moved.",
    )


@check("models.timestamps.move_in_a_bulk_update")
async def test_timestamps_move_in_a_bulk_update(work: Work) -> None:
    """moves updated_at in a bulk update too, in the rows that it changes"""
    told = "changed it by an UPDATE of several rows, which makes no objects of them"
    for model, values in (("Project", {"status": "archived"}), ("Task", {"status": "in_progress"})):
        await moves(work, "models.change_all", model, values, told)


async def moves(work: Work, probe: str, model: str, values: dict, told: str) -> None:
    """Expects updated_at to move with each change, in the rows that a probe changes alone."""
    least = await needed(work, model)
    was = work.draw.moment() - timedelta(days=3650)
    old = {"created_at": was.isoformat(), "updated_at": was.isoformat()}
    *changed, later, other = ids = await add(work, *[(model, least | old)] * 4)
    before = await read(work, model, ids, *old)
    start = datetime.now(UTC)
    await work.probe(probe, model=model, rows=changed, values=values)
    await work.probe(probe, model=model, rows=[later], values=values)
    after = await read(work, model, ids, *old)
    for row, then, now in zip(ids, before, after, strict=True):
        did = f"made a {model} and " + ("changed others" if row == other else told)
        work.expect(
            then["created_at"] == now["created_at"],
            f"We {did}: expected created_at to stay, found it moved.",
        )
        moved = datetime.fromisoformat(now["updated_at"])
        if row == other:
            work.expect(then == now, f"We {did}: expected updated_at to stay, found it moved.")
        else:
            work.expect(
                then["updated_at"] != now["updated_at"],
                f"We {did}: expected updated_at to move, found it as it was.",
            )
            work.expect(
                start - SLACK <= moved,
                f"We {did}: expected updated_at to become the present moment, found one that is "
                f"{_off(moved, start)}.",
            )
    first, second = (after[ids.index(row)]["updated_at"] for row in (changed[0], later))
    work.expect(
        first != second or datetime.fromisoformat(first).microsecond == 0,
        f"We changed a {model}, and then another: expected updated_at to differ, found the same "
        "microsecond. The moment was taken once, when the class was made.",
    )


# -- relationships ---------------------------------------------------------------------


async def reaches(
    work: Work,
    model: str,
    name: str,
    expected: dict[int, Any],
    swapped: dict[int, Any],
    told: str = "That is where the other key leads.",
) -> None:
    """Expects a relationship to reach these ids from each row; tells what a swap would give."""
    found = (await work.probe("models.related", model=model, attribute=name)).value
    for row, reached in found:
        why = ""
        if isinstance(reached, list) != isinstance(expected[row], list) and reached is not None:
            came = (
                ("a list", "one object") if isinstance(reached, list) else ("an object", "a list")
            )
            why = f" {came[0].capitalize()} came where {came[1]} was expected."
        elif reached == swapped.get(row, expected[row]):
            why = f" {told}"
        work.expect(
            reached == expected[row],
            f"We made tasks by their keys and followed {model}.{name} from {model.lower()} {row}: "
            f"expected {_told(expected[row])}, found {_told(reached)}.{why}",
        )
    work.expect(
        len(found) == len(expected),
        f"We selected {model} with {name}: expected {len(expected)} rows, found {len(found)}.",
    )


def _told(ids: Any) -> str:
    return f"ids {ids}" if isinstance(ids, list) else "None" if ids is None else f"id {ids}"


async def in_step(work: Work, one: str, many: str, holder: tuple[str, dict], least: dict) -> None:
    """Expects either end of a relationship to show what was set at the other, and the key."""
    key = {"parent": "parent_task_id"}.get(one, f"{one}_id")
    least = {name: value for name, value in least.items() if name != key}
    seen = (await work.probe("models.tie", one=one, many=many, holder=holder, keys=least)).value
    kind = holder[0].lower()
    work.expect(
        seen["shown"],
        f"We set task.{one} to a new {kind} and looked at {kind}.{many}, before any flush: "
        "expected the task in it. The two ends don't know of each other.",
    )
    work.expect(
        seen["back"],
        f"We appended a new task to {kind}.{many} and looked at task.{one}, before any flush: "
        f"expected the {kind}. The two ends don't know of each other.",
    )
    for way, told in (("set", f"set task.{one}"), ("appended", f"appended to {kind}.{many}")):
        (row,) = await work.rows(f"SELECT {key} FROM task WHERE id = $1", seen[way])
        work.expect(
            row[key] == seen["held"],
            f"We {told} and committed: expected {key} {seen['held']} in the task's row, found "
            f"{row[key]}.",
        )


@check("models.assignments.tells_assignee_from_creator")
async def test_assignments_tell_assignee_from_creator(work: Work) -> None:
    """keeps the tasks a worker has apart from those a worker made"""
    least = await keys(work)
    workers = await add(work, *(("Worker", {"handle": work.draw.handle()}) for _ in range(3)))
    kim, ann, bob = work.draw.sample(workers, 3)
    roles = [(kim, ann), (kim, bob), (ann, bob), (kim, None)]
    work.draw.shuffle(roles)
    tasks = await add(
        work,
        *(
            ("Task", least | {"title": "Write", "created_by_id": creator, "assignee_id": assignee})
            for creator, assignee in roles
        ),
    )
    by_task = dict(zip(tasks, roles, strict=True))
    everyone = [row["id"] for row in await work.rows("SELECT id FROM worker")]

    def of(role: int) -> dict[int, Any]:
        return {
            who: sorted(task for task, both in by_task.items() if both[role] == who)
            for who in everyone
        }

    creators, assignees = ({task: both[role] for task, both in by_task.items()} for role in (0, 1))
    await reaches(work, "Task", "assignee", assignees, creators)
    await reaches(work, "Task", "created_by", creators, assignees)
    await reaches(work, "Worker", "assigned_tasks", of(1), of(0))
    await reaches(work, "Worker", "created_tasks", of(0), of(1))


@check("models.assignments.keeps_both_ends_in_step")
async def test_assignments_keep_both_ends_in_step(work: Work) -> None:
    """fills one end when the other is set"""
    least = await keys(work, title="Write")
    for one, many in (("assignee", "assigned_tasks"), ("created_by", "created_tasks")):
        await in_step(work, one, many, ("Worker", {"handle": work.draw.handle()}), least)


@check("models.project_tasks.finds_its_tasks")
async def test_project_tasks_are_found(work: Work) -> None:
    """finds a project's tasks and a task's project, from either end"""
    least = await keys(work, title="Write")
    first = least["project_id"]
    second, third = await add(work, *[("Project", {"name": "Launch"})] * 2)
    homes = work.draw.sample([first, first, second, second, second], 5)
    rows = [{"project_id": home, "status": "in_progress"} for home in homes]
    tasks = await add(work, *(("Task", least | row) for row in rows))
    by_task = dict(zip(tasks, homes, strict=True))
    await reaches(work, "Task", "project", dict(by_task), {})
    of = {home: sorted(t for t in tasks if by_task[t] == home) for home in (first, second, third)}
    await reaches(work, "Project", "tasks", of, {})
    await in_step(work, "project", "tasks", ("Project", {"name": work.draw.word()}), least)


@check("models.subtasks.looks_up_and_down")
async def test_subtasks_look_up_and_down(work: Work) -> None:
    """finds the parent above and the subtasks below"""
    least = await keys(work, title="Write")
    (root,) = await add(work, ("Task", least))
    left, right = await add(work, *[("Task", least | {"parent_task_id": root})] * 2)
    (leaf,) = await add(work, ("Task", least | {"parent_task_id": left}))
    above, below = {root: None, left: root, right: root, leaf: left}, {root: left, left: leaf}
    await reaches(work, "Task", "parent", above, below, "That one is below it, not above.")
    lists = {root: sorted([left, right]), left: [leaf], right: [], leaf: []}
    await reaches(work, "Task", "subtasks", lists, {left: [root]}, "That one is above it.")
    await in_step(work, "parent", "subtasks", ("Task", least), least)


# -- keys ------------------------------------------------------------------------------

KEYS = [
    ("task", "project_id"),
    ("task", "assignee_id"),
    ("task", "created_by_id"),
    ("task", "parent_task_id"),
    ("audit_log", "actor_id"),
]
INDEXED = """
SELECT t.relname AS "table", a.attname AS "column", k.place, first.attname AS "first"
FROM pg_index i
JOIN pg_class t ON t.oid = i.indrelid
JOIN pg_namespace n ON n.oid = t.relnamespace AND n.nspname = 'public'
CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k (number, place)
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number
LEFT JOIN pg_attribute first ON first.attrelid = t.oid AND first.attnum = i.indkey[0]
WHERE k.place <= i.indnkeyatts AND k.place <= 2 AND (
    i.indpred IS NULL OR pg_get_expr(i.indpred, i.indrelid) = format('(%I IS NOT NULL)', a.attname)
)"""


async def leads_an_index(work: Work, table: str, key: str) -> bool:
    """Whether an index finds rows by this key, alone or inside a tenant."""
    if work.kind == "postgresql":
        return any(
            (row["table"], row["column"]) == (table, key)
            and (row["place"] == 1 or row["first"] == "tenant_id")
            for row in await work.rows(INDEXED)
        )
    (made,) = await work.rows("SELECT sql FROM sqlite_master WHERE name = $1", table)
    conditions = [f"{key} = 1"]
    if "tenant_id" in made["sql"]:
        conditions.append(f"tenant_id = 1 AND {key} = 1")
    plans = [
        row["detail"]
        for condition in conditions
        for row in await work.rows(f"EXPLAIN QUERY PLAN SELECT * FROM {table} WHERE {condition}")
    ]
    return any(re.search(rf"SEARCH .*INDEX .*\b{key}=", plan) for plan in plans)


@check("models.keys.lead_an_index_each")
async def test_keys_lead_an_index_each(work: Work) -> None:
    """gives every foreign key an index to lead"""
    await keys(work)
    missing = [
        f"{table}.{key}" for table, key in KEYS if not await leads_an_index(work, table, key)
    ]
    work.expect(
        not missing,
        "We looked at the indexes of the tables: expected one that begins with each foreign key, "
        f"found none for {', '.join(missing)}. No database makes them by itself, and every "
        "delete of what they point at reads the whole table.",
    )


async def removed(work: Work, model: str, row: int, by: str) -> StudentError | None:
    """What deleting a row raised, if anything."""
    seen = await work.probe("models.remove", model=model, row=row, by=by)
    return seen.error_in("removed")


WAYS = {"statement": "by a DELETE statement", "object": "as an object of a session"}
LOADED = {
    name: f"as an object of a session that had loaded its {name}"
    for name in ("tasks", "subtasks", "assigned_tasks", "created_tasks")
}


async def goes(work: Work, model: str, row: int, by: str, role: str) -> str:
    """Expects a row to be deleted; says what was done."""
    told = f"We deleted {role} {(WAYS | LOADED)[by]}"
    error = await removed(work, model, row, by)
    work.expect(error is None, f"{told}: expected it to go, found {error}.", error)
    left = await work.rows(f"SELECT id FROM {TABLES[model]} WHERE id = $1", row)
    work.expect(not left, f"{told}: expected it to go, but its row is still there.")
    return told


@check("models.keys.take_tasks_with_their_project")
async def test_keys_take_tasks_with_their_project(work: Work) -> None:
    """deletes a project's tasks with it, as an object and by a statement"""
    least = await keys(work, title="Write")
    (other,) = await add(work, ("Task", least))
    for by in (*WAYS, "tasks"):
        (project,) = await add(work, ("Project", {"name": work.draw.word()}))
        inside = least | {"project_id": project}
        (task,) = await add(work, ("Task", inside))
        await add(work, ("Task", inside | {"parent_task_id": task}))
        told = await goes(work, "Project", project, by, "a project with two tasks")
        left = [row["id"] for row in await work.rows("SELECT id FROM task")]
        work.expect(
            other in left,
            f"{told}: expected another project's task to stay, but it went too.",
        )
        work.expect(
            left == [other],
            f"{told}: expected both to go with it, found {len(left) - 1} of them.",
        )


@check("models.keys.let_tasks_outlive_parent_and_assignee")
async def test_keys_let_tasks_outlive_parent_and_assignee(work: Work) -> None:
    """keeps tasks when their parent or their assignee goes"""
    least = await keys(work, title="Write")
    (above,) = await add(work, ("Task", least))
    (helper,) = await add(work, ("Worker", {"handle": work.draw.handle()}))
    parent = least | {"parent_task_id": above, "assignee_id": helper}
    worker = {"handle": work.draw.handle()}
    for way in (*WAYS, "loaded"):
        for model, role, key, fields, many in (
            ("Task", "the parent", "parent_task_id", parent, "subtasks"),
            ("Worker", "the assignee", "assignee_id", worker, "assigned_tasks"),
        ):
            (gone,) = await add(work, (model, fields))
            (task,) = await add(work, ("Task", least | {key: gone}))
            by = many if way == "loaded" else way
            told = await goes(work, model, gone, by, f"{role} of a task")
            rows = await work.rows(f"SELECT {key}, created_by_id FROM task WHERE id = $1", task)
            work.expect(rows, f"{told}: expected the task to stay, but it went too.")
            work.expect(
                rows[0][key] is None,
                f"{told}: expected the task's {key} to be NULL, found {rows[0][key]}.",
            )
            work.expect(
                rows[0]["created_by_id"] == least["created_by_id"],
                f"{told}: expected the task's creator to stay, found {rows[0]['created_by_id']}.",
            )
            for table, row, its in (("task", above, "parent"), ("worker", helper, "assignee")):
                left = await work.rows(f"SELECT id FROM {table} WHERE id = $1", row)
                work.expect(left, f"{told}: expected its own {its} to stay, but it went too.")


@check("models.keys.hold_on_to_creators")
async def test_keys_hold_on_to_creators(work: Work) -> None:
    """refuses to delete a worker who created tasks or was audited"""
    least = await keys(work, title="Write")
    for by in (*WAYS, "created_tasks"):
        creator, actor, helper = await add(
            work, *(("Worker", {"handle": work.draw.handle()}) for _ in range(3))
        )
        (task,) = await add(work, ("Task", least | {"created_by_id": creator}))
        entry = {"entity_type": "task", "entity_id": task, "action": "created"}
        await add(work, ("AuditLog", entry | {"actor_id": actor}))
        await add(work, ("Task", least | {"assignee_id": helper}))
        await goes(work, "Worker", helper, by, "an assignee who created nothing")
        for worker, role, table, key in (
            (creator, "created a task", "task", "created_by_id"),
            (actor, "appears in the audit log", "audit_log", "actor_id"),
        ):
            error = await removed(work, "Worker", worker, by)
            told = f"We tried to delete a worker who {role}, {(WAYS | LOADED)[by]}"
            left = await work.rows("SELECT id FROM worker WHERE id = $1", worker)
            found = await work.rows(f"SELECT id FROM {table} WHERE {key} = $1", worker)
            work.expect(
                left,
                f"{told}: expected it to be refused, but the worker is gone"
                f"{'' if found else ', and what named it'}.",
            )
            work.expect(found, f"{told}: expected all to stay, but {table} names nobody now.")
            work.expect(error is not None, f"{told}: expected an error, found none.")


# -- rules -----------------------------------------------------------------------------


async def refuses(
    work: Work,
    model: str,
    column: str,
    good: list,
    bad: list,
    least: Callable[[], dict] = dict,
) -> None:
    """Expects good values in a column and no bad one, whether plain SQL or the model writes."""
    (row,) = await add(work, (model, least() | {column: good[0]}))
    values = [*good, *bad]
    by_sql = await work.probe(
        "models.overwrite", table=TABLES[model], column=column, row=row, values=values
    )
    await work.probe("models.remove", model=model, row=row, by="statement")
    # A model takes None for "not given", and has a default.
    rows = [least() | {column: value} for value in values if value is not None]
    by_model = await work.probe("models.attempt", model=model, rows=rows)
    for way, seen in (("plain SQL", by_sql), (f"the model {model}", by_model)):
        for value, outcome in zip(values, seen.value, strict=False):
            told = f"We wrote {_short(value)} as {column} of a {model.lower()} through {way}"
            error = error_of(outcome)
            if value in good:
                work.expect(error is None, f"{told}: expected it to be kept, found {error}.", error)
            else:
                work.expect(
                    error is not None, f"{told}: expected it to be refused, found it stored."
                )


@check("models.rules.keep_handles_unique")
async def test_rules_keep_handles_unique(work: Work) -> None:
    """refuses a handle that is taken"""
    taken, free = {type: work.draw.handle() for type in TYPES}, f"@{work.draw.word(4)}"
    await add(work, *(("Worker", {"handle": at, "type": type}) for type, at in taken.items()))
    await refuses(work, "Worker", "handle", [free], [*taken.values()])


@check("models.rules.refuse_malformed_handles")
async def test_rules_refuse_malformed_handles(work: Work) -> None:
    """refuses handles that are not @ and then a-z, 0-9, _ or -"""
    word = work.draw.word()
    letter = work.draw.choice("abcdefghijklmnopqrstuvwxyz")
    good = [f"@{letter}", f"@{letter * 49}", "@_-9", "@az09"]
    bad = [word, "", "@", f"@{letter * 50}", f"@{word.upper()}", f"{word}@{word}", f"@@{word}"]
    bad += [f"@{word} {word}", f"@{word}\n", f" @{word}", f"@{word}é", f"@{word}.", "@%", None]
    await refuses(work, "Worker", "handle", good, bad)


@check("models.rules.refuse_unknown_words")
async def test_rules_refuse_unknown_words(work: Work) -> None:
    """refuses unknown types, statuses and priorities"""
    task = await keys(work, title="Write")
    for model, column, good, least in (
        ("Worker", "type", TYPES, lambda: {"handle": work.draw.handle()}),
        ("Project", "status", PROJECT_STATUSES, lambda: {"name": "Launch"}),
        ("Task", "status", STATUSES, lambda: task),
        ("Task", "priority", PRIORITIES, lambda: task),
    ):
        bad = [work.draw.word(), work.draw.choice(good).upper(), "", None]
        await refuses(work, model, column, good, bad, least)


@check("models.rules.refuse_bad_titles_and_parents")
async def test_rules_refuse_bad_titles_and_parents(work: Work) -> None:
    """refuses empty and endless titles, and a task as its own parent"""
    least = await keys(work)
    letter = work.draw.choice("aé愛")
    good, bad = [letter, letter * 500], ["", letter * 501, None]
    await refuses(work, "Task", "title", good, bad, lambda: least)
    task, other = await add(work, *[("Task", least | {"title": "Write"})] * 2)
    seen = await work.probe(
        "models.overwrite", table="task", column="parent_task_id", row=task, values=[other, task]
    )
    control, refused = map(error_of, seen.value)
    work.expect(
        control is None,
        f"We made another task the parent of a task: expected it to be kept, found {control}.",
        control,
    )
    work.expect(
        refused is not None,
        "We made a task its own parent by plain SQL: expected it to be refused, found it stored.",
    )


CHECK = re.compile(
    r"""(?<!\w)(?:CONSTRAINT\s+(?P<name>"[^"]+"|`[^`]+`|\[[^]]+\]|\w+)\s+)?CHECK\s*\(""", re.I
)


@check("models.rules.have_names")
async def test_rules_have_names(work: Work) -> None:
    """gives each CHECK a name, so that a migration can change it"""
    await keys(work)
    for table in ("worker", "project", "task"):
        (made,) = await work.rows("SELECT sql FROM sqlite_master WHERE name = $1", table)
        without_text = re.sub(r"'(?:[^']|'')*'", "''", made["sql"])
        named = [found["name"] for found in CHECK.finditer(without_text)]
        work.expect(
            named,
            f"We looked at the table {table} in the database: expected its rules as CHECK "
            "constraints, found none.",
        )
        work.expect(
            all(named),
            f"We looked at the {len(named)} CHECK constraints of the table {table}: expected "
            f"each to have a name, found {named.count(None)} without.",
        )
