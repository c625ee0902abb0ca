"""Lesson 6: two tenants with rows of their own, and every way from one to the other."""

from dataclasses import dataclass
from typing import Any

from workbook.judge import Seen, StudentError, Work, check

FAR = 900_000  # an id that nobody has
# What makes a row whose, in words that need no other table.
OWNED = ("worker", "project", "task", "audit_log")
CONTENT = {
    "worker": "id, tenant_id, handle",
    "project": "id, tenant_id, name, status",
    "task": "id, tenant_id, title, status, project_id, assignee_id, created_by_id, parent_task_id",
    "audit_log": "id, tenant_id, entity_type, entity_id, action, actor_id",
}


@dataclass
class Side:
    """One tenant and the ids of its rows: three workers, a project, tasks."""

    subdomain: str
    handles: list[str]
    titles: list[str]
    name: str
    tenant: int = 0
    workers: tuple[int, ...] = ()  # who creates tasks, who has them, whom none refers to
    project: int = 0
    tasks: tuple[int, ...] = ()

    @classmethod
    def drawn(cls, work: Work, place: str, tasks: int) -> "Side":
        """A tenant that isn't there yet."""
        handles = [f"{work.draw.handle()}-{place}{number}" for number in (1, 2, 3)]
        subdomain = f"{work.draw.word()}-{place}"
        return cls(subdomain, handles, work.draw.titles(tasks), work.draw.title())

    def plain(self) -> dict[str, Any]:
        """What the probes take."""
        return dict(vars(self))


async def two(work: Work) -> tuple[Side, Side]:
    """Two tenants with rows; the second one's tasks are more."""
    count = work.draw.randint(2, 4)
    sides = [Side.drawn(work, "a", count), Side.drawn(work, "b", count + work.draw.randint(1, 3))]
    seen = await work.probe("tenancy.settle", sides=[side.plain() for side in sides])
    for side, made in zip(sides, seen.value, strict=True):
        side.tenant, side.project = made["tenant"], made["project"]
        side.workers, side.tasks = tuple(made["workers"]), tuple(made["tasks"])
    for table in OWNED:
        found = {row["tenant_id"] for row in await work.rows(f"SELECT tenant_id FROM {table}")}
        work.expect(
            found == {side.tenant for side in sides},
            f"We made rows inside two tenants' contexts, {sides[0].tenant} and {sides[1].tenant}, "
            f"with sessions of build_session_factory: expected {table}.tenant_id to hold both, "
            f"found {sorted(found, key=str)}.",
        )
    return sides[0], sides[1]


async def rows_of(work: Work, tenant: int) -> dict[str, list[dict[str, Any]]]:
    """Everything a tenant owns, as a connection of our own sees it."""
    return {
        table: await work.rows(
            f"SELECT {columns} FROM {table} WHERE tenant_id = $1 ORDER BY id", tenant
        )
        for table, columns in CONTENT.items()
    }


def refused(work: Work, answer: dict[str, Any], did: str, *kinds: str) -> None:
    """Expects an exception, of one of some kinds where any are named."""
    error = StudentError.read(answer["error"]) if "error" in answer else None
    found = f"it raised {error}" if error else f"it returned {answer.get('value')}"
    fits = error is not None and (not kinds or error.is_a(*kinds))
    expected = " or ".join(kinds) or "a refusal"
    work.expect(fits, f"{did}: expected {expected}; {found}.", error)


def went(work: Work, answer: dict[str, Any], did: str) -> Any:
    """Expects what was called to return; gives what it returned."""
    error = StudentError.read(answer["error"]) if "error" in answer else None
    work.expect(error is None, f"{did}: expected it to be done; it raised {error}.", error)
    return answer["value"]


# -- rows --------------------------------------------------------------------------------


@check("tenancy.context.restores_the_tenant_on_every_path")
async def test_context_restores_the_tenant_on_every_path(work: Work) -> None:
    """restores the tenant that was there, whatever happens inside"""
    ours, theirs = work.draw.sample(range(1, 10_000), 2)
    saw = (await work.probe("tenancy.context", ours=ours, theirs=theirs)).value
    expected = {
        "before": None,
        "inside": ours,
        "inside another one's": theirs,
        "after another one's": ours,
        "after an exception": ours,
        "after a cancellation": ours,
        "at the end": None,
    }
    for place, tenant in expected.items():
        work.expect(
            saw[place] == tenant,
            f"We entered tenant {ours}, inside it for a while tenant {theirs}, and looked at "
            f"current_tenant {place}: expected {tenant}, found {saw[place]}.",
        )
    work.expect(
        saw["side by side"] == [[ours] * 3, [theirs] * 3],
        f"Two asyncio tasks worked in turns, one for tenant {ours}, one for {theirs}, each for a "
        f"while for the other: expected each to come back to its own, found "
        f"{saw['side by side']}.",
    )


LEADING = """
SELECT DISTINCT t.relname AS "table" FROM pg_index i
JOIN pg_class t ON t.oid = i.indrelid
JOIN pg_namespace n ON n.oid = t.relnamespace AND n.nspname = 'public'
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = i.indkey[0]
WHERE i.indpred IS NULL AND a.attname = 'tenant_id'"""


async def without_index(work: Work) -> list[str]:
    """The tables where nothing finds a tenant's rows but reading all of them."""
    if work.kind == "postgresql":
        led = {row["table"] for row in await work.rows(LEADING)}
        return [table for table in OWNED if table not in led]
    missing = []
    for table in OWNED:
        plan = await work.rows(f"EXPLAIN QUERY PLAN SELECT * FROM {table} WHERE tenant_id = 1")
        if not any("INDEX" in row["detail"] and "tenant_id=" in row["detail"] for row in plan):
            missing.append(table)
    return missing


@check("tenancy.tables.divide_the_rows_by_tenant")
async def test_tables_divide_the_rows_by_tenant(work: Work) -> None:
    """gives every row a tenant, and every tenant handles of its own"""
    ours, theirs = await two(work)
    again = await work.probe("tenancy.tenants", subdomains=[ours.subdomain])
    refused(work, again.value[0], f"We added a second tenant with the subdomain {ours.subdomain}")

    keys = {"project_id": ours.project, "created_by_id": ours.workers[0]}
    entry = {"entity_type": "task", "entity_id": 1, "action": "created"}
    for model, fields in (
        ("Worker", {"handle": "@fresh"}),
        ("Project", {"name": "Fresh"}),
        ("Task", {"title": "Fresh", **keys}),
        ("AuditLog", {"actor_id": ours.workers[0], **entry}),
    ):
        owner = {"tenant_id": ours.tenant + FAR}
        tries = [
            {"model": model, "fields": fields, "tenant": ours.tenant},
            {"model": model, "fields": fields, "tenant": None},
            {"model": model, "fields": fields | owner, "tenant": None},
        ]
        if model == "Worker":  # its handle is taken by the first of them
            for number, one in enumerate(tries):
                one["fields"] = one["fields"] | {"handle": f"@fresh-{number}"}
        inside, outside, unknown = (await work.probe("tenancy.rows", tries=tries)).value
        went(work, inside, f"We added a {model} inside a tenant's context")
        refused(work, outside, f"We added a {model} outside any tenant, without tenant_id")
        refused(work, unknown, f"We added a {model} with the tenant_id of no tenant")

    handle = ours.handles[0]
    tries = [
        {"model": "Worker", "fields": {"handle": handle}, "tenant": tenant}
        for tenant in (theirs.tenant, theirs.tenant)
    ]
    shared, taken = (await work.probe("tenancy.rows", tries=tries)).value
    went(
        work,
        shared,
        f"Tenant {ours.tenant} has a worker {handle}; we added one of that name for tenant "
        f"{theirs.tenant}, to whom it is free",
    )
    refused(work, taken, f"We added a second {handle} for tenant {theirs.tenant}")


CROSSED = """
SELECT count(*) AS n FROM {table} r JOIN {target} o ON o.id = r.{key}
WHERE r.tenant_id <> o.tenant_id"""
KEYS = {
    ("task", "project_id"): "project",
    ("task", "assignee_id"): "worker",
    ("task", "created_by_id"): "worker",
    ("task", "parent_task_id"): "task",
    ("audit_log", "actor_id"): "worker",
}


@check("tenancy.keys.refuse_rows_of_another_tenant")
async def test_keys_refuse_rows_of_another_tenant(work: Work) -> None:
    """refuses a row that refers to another tenant's, and indexes every table by tenant"""
    ours, theirs = await two(work)
    least = {"title": "Write", "project_id": ours.project, "created_by_id": ours.workers[0]}
    entry = {"entity_type": "task", "entity_id": 1, "action": "created"}
    for (table, key), target in KEYS.items():
        model, fields = ("Task", least) if table == "task" else ("AuditLog", entry)
        ids = {
            side.tenant: {"project": side.project, "worker": side.workers[1]}.get(
                target, side.tasks[0]
            )
            for side in (ours, theirs)
        }
        tries = [
            {"model": model, "fields": fields | {key: ids[side.tenant]}, "tenant": ours.tenant}
            for side in (ours, theirs)
        ]
        own, other = (await work.probe("tenancy.rows", tries=tries)).value
        did = f"For tenant {ours.tenant} we added a {model} whose {key} is a {target}'s of"
        went(work, own, f"{did} its own")
        refused(work, other, f"{did} tenant {theirs.tenant}", "IntegrityError")
        (found,) = await work.rows(CROSSED.format(table=table, target=target, key=key))
        work.expect(
            found["n"] == 0,
            f"{did} tenant {theirs.tenant}, and looked for rows between two tenants: expected 0, "
            f"found {found['n']}.",
        )
    missing = await without_index(work)
    work.expect(
        not missing,
        "We looked at the indexes: expected one in every table that begins with tenant_id, found "
        f"none in {', '.join(missing)}. Every query filters by it.",
    )


async def alembic(work: Work, *commands: str) -> None:
    """Runs commands; a story when one raises."""
    lines = [line.split() for line in commands]
    seen = await work.probe("tenancy.migrate", commands=lines, wall=30.0, cpu=8.0)
    for line, ran in zip(commands, seen.value, strict=False):
        went(work, ran["call"], f"We ran alembic {line}")


async def contents(work: Work) -> dict[str, list[dict[str, Any]]]:
    """All rows, without whose they are."""
    return {
        table: await work.rows(
            f"SELECT {columns.replace(' tenant_id,', '')} FROM {table} ORDER BY id"
        )
        for table, columns in CONTENT.items()
    }


async def back_before_tenants(work: Work) -> None:
    """Downgrades until there is no tenant any more."""
    for revision in await down(work):
        await alembic(work, f"downgrade {revision}")
        if "tenant" not in await work.database.tables():
            break


async def down(work: Work) -> list[str]:
    """The revisions below the head; one step back may be several, where lines meet."""
    return [*(await work.probe("migrations.history")).value[1:], "base"]


@check("tenancy.revision.moves_the_rows_that_are_there")
async def test_revision_moves_the_rows_that_are_there(work: Work) -> None:
    """moves the rows that are there to a tenant, and loses none"""
    await work.fresh()
    await alembic(work, "upgrade head")
    found = await work.rows("SELECT id FROM tenant")
    work.expect(
        not found,
        f"We upgraded an empty database: expected no tenant, found {len(found)}. There was nothing "
        "to move.",
    )
    await two(work)
    before = await contents(work)
    await back_before_tenants(work)
    after = await contents(work)
    did = "We went back to the revision before tenants, with rows of two tenants in the tables"
    for table in OWNED:
        work.expect(
            after[table] == before[table],
            f"{did}: expected the {len(before[table])} rows of {table} to stay as they were, found "
            f"{len(after[table])}{'' if len(after[table]) != len(before[table]) else ', changed'}.",
        )
    await alembic(work, "upgrade head")
    did = "With rows in the tables we upgraded to the head"
    after = await contents(work)
    for table in OWNED:
        work.expect(
            after[table] == before[table],
            f"{did}: expected the {len(before[table])} rows of {table} to stay as they were, found "
            f"{len(after[table])}{'' if len(after[table]) != len(before[table]) else ', changed'}.",
        )
    made = await work.rows("SELECT id, subdomain, name FROM tenant")
    names = sorted(row["subdomain"] for row in made)
    work.expect(
        len(made) == 1 and "default" in (made[0]["subdomain"], made[0]["name"].lower()),
        f"{did}: expected one tenant, default, found {names or 'none'}.",
    )
    for table in OWNED:
        owners = {row["tenant_id"] for row in await work.rows(f"SELECT tenant_id FROM {table}")}
        work.expect(
            owners == {made[0]["id"]},
            f"{did}: expected every row of {table} to belong to tenant {made[0]['id']}, found "
            f"{sorted(owners, key=str)}.",
        )
    apart = (await work.probe("migrations.apart")).value
    work.expect(
        not apart,
        f"{did} and compared the tables with the models: expected no difference, found "
        f"{', '.join(apart)}.",
    )
    (new,) = (await work.probe("tenancy.tenants", subdomains=["new"])).value
    (worker, *_) = await work.rows("SELECT handle FROM worker ORDER BY id")
    did = f"{did} and added a tenant with a worker {worker['handle']}, as the first one has"
    one = {"model": "Worker", "fields": worker, "tenant": went(work, new, did)}
    went(work, (await work.probe("tenancy.rows", tries=[one])).value[0], did)

    await work.fresh()
    await alembic(work, "upgrade head")
    made = (await work.probe("tenancy.tenants", subdomains=["one", "two"])).value
    for each in made:
        twin = {"model": "Worker", "fields": {"handle": "@twin"}, "tenant": each.get("value")}
        await work.probe("tenancy.rows", tries=[twin])
    for revision in await down(work):
        step = [["downgrade", revision]]
        (ran,) = (await work.probe("tenancy.migrate", commands=step, wall=30.0, cpu=8.0)).value
        if "error" in ran["call"] or "tenant" not in await work.database.tables():
            break
    if "worker" in await work.database.tables():
        found = len(await work.rows("SELECT id FROM worker"))
        work.expect(
            found == 2,
            "We gave two tenants a worker with one handle, and went back to the revision before "
            f"tenants: expected both, whether it was done or refused; found {found}.",
        )

    for model, fields in (("Worker", {"handle": "@alone"}), ("Project", {"name": "Alone"})):
        table, ((column, word),) = model.lower(), fields.items()
        await work.fresh()
        await alembic(work, "upgrade head")
        did = f"We upgraded an empty database, added a tenant with one {table} and nothing else"
        (new,) = (await work.probe("tenancy.tenants", subdomains=["new"])).value
        one = {"model": model, "fields": fields, "tenant": went(work, new, did)}
        went(work, (await work.probe("tenancy.rows", tries=[one])).value[0], did)
        await back_before_tenants(work)
        await alembic(work, "upgrade head")
        sql = f"SELECT {table}.{column} FROM {table} JOIN tenant ON tenant.id = {table}.tenant_id"
        found = [row[column] for row in await work.rows(sql)]
        did = f"{did}, went back before tenants and upgraded again"
        work.expect(
            found == [word],
            f"{did}: expected the {table} {word} to have a tenant again, found {found or 'none'}.",
        )


# -- the service -------------------------------------------------------------------------


async def call(work: Work, **one: Any) -> dict[str, Any]:
    """What came of one call of a service."""
    return dict((await work.probe("tenancy.calls", tries=[one])).value[0])


@check("tenancy.service.keeps_every_method_inside")
async def test_service_keeps_every_method_inside(work: Work) -> None:
    """reaches its own tenant's rows by every method, and no others"""
    theirs, ours = await two(work)
    before = await rows_of(work, theirs.tenant)
    # The service's own tenant counts, whoever's context it is called in.
    whose = {"tenant": ours.tenant, "within": theirs.tenant}
    did = (
        f"With a session that filters nothing and a service made for tenant {ours.tenant}, in the "
        f"context of tenant {theirs.tenant}, we called"
    )

    async def same(what: str, expected: Any, **one: Any) -> None:
        found = went(work, await call(work, **whose, **one), f"{did} {what}")
        work.expect(found == expected, f"{did} {what}: expected {expected}, found {found}.")

    async def gone(what: str, *kinds: str, **one: Any) -> None:
        answer = await call(work, **whose, **one)
        refused(work, answer, f"{did} {what} of tenant {theirs.tenant}", *kinds)
        after = await rows_of(work, theirs.tenant)
        changed = [table for table in OWNED if after[table] != before[table]]
        work.expect(
            not changed,
            f"{did} {what} of tenant {theirs.tenant} and looked at that tenant's rows: expected "
            f"them to be as before, found {', '.join(changed)} changed.",
        )

    mine, other = ours.tasks[0], theirs.tasks[0]
    await same("get for a task of its own", mine, method="get", task_id=mine)
    await same("get for another tenant's task", None, method="get", task_id=other)
    own, foreign = {"project_id": ours.project}, {"project_id": theirs.project}
    await same("list_by_project", [*ours.tasks], method="list_by_project", **own)
    await same("list_by_project for another's", [], method="list_by_project", **foreign)
    await same("list_tasks", [*ours.tasks], method="list_tasks")
    await same("list_tasks for the first task", [mine], method="list_tasks", limit=1)
    page = {"limit": 1, "after_id": mine}
    await same("list_tasks for the second task", [ours.tasks[1]], method="list_tasks", **page)

    boss = {"method": "create", "created_by_id": ours.workers[0]}
    data = {"title": work.draw.title(), "project_id": ours.project}
    made = went(work, await call(work, **whose, **boss, data=data), f"{did} create")
    for table, column in (("task", "id"), ("audit_log", "entity_id")):
        query = f"SELECT tenant_id FROM {table} WHERE {column} = $1"
        query += " AND entity_type = 'task'" if table == "audit_log" else ""
        owners = [row["tenant_id"] for row in await work.rows(query, made)]
        work.expect(
            owners == [ours.tenant],
            f"{did} create and looked at its row in {table}: expected tenant {ours.tenant}, found "
            f"{owners}.",
        )
    missing, either = "NotFoundError", ("NotFoundError", "ConflictError")
    await gone("create in a project", missing, **boss, data=data | {"project_id": theirs.project})
    theirs_boss = {"method": "create", "created_by_id": theirs.workers[0]}
    await gone("create by a worker", missing, **theirs_boss, data=data)
    assigned = data | {"assignee_id": theirs.workers[1]}
    await gone("create with an assignee", missing, **boss, data=assigned)
    await gone("create below a task", *either, **boss, data=data | {"parent_task_id": other})

    title = {"title": work.draw.title()}
    await same("update", mine, method="update", task=mine, data=title)
    await same("list_tasks after an update", [*ours.tasks, made], method="list_tasks")
    one = {"model": "Project", "fields": {"name": work.draw.title()}, "tenant": ours.tenant}
    went(work, (await work.probe("tenancy.rows", tries=[one])).value[0], "We added a project")
    sql = "SELECT id FROM project WHERE tenant_id = $1 ORDER BY id DESC"
    [home, *_] = [row["id"] for row in await work.rows(sql, ours.tenant)]
    later = [
        went(work, await call(work, **whose, **boss, data=data | {"project_id": id}), did)
        for id in (home, ours.project)
    ]
    told = "list_tasks for tasks of two projects"
    await same(told, [*ours.tasks, made, *later], method="list_tasks")
    for task in later:
        await same("delete", None, method="delete", task=task)
    await gone("update for a task", missing, method="update", task=other, data=title)
    taken = {"assignee_id": theirs.workers[1]}
    await gone("update to an assignee", missing, method="update", task=mine, data=taken)
    below = {"parent_task_id": other}
    await gone("update to a parent", *either, method="update", task=mine, data=below)
    hers = {"worker_id": ours.workers[0]}
    await same("assign", mine, method="assign", task=mine, **hers)
    await gone("assign for a task", missing, method="assign", task=other, **hers)
    his = {"worker_id": theirs.workers[0]}
    await gone("assign to a worker", missing, method="assign", task=mine, **his)
    await same("delete", None, method="delete", task=made)
    await gone("delete for a task", missing, method="delete", task=other)

    whose = {"within": ours.tenant}
    did = f"In the context of tenant {ours.tenant} we called"
    done = {"method": "complete_project_tasks"}
    await same("complete_project_tasks for another's project", 0, **done, **foreign)
    named = {"method": "rename_worker", "handle": work.draw.handle()}
    await gone("rename_worker for a worker", missing, **named, worker_id=theirs.workers[0])
    after = await rows_of(work, theirs.tenant)
    work.expect(after == before, f"{did} complete_project_tasks: another tenant's tasks changed.")
    await same("complete_project_tasks", len(ours.tasks), **done, **own)
    await same("rename_worker", ours.workers[0], **named, worker_id=ours.workers[0])


@check("tenancy.service.requires_a_tenant")
async def test_service_requires_a_tenant(work: Work) -> None:
    """takes the tenant it is given, else the context's, else none"""
    ours, theirs = await two(work)
    ways = {
        f"with tenant_id={ours.tenant}, outside any context": {"tenant": ours.tenant},
        f"in the context of tenant {ours.tenant}": {"within": ours.tenant},
        f"with tenant_id={ours.tenant} in the context of {theirs.tenant}": {
            "tenant": ours.tenant,
            "within": theirs.tenant,
        },
    }
    for how, whose in ways.items():
        did = f"We made a TaskService {how} and listed its tasks"
        found = went(work, await call(work, method="list_tasks", **whose), did)
        work.expect(found == [*ours.tasks], f"{did}: expected {ours.tasks}, found {found}.")
    answer = await call(work, method="list_tasks")
    did = "We made a TaskService without tenant_id, outside any context, and listed its tasks"
    refused(work, answer, did, "TenantRequiredError")


# -- sessions ----------------------------------------------------------------------------


@check("tenancy.reads.see_one_tenants_rows")
async def test_reads_see_one_tenants_rows(work: Work) -> None:
    """reads one tenant's rows by every kind of SELECT, or none at all"""
    ours, theirs = await two(work)
    seen = await work.probe("tenancy_sessions.reads", tenant=ours.tenant, theirs=theirs.plain())
    tasks = [*ours.tasks]
    expected = {
        "select(Task)": tasks,
        "select(Task.id)": tasks,
        "a join": tasks,
        "an alias": tasks,
        "a subquery": tasks,
        "the columns of a subquery": tasks,
        "workers with a task": [ours.workers[1]],
        "select(Project.id)": [ours.project],
        "the tenants of select(AuditLog)": [ours.tenant],
        "Project.tasks": tasks,
        "tasks joined with their project": tasks,
        "a count": len(tasks),
        "a count beside a project": len(tasks),
    }
    did = f"In a session of tenant {ours.tenant}, without any where for it, we read"
    for what, ids in expected.items():
        found = seen.value[what]
        work.expect(found == ids, f"{did} {what}: expected {ids}, found {found}.", seen)
    work.expect(seen.value["get"], f"{did} another tenant's task by get: expected None, found it.")
    seen = await work.probe("tenancy_sessions.outside")
    for what in ("select", "get"):
        did = f"In a tenant's session, outside any tenant's context, we called {what}"
        refused(work, seen.value[what], did, "TenantRequiredError")
    refused(work, seen.value["write"], "In a tenant's session, outside any context, we wrote a row")
    turns = [ours, theirs] * 3
    seen = await work.probe("tenancy_sessions.side_by_side", tenants=[one.tenant for one in turns])
    for side, found in zip(turns, seen.value, strict=True):
        work.expect(
            found == [*side.tasks],
            f"Six sessions of two tenants worked side by side: for tenant {side.tenant} expected "
            f"the tasks {side.tasks}, found {found}.",
        )


@check("tenancy.reads.forget_the_tenant_before")
async def test_reads_forget_the_tenant_before(work: Work) -> None:
    """forgets one tenant's objects when it is used for another"""
    ours, theirs = await two(work)
    inputs = {"ours": ours.plain(), "theirs": theirs.plain()}
    seen = await work.probe("tenancy_sessions.switch", **inputs)
    for turn, side, mask in (
        ("first", ours, [True, False]),
        ("second", theirs, [False, True]),
        ("again", ours, [True, False]),
    ):
        own = [side.tasks[0]]
        for way, expected in (("get", mask), ("select", own)):
            found = seen.value[turn][way]
            because = (
                " What a session has loaded it gives back without a query, which no filter sees."
                if way == "get"
                else ""
            )
            work.expect(
                found == expected,
                f"One session looked for a task of tenant {ours.tenant} and one of "
                f"{theirs.tenant} by {way}: inside the first, the second, the first tenant. For "
                f"tenant {side.tenant} ({turn}) expected {expected}, found {found}.{because}",
            )
    work.expect(
        seen.value["beside"] == [False, True],
        "The same, and another session had worked for the second tenant meanwhile: expected "
        f"{[False, True]} for the second, found {seen.value['beside']}. Each session remembers for "
        "whom it loaded.",
    )
    work.expect(
        seen.value["rolled back"] == [False, True],
        "One session read a task of the first tenant, rolled back, and looked for both tasks "
        f"inside the second: expected {[False, True]}, found {seen.value['rolled back']}.",
    )


async def as_before(work: Work, did: str, before: dict[int, Any]) -> None:
    """Expects tenants to own what they did."""
    for tenant, rows in before.items():
        after = await rows_of(work, tenant)
        for table in OWNED:
            work.expect(
                after[table] == rows[table],
                f"{did}, and then looked at the rows of tenant {tenant}: expected {table} as it "
                "was, found it changed.",
            )


@check("tenancy.writes.refuse_rows_of_another_tenant")
async def test_writes_refuse_rows_of_another_tenant(work: Work) -> None:
    """writes no row of another tenant's, by objects or in bulk"""
    ours, theirs = await two(work)
    inputs = {"tenant": ours.tenant, "target": theirs.tenant}
    inputs |= {"row": theirs.tasks[0], "loose": theirs.workers[2], "own": ours.workers[2]}
    before = {side.tenant: await rows_of(work, side.tenant) for side in (ours, theirs)}
    session = f"In a session of tenant {ours.tenant} we"
    for way, what in {
        "add": f"added a worker with the tenant_id {theirs.tenant}",
        "move": f"gave a task of its own the tenant_id {theirs.tenant}",
        "adopt": f"added a task of tenant {theirs.tenant} that another session had loaded",
        "take_over": f"gave a worker of tenant {theirs.tenant} to tenant {ours.tenant}",
        "remove": f"deleted a task of tenant {theirs.tenant} that another session had loaded",
        "insert_rows": f"ran insert(Worker) for two rows, the second for tenant {theirs.tenant}",
        "copy_rows": f"ran insert(Worker) from a SELECT, for tenant {theirs.tenant}",
        "give_away": f"ran update(Worker) with the tenant_id {theirs.tenant}",
        "move_all": f"ran update(Task) with the tenant_id {theirs.tenant}",
    }.items():
        handle = work.draw.handle()
        seen = await work.probe("tenancy_writes.write", way=way, handle=handle, **inputs)
        refused(work, seen.value["call"], f"{session} {what}")
        await as_before(work, f"{session} {what}", before)
    for way, what in {
        "update_by_key": "ran update(Task) for the id",
        "upsert": "ran insert(Task) with ON CONFLICT DO UPDATE for the id",
    }.items():
        await work.probe("tenancy_writes.write", way=way, **inputs)
        await as_before(work, f"{session} {what} of a task of tenant {theirs.tenant}", before)

    for way, count in (("add_plain", 1), ("insert_plain", 2)):
        handle = work.draw.handle()
        seen = await work.probe("tenancy_writes.write", way=way, handle=handle, **inputs)
        did = f"{session} wrote {count} of its own workers, without a tenant_id"
        went(work, seen.value["call"], did)
        sql = "SELECT tenant_id FROM worker WHERE substr(handle, 1, $1) = $2"
        owners = [row["tenant_id"] for row in await work.rows(sql, len(handle), handle)]
        work.expect(owners == [ours.tenant] * count, f"{did}: found them with {owners}.")
    before = {theirs.tenant: before[theirs.tenant]}
    for way, what in (("update_all", "update(Task)"), ("delete_all", "delete(Task)")):
        seen = await work.probe("tenancy_writes.write", way=way, **inputs)
        went(work, seen.value["call"], f"{session} ran {what} without a where")
        await as_before(work, f"{session} ran {what} without a where", before)
        mine = await work.rows("SELECT title FROM task WHERE tenant_id = $1", ours.tenant)
        titles = {row["title"] for row in mine}
        expected = {"Taken"} if way == "update_all" else set()
        work.expect(
            titles == expected,
            f"{session} ran {what} without a where and looked at its own tasks: expected "
            f"{len(ours.tasks) if expected else 0} of them changed, found {len(mine)} rows.",
        )


@check("tenancy.statements.refuse_what_no_filter_holds")
async def test_statements_refuse_what_no_filter_holds(work: Work) -> None:
    """refuses text and tables, unless told that all tenants are meant"""
    ours, theirs = await two(work)
    before = {side.tenant: await rows_of(work, side.tenant) for side in (ours, theirs)}
    for way in ("text", "a table", "text as a model", "an UPDATE of a table", "an UPDATE as text"):
        did = f"In a session of tenant {ours.tenant} we ran {way}"
        seen = await work.probe("tenancy_sessions.raw", tenant=ours.tenant, way=way)
        refused(work, seen.value["call"], did)
        await as_before(work, did, before)
    for way in ("text", "a table"):
        did = (
            f"In a session of tenant {ours.tenant} we ran {way} with the execution option "
            "tenant_unscoped"
        )
        seen = await work.probe("tenancy_sessions.raw", tenant=ours.tenant, way=way, lifted=True)
        found = went(work, seen.value["call"], did)
        work.expect(
            set(found) >= set(ours.tasks),
            f"{did}: expected its tasks {ours.tasks} at least, found {found}.",
        )


SECURED = """
SELECT c.relname AS "table" FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
WHERE c.relkind = 'r' AND c.relrowsecurity AND c.relforcerowsecurity"""
ABOVE = "SELECT rolsuper OR rolbypassrls AS above FROM pg_roles WHERE rolname = $1"


async def secured(work: Work, how: str) -> None:
    """Expects row security on every table, for its owner too."""
    on = {row["table"] for row in await work.rows(SECURED)}
    missing = [table for table in OWNED if table not in on]
    work.expect(
        not missing,
        f"We looked at the tables that {how} made: expected row-level security, enabled and forced "
        f"on the owner, found it missing for {', '.join(missing)}.",
    )


def reached(work: Work, seen: Seen, key: str, expected: list[int], did: str, why: str = "") -> None:
    """Expects plain SQL to have found these tasks."""
    found = seen.value[key]
    work.expect(found == expected, f"{did}: expected the tasks {expected}, found {found}. {why}")


@check("tenancy.policies.hold_below_the_session")
async def test_policies_hold_below_the_session(work: Work) -> None:
    """holds plain SQL to the tenant of its transaction, and no longer"""
    ours, theirs = await two(work)
    user = work.database.url.partition("://")[2].partition(":")[0]
    (role,) = await work.rows(ABOVE, user) or [{"above": False}]
    if not role["above"]:  # of a superuser no policy asks anything
        before = {theirs.tenant: await rows_of(work, theirs.tenant)}
        inputs = {"ours": ours.plain(), "theirs": theirs.plain()}
        seen = await work.probe("tenancy_sessions.below", **inputs)
        did = f"In a session of tenant {ours.tenant} we sent SELECT and UPDATE as plain text"
        reached(work, seen, "read", [*ours.tasks], f"{did}, with tenant_unscoped")
        why = "What was set for one transaction is gone in the next."
        reached(work, seen, "read again", [*ours.tasks], f"{did}, and again after a commit", why)
        copied = seen.value["copy"].get("value", 0)
        work.expect(
            copied == 0,
            f"{did}, and an INSERT of a worker for tenant {theirs.tenant}: expected a refusal, "
            f"and {copied} row was written.",
        )
        await as_before(work, did, before)
        everybody = sorted(ours.tasks + theirs.tasks)
        why = (
            "A setting that isn't LOCAL stays with the connection, for whoever gets it next."
            if seen.value["unscoped"]
            else "Where no tenant is set, the owner of the tables has to see them all."
        )
        then = f"{did}, left it and read on the same connection with a session of"
        reached(work, seen, "unscoped", everybody, f"{then} build_session_factory", why)
        reached(work, seen, "theirs", [*theirs.tasks], f"{then} tenant {theirs.tenant}")
    await secured(work, "create_all")
    await work.fresh()
    await alembic(work, "upgrade head")
    await secured(work, "alembic upgrade head")


# -- requests ----------------------------------------------------------------------------


async def ask(
    work: Work, base: str, header: str | None, *requests: list[tuple[str, str]]
) -> list[dict[str, Any]]:
    """The answers to requests through the middleware."""
    seen = await work.probe("tenancy_requests.requests", base=base, header=header, asked=requests)
    return list(seen.value)


def handed_on(work: Work, answer: dict[str, Any], tenant: int, did: str) -> None:
    """Expects the application to have had the request, inside a tenant."""
    found = went(work, answer, did)
    work.expect(
        (found["status"], found["body"]) == (200, tenant),
        f"{did}: expected the application to answer inside tenant {tenant}, found status "
        f"{found['status']} and {found['body']}.",
    )


def turned_away(work: Work, answer: dict[str, Any], did: str) -> None:
    """Expects a status of 4xx."""
    found = went(work, answer, did)
    work.expect(
        400 <= found["status"] < 500,
        f"{did}: expected it to be turned away, found status {found['status']}"
        f"{', inside tenant ' + str(found['body']) if found['status'] == 200 else ''}.",
    )


@check("tenancy.middleware.trusts_no_client")
async def test_middleware_trusts_no_client(work: Work) -> None:
    """finds the tenant by a host it knows, or by a header it was told to trust"""
    word, domain = work.draw.word(), f"{work.draw.word()}.example"
    reserved = ("www", "api", "admin", "app", "static", "health")
    names = [f"{word}-a", f"{word}-b", *reserved, "127", f"{word}-a.eu"]
    made = (await work.probe("tenancy.tenants", subdomains=names)).value
    ours, theirs = (went(work, one, "We added a tenant") for one in made[:2])
    one, other = names[:2]

    good = {
        f"{one}.{domain}": ours,
        f"{other}.{domain}": theirs,
        f"{one.upper()}.{domain.title()}:8443": ours,
    }
    bad = [
        *(f"{name}.{domain}" for name in reserved),
        *(domain, f"Admin.{domain}", f"{one}.eu.{domain}", f"www.{one}.{domain}", f".{domain}"),
        *(f"{one}.other.example", f"{one}.{domain}.evil.example", f"{one}{domain}"),
        *(f"{one}.{domain.replace('.', '-')}", f"%.{domain}", f"_{one[1:]}.{domain}"),
        *("127.0.0.1", "127.0.0.1:8000", "[::1]:8000", "", f"{one}@{domain}", one),
    ]
    asked = [[("host", host)] for host in [*good, *bad]]
    answers = await ask(work, domain, None, *asked)
    for (host, tenant), answer in zip(good.items(), answers, strict=False):
        handed_on(work, answer, tenant, f"With base_domain={domain!r} we sent the host {host!r}")
    for host, answer in zip(bad, answers[len(good) :], strict=True):
        turned_away(work, answer, f"With base_domain={domain!r} we sent the host {host!r}")
    nobody = f"{work.draw.word()}-nobody"
    host = f"{nobody}.{domain}"
    (answer,) = await ask(work, domain, None, [("host", host)])
    found = went(work, answer, f"We sent the host {host!r}, which is no tenant's")
    body = found["body"]
    within = body.get("status") if isinstance(body, dict) else body
    problem = (found["status"], found["type"], within)
    work.expect(
        problem == (404, "application/problem+json", 404),
        f"We sent the host {host!r}, which is no tenant's: expected 404 as "
        f"application/problem+json with that status in it, found {problem}.",
    )

    (new,) = (await work.probe("tenancy.tenants", subdomains=[nobody])).value
    did = f"We sent the host {host!r} before and after we had added the tenant {nobody}"
    (answer,) = await ask(work, domain, None, [("host", host)])
    handed_on(work, answer, went(work, new, did), did)

    nobody = f"{nobody}-yet"
    sent = [("host", f"{one}.{domain}"), ("x-tenant", other)]
    (answer,) = await ask(work, domain, None, sent)
    did = f"No header was configured; we sent the host of {one} and X-Tenant: {other}"
    handed_on(work, answer, ours, did)
    first, missing, *others = await ask(
        *(work, domain, "X-Tenant", sent, sent[:1]),
        *([sent[0], ("x-tenant", name)] for name in ("www", "Www", nobody)),
        [sent[0], sent[1], ("x-tenant", one)],
    )
    did = "The header X-Tenant was configured; we sent"
    handed_on(work, first, theirs, f"{did} the host of {one} and X-Tenant: {other}")
    handed_on(work, missing, ours, f"{did} the host of {one} and no such header")
    for name, answer in zip(("www", "Www", nobody), others, strict=False):
        turned_away(work, answer, f"{did} the host of {one} and X-Tenant: {name}")
    turned_away(work, others[-1], f"{did} X-Tenant twice, with two tenants")

    saw = (await work.probe("tenancy_requests.around", base=domain, host=f"{one}.{domain}")).value
    did = "With a pool of one connection the application took a session of its own"
    answer = saw["query"]
    work.expect(
        "error" not in answer and saw["queried"],
        f"{did}: expected one to be free, found none. The middleware's lookup still had it.",
        StudentError.read(answer["error"]) if "error" in answer else None,
    )
    refused(work, saw["failed"], "The application raised a LookupError", "LookupError")
    work.expect(
        saw["after"] == saw["before"],
        f"The application raised an exception, and we looked at current_tenant after the request: "
        f"expected {saw['before']}, found {saw['after']}.",
    )
    for what, answer, expected in (
        (f"of {one}", saw["websocket"], [ours]),
        ("without a host", saw["nobody's websocket"], []),
    ):
        did = f"We opened a websocket {what}"
        inside = went(work, answer, did)
        work.expect(
            inside == expected,
            f"{did} and noted the tenants it reached the application for: expected {expected}, "
            f"found {inside}.",
        )
    work.expect(
        "lifespan" in saw["scopes"],
        "The server announced its start (the scope lifespan, which has no host): expected it to "
        f"reach the application, found {saw['scopes']}.",
    )


# -- walls -------------------------------------------------------------------------------


async def tables_of(work: Work) -> dict[str, set[str]]:
    """The schemas that are not the server's own, and their tables."""
    found: dict[str, set[str]] = {}
    for name in await work.database.tables():
        schema, _, table = name.rpartition(".")
        found.setdefault(schema or "public", set()).add(table)
    return found


@check("tenancy.schemas.keep_tenants_in_their_own")
async def test_schemas_keep_tenants_in_their_own(work: Work) -> None:
    """gives each tenant tables of its own, and the pool nothing to remember"""
    await two(work)
    tenants = work.draw.sample(range(1_000, 9_000, 10), 2)
    sides = [
        {"tenant": tenant, "names": [f"{work.draw.title()} {place}" for place in range(count)]}
        for tenant, count in zip(tenants, (2, 3), strict=True)
    ]
    word = work.draw.word()
    bad = [f"1; CREATE SCHEMA {word}", f"{word}", f'1"; CREATE SCHEMA "{word}', 0, 1.5]
    seen = await work.probe("tenancy_walls.schemas", sides=sides, bad=bad)
    saw = seen.value
    for place, side in enumerate(sides):
        did = (
            "Two tenants have schemas, with rows; we created the first one's a second time. In the "
            f"session of tenant {side['tenant']} we"
        )
        expected = sorted(side["names"])
        found = saw["found"][place]
        work.expect(found == expected, f"{did} read projects: expected {expected}, found {found}.")
        found = saw["at once"][place]
        work.expect(
            found == expected,
            f"{did} read projects, while the other tenant's was open: expected {expected}, found "
            f"{found}.",
        )
        answer = saw["text"][place]
        work.expect(
            "error" in answer or answer["value"] == len(expected),
            f"{did} counted projects by plain text, after a commit: expected {len(expected)}, or "
            f"a refusal; found {answer.get('value')}.",
        )
    work.expect(
        not any(str(tenant) in path for tenant in tenants for path in saw["paths"]),
        f"We left the tenants' sessions and asked the pool's connections for their search_path: "
        f"expected nobody's schema in it, found {saw['paths']}.",
    )
    work.expect(
        saw["shared"] == 2,
        f"We counted the projects in the tables of all, where 2 were before: found "
        f"{saw['shared']}. What a tenant's session writes belongs into that tenant's schema.",
    )
    refused(work, saw["missing"], "We opened a session for a tenant without a schema and read")
    refused(work, saw["none"], "We opened a tenant_schema_session for None and read projects")
    for name, answer in zip(bad, saw["bad"], strict=True):
        refused(work, answer, f"We called create_tenant_schema for the tenant {name!r}")
    found = await tables_of(work)
    (kept,) = [name for name in found if str(tenants[0]) in name] or [""]
    work.expect(
        set(found) == {"public", kept} and kept,
        f"We created schemas for the tenants {tenants} and dropped the second: expected one for "
        f"the first, found {sorted(set(found) - {'public'})}.",
    )
    expected_tables = {"tenant", *OWNED}
    work.expect(
        found[kept] >= expected_tables,
        f"We looked at the tables in {kept}: expected {sorted(expected_tables)}, found "
        f"{sorted(found[kept])}.",
    )
    rows = [row["id"] for row in await work.rows(f'SELECT id FROM "{kept}".tenant')]
    work.expect(
        rows == [tenants[0]],
        f"We looked into {kept}.tenant: expected the row of tenant {tenants[0]} alone, found "
        f"{rows}.",
    )
    owners = await work.rows(f'SELECT DISTINCT tenant_id FROM "{kept}".project')
    work.expect(
        [row["tenant_id"] for row in owners] == [tenants[0]],
        f"We looked at the projects in {kept}: expected them to belong to {tenants[0]}.",
    )


@check("tenancy.databases.keep_few_connections")
async def test_databases_keep_few_connections(work: Work) -> None:
    """gives each tenant a database of its own, and all of them few connections"""
    tenants = work.draw.sample(range(10**8, 2 * 10**9), 2)
    sides = [
        {"tenant": tenant, "names": [f"{work.draw.title()} {place}" for place in range(count)]}
        for tenant, count in zip(tenants, (1, 2), strict=True)
    ]
    await work.database.may_create_databases()
    seen = await work.probe("tenancy_walls.databases", sides=sides, wall=30.0)
    names = seen.value["names"]
    for place, side in enumerate(sides):
        did = f"We created a database for each of two tenants and wrote projects for {side}"
        expected = sorted(side["names"])
        found = seen.value["found"][place]
        work.expect(found == expected, f"{did}: its engine finds {found}.")
        rows = await work.database.rows_beside(names[place], "SELECT name, tenant_id FROM project")
        work.expect(
            sorted(row["name"] for row in rows) == expected,
            f"{did} and looked into the database {names[place]}: found {rows}.",
        )
    work.expect(
        len(set(names)) == 2 and work.database.name not in names,
        f"We created a database for each of two tenants: expected two new ones, found {names}.",
    )
    work.expect(
        seen.value["open"] == 0,
        f"We called dispose_tenant_engines and asked the server: expected no connection to the "
        f"tenants' databases, found {seen.value['open']}.",
    )
    others = 300
    seen = await work.probe("tenancy_walls.engines", tenant=1_000, others=others, cpu=8.0)
    work.expect(
        seen.value["kept"],
        "We asked for a tenant's engine twice in a row: expected the same one, found two. Each "
        "engine has a pool of its own.",
    )
    work.expect(
        seen.value["most"] in range(11),
        f"We asked how many connections a tenant's engine may open: expected few, as there is a "
        f"pool for each tenant, found {seen.value['most']}.",
    )
    work.expect(
        seen.value["let go"],
        f"We asked for the engines of {others} more tenants, and then for the first again: "
        "expected it to have been let go, found it kept. A thousand tenants are a thousand pools.",
    )
