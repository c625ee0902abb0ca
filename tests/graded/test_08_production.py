"""Lesson 8: plans of many rows, a database in trouble, a cache, and what is told of it all."""

import json
from typing import Any

from workbook.judge import Seen, StudentError, Work, check


def went(work: Work, answer: dict[str, Any], did: str) -> Any:
    """What was returned; a story if something was raised."""
    error = StudentError.read(answer["error"]) if "error" in answer else None
    work.expect(error is None, f"{did}: expected it to return; it raised {error}.", error)
    return answer["value"]


# -- many rows ---------------------------------------------------------------------------

PAGE = """
SELECT id, title, status FROM task
WHERE tenant_id = {tenant} AND project_id = {project} AND status = '{status}' AND id > 10
ORDER BY id LIMIT 5"""


def leaves(node: dict[str, Any]) -> list[dict[str, Any]]:
    """The steps of a plan that read a table or an index themselves."""
    below = [leaf for child in node.get("Plans", []) for leaf in leaves(child)]
    return below or [node]


async def reading(work: Work, page: str) -> tuple[str, int | None]:
    """How the database goes about a page; on PostgreSQL also how many rows that touches."""
    if work.kind == "sqlite":
        steps = [row["detail"] for row in await work.rows(f"EXPLAIN QUERY PLAN {page}")]
        return "; ".join(steps), None
    [row] = await work.rows(f"EXPLAIN (ANALYZE, FORMAT JSON) {page}")
    plan = row["QUERY PLAN"]
    [plan] = json.loads(plan) if isinstance(plan, str) else plan
    found = leaves(plan["Plan"])
    words = [f"{leaf['Node Type']} {leaf.get('Index Name', '')}".strip() for leaf in found]
    touched = sum(leaf["Actual Rows"] + leaf.get("Rows Removed by Filter", 0) for leaf in found)
    return "; ".join(words), int(touched)


async def reads_a_page(work: Work, where: str, status: str) -> None:
    """Many tasks, few of them of a status: to find those the database reads no others."""
    others, rare = work.draw.randint(900, 1_100), work.draw.randint(8, 12)
    how = {"projects": 4, "others": others, "rare": rare, "status": status}
    made = (await work.probe("production.fill", **how, cpu=20.0, wall=60.0)).value
    did = (
        f"In the {where} tables, in a project of {others} completed tasks and {rare} of the status "
        f"{status}, we asked for the plan of a page of 5 of that status"
    )
    plan, touched = await reading(work, PAGE.format(**made, status=status))
    if touched is None:
        found = "status=?" in plan and "project_id=?" in plan and "ORDER BY" not in plan
        story = f"{did}: expected a SEARCH by project_id and status, in order; found {plan}."
        work.expect(found, story)
        return
    story = f"{did}: expected it to touch {rare} rows or so, found {touched} ({plan})."
    work.expect(touched <= 4 * rare, story)


@check("production.index.spares_the_rest_of_the_project")
async def test_index_spares_the_rest_of_the_project(work: Work) -> None:
    """finds a page of one status without reading the project, in models and migrations"""
    one, other = work.draw.sample(["pending", "in_progress", "review", "blocked"], 2)
    await reads_a_page(work, "models'", one)
    await work.fresh()
    ran = (await work.probe("tenancy.migrate", commands=[["upgrade", "head"]])).value
    went(work, ran[0]["call"], "We ran alembic upgrade head")
    await reads_a_page(work, "migrated", other)
    apart = (await work.probe("migrations.apart")).value
    story = "We compared the migrated tables with the models: expected no difference, found"
    work.expect(not apart, f"{story} {', '.join(apart)}.")
    before = [*(await work.probe("migrations.history")).value, "base"][1]
    ran = (await work.probe("tenancy.migrate", commands=[["downgrade", before]])).value
    went(work, ran[0]["call"], f"We ran alembic downgrade {before}")


# -- trouble -----------------------------------------------------------------------------

PATIENCE, MARGIN = 0.4, 3.0
TROUBLE = (
    "refuses connections",
    "accepts no connection",
    "doesn't answer",
    "has no connection left",
    "hangs",
)


@check("production.health.answers_in_time_whatever_happens")
async def test_health_answers_in_time(work: Work) -> None:
    """answers 503 in time whatever happens, and 200 once it is over"""
    for kind in TROUBLE:
        how = {"kind": kind, "patience": PATIENCE}
        saw = (await work.probe("production.health", **how)).value
        before = went(work, saw["before"], "We asked for the health of a database")
        story = f"We asked for the health of a database: expected 200, found {before['status']}."
        work.expect(before["status"] == 200 and before["error"] is None, story)
        what = "pool" if "left" in kind else "database"
        did = f"The {what} {kind}; we asked for its health with timeout={PATIENCE}"
        if kind == "hangs":
            did = did.replace("hangs", "hangs, so that not even a rollback comes back")
        found = went(work, saw["while"], did)
        late = "not within 3 seconds more. Who was waiting for what?"
        seconds = saw["while"]["seconds"]
        work.expect(seconds < PATIENCE + MARGIN, f"{did}; it answered, {late}")
        if seconds > 4 * PATIENCE:  # a slow machine, or another time than the one that was asked?
            seconds = (await work.probe("production.health", **how)).value["while"]["seconds"]
            story = f"{did}; it answered, twice, after four times that long or longer."
            work.expect(seconds < 4 * PATIENCE, story)
        story = f"{did}: expected 503, found {found['status']}."
        work.expect(found["status"] == 503, story)
        story = f"{did}: expected an error that names what happened and nobody's address, found"
        said = str(found["error"] or "")
        work.expect(said != "" and "10.1.2.3" not in said, f"{story} {found['error']!r}.")
        after = went(work, saw["after"], f"{did}, and again when the trouble was over")
        story = f"{did}, and again when the trouble was over: expected 200, found"
        work.expect(after["status"] == 200, f"{story} {after['status']}, {after['error']}.")


# -- a cache -----------------------------------------------------------------------------


async def two(work: Work) -> list[dict[str, Any]]:
    """Two tenants, each with a project, two workers and tasks assigned to the second."""
    sides = [
        {
            "subdomain": f"{work.draw.word()}-{place}",
            "handles": [f"{work.draw.handle()}-{place}{number}" for number in (1, 2)],
            "name": work.draw.title(),
            "titles": work.draw.titles(work.draw.randint(3, 5)),
        }
        for place in "ab"
    ]
    seen = await work.probe("tenancy.settle", sides=sides)
    return [side | made for side, made in zip(sides, seen.value, strict=True)]


async def stored(work: Work, task: int) -> dict[str, Any] | None:
    """A task as a connection of our own sees it."""
    sql = "SELECT id, title, status, assignee_id FROM task WHERE id = $1"
    rows = await work.rows(sql, task)
    return rows[0] | {"tags": []} if rows else None


@check("production.cache.keeps_a_task_for_its_tenant_alone")
async def test_cache_keeps_a_task_for_its_tenant_alone(work: Work) -> None:
    """gives a task without a statement the second time, and to no other tenant"""
    ours, theirs = await two(work)
    task, other = work.draw.choice(ours["tasks"]), theirs["tenant"]
    mine = {"tenant": ours["tenant"], "task": task}
    row = await stored(work, task)
    did = f"We asked a TaskCache for task {task} of tenant {ours['tenant']}"
    spare = next(one for one in ours["tasks"] if one != task)
    failed = f"A TaskCache's look for task {spare} went wrong, and we asked for it again"
    asks: list[tuple[dict[str, Any], str, Any]] = [
        (mine, did, row),
        (mine | {"changes": "Not yours"}, f"{did} again", row),
        (mine, f"{did}, changed what it gave us, and asked again", row),
        (mine | {"tenant": other}, f"{did}, then, for tenant {other}, for the same id", None),
        (mine | {"task": task + 900_000}, f"{did}, then for one that isn't there", None),
        (mine | {"tenant": None}, f"{did}, then outside any tenant", "TenantRequiredError"),
        (mine, f"{did} once more", row),
        (mine | {"task": spare, "refused": True}, "", ...),
        (mine | {"task": spare}, failed, await stored(work, spare)),
    ]
    seen = await work.probe("production_cache.reads", asks=[ask for ask, _, _ in asks])
    for answer, (_, told, expected) in zip(seen.value, asks, strict=True):
        if expected is ...:  # whatever it is: the database was away
            continue
        if isinstance(expected, str):
            error = StudentError.read(answer["error"]) if "error" in answer else None
            found = f"it raised {error}" if error else f"it returned {answer.get('value')}"
            fits = error is not None and error.is_a(expected)
            work.expect(fits, f"{told}: expected {expected}; {found}.", error)
            continue
        found = went(work, answer, told)
        work.expect(found == expected, f"{told}: expected {expected}, found {found}.", seen)
    count = seen.count("1") + seen.count("6")
    story = f"{did} twice more and counted statements: expected 0, found {count}."
    work.expect(count == 0, story, seen)
    title = work.draw.title()
    aged = {"tenant": ours["tenant"], "task": task, "title": title, "ttl": 0.3}
    found = went(work, (await work.probe("production_cache.aged", **aged)).value["after"], did)
    row = await stored(work, task)
    did = (
        f"A TaskCache with ttl=0.3 held task {task}; another process changed its title, and we "
        "asked again and again for 0.6 seconds"
    )
    work.expect(found == row, f"{did}: expected {row}, found {found}.")


def given(work: Work, answer: dict[str, Any], row: Any, did: str) -> None:
    """Expects one of a crowd to have been given the task."""
    found = went(work, answer, did)
    work.expect(found == row, f"{did}: expected each to be given it, found {found}.")


@check("production.cache.loads_once_for_many")
async def test_cache_loads_once_for_many(work: Work) -> None:
    """loads a task once for all who ask at the same time, even if the first one gives up"""
    [side, other] = await two(work)
    callers = work.draw.randint(9, 14)
    for quits in (False, True):
        first, task = side["tasks"][:2]
        how = {"tenant": side["tenant"], "first": first, "task": task, "callers": callers}
        seen = await work.probe("production_cache.crowd", **how, quits=quits)
        row = await stored(work, task)
        did = f"While a task was loaded for somebody, {callers} more asked for it"
        if quits:
            did += "; the first one then gave up"
        else:
            given(work, seen.value["first"], row, did)
        for answer in seen.value["others"]:
            given(work, answer, row, did)
        one, many = seen.count("one"), seen.count("many")
        most = one * 2 if quits else one
        story = f"{did}. One load takes {one} statements: expected {most} at most, found {many}."
        work.expect(many <= most, story, seen)
    held, free = side["tasks"][:2]
    how = {"tenant": side["tenant"], "other": other["tenant"], "held": held, "free": free}
    seen = await work.probe("production_cache.beside", **how)
    did = "While the database was slow to answer for one task, somebody asked for another task"
    work.expect(seen.value["in time"], f"{did}: expected them to be given it, and they waited.")
    given(work, seen.value["free"], await stored(work, free), did)
    did = "While a task was loaded for its tenant, another tenant asked for the same id"
    found = went(work, seen.value["foreign"], did)
    work.expect(found is None, f"{did}: expected None, found {found}.")


WRITES = {
    "object": "changed a title through a session",
    "tenant's session": "changed a title through a tenant's session",
    "bulk": "changed a title with update(Task)",
    "bulk delete": "deleted it with delete(Task)",
    "savepoint": "changed a title in a savepoint, and released it",
    "project": "deleted the task's project, which takes its tasks along",
    "assignee": "deleted the task's assignee",
}


async def before_and_after(work: Work, how: str, did: str, commits: bool = True) -> None:
    """What a cache gives is what others can read, at every step of a write."""
    [side, _] = await two(work)
    task, title = work.draw.choice(side["tasks"]), work.draw.title()
    inputs = {"how": how, "tenant": side["tenant"], "task": task, "title": title}
    old = await stored(work, task)
    seen = await work.probe("production_cache.writes", **inputs, commits=commits)
    saw, did = seen.value, f"A TaskCache held a task; we {did}"
    went(work, saw["call"], did)
    steps = [("before", "A TaskCache loaded a task", old)]
    if how in WRITES:
        steps.append(("between", f"{did}, without a commit so far, and asked again", old))
    went(work, saw["end"], f"{did}, and {'committed' if commits else 'rolled back'}")
    ended = "committed" if commits else "rolled back"
    steps.append(("after", f"{did}, {ended} and asked again", await stored(work, task)))
    for moment, told, expected in steps:
        found = went(work, saw[moment], told)
        story = f"{told}: expected {expected}, as anybody else reads it, found {found}."
        work.expect(found == expected, story, seen)


@check("production.invalidation.follows_the_commit")
async def test_invalidation_follows_the_commit(work: Work) -> None:
    """gives the old task until the commit, the new one after it, whatever wrote it"""
    for how, did in WRITES.items():
        await before_and_after(work, how, did)
    for how, did in (
        ("service", "changed its title with TaskService.update"),
        ("argument", "changed its title with TaskService(session, tenant), outside any context"),
        ("complete", "completed its project"),
        ("delete", "deleted it"),
    ):
        await before_and_after(work, how, did)
    for how in ("object", "bulk"):
        await before_and_after(work, how, WRITES[how], commits=False)


@check("production.invalidation.outruns_a_load_on_its_way")
async def test_invalidation_outruns_a_load(work: Work) -> None:
    """forgets a task that was still being loaded when a change was committed"""
    [side, _] = await two(work)
    places = {"checkin": "had read a task and was about to keep it"}
    if work.kind == "postgresql":  # on SQLite who reads keeps the commit waiting
        places["after_cursor_execute"] = "had read a task and not yet given its connection back"
    for place, where in places.items():
        title = work.draw.title()
        how = {"tenant": side["tenant"], "task": side["tasks"][0], "title": title}
        seen = await work.probe("production_cache.overtaken", **how, place=place)
        did = f"A TaskCache {where}, when another session changed it"
        went(work, seen.value["call"], did)
        expected = await stored(work, side["tasks"][0])
        for moment in ("after", "again"):
            found = went(work, seen.value[moment], f"{did}. We asked again")
            story = f"{did}. We asked again: expected {expected}, found {found}."
            work.expect(found == expected, f"{story} What was kept is older than the change.", seen)


# -- what is told ------------------------------------------------------------------------


def sample(samples: list[Any], name: str, **labels: str) -> float:
    """The value of a metric with these labels; 0 where there is none."""
    return sum(value for found, own, value in samples if found == name and own == labels)


@check("production.monitor.tells_prometheus_and_opentelemetry")
async def test_monitor_tells_prometheus_and_opentelemetry(work: Work) -> None:
    """tells Prometheus and OpenTelemetry of each statement, those that fail included"""
    handles = [work.draw.handle(), f"{work.draw.handle()}-b"]
    selects, together = work.draw.randint(3, 7), work.draw.randint(3, 4)
    how = {"handles": handles, "selects": selects, "together": together}
    seen = await work.probe("production.monitor", **how, wall=20.0)
    saw = seen.value
    expected = {
        ("SELECT", "ok"): selects + together,
        ("SELECT", "error"): 1,
        ("INSERT", "ok"): 1,
        ("INSERT", "error"): 1,
        ("UPDATE", "ok"): 1,
        ("DELETE", "ok"): 1,
    }
    counts = {
        (own["operation"], own["outcome"]): int(value)
        for name, own, value in saw["after"]
        if name == "db_statement_seconds_count" and value
    }
    did = (
        "We ran statements in transactions, two of them refused, at last some in small letters at "
        "the same time, and looked at"
    )
    for operation, outcome in sorted({*expected, *counts}):
        want, found = (each.get((operation, outcome), 0) for each in (expected, counts))
        told = f"{did} db_statement_seconds_count of {operation}, {outcome}"
        work.expect(found == want, f"{told}: expected {want}, found {found}.", seen)
    took = sample(saw["after"], "db_statement_seconds_sum", operation="DELETE", outcome="ok")
    story = f"A DELETE took a tenth of a second; w{did[1:]} db_statement_seconds_sum: expected"
    work.expect(0.09 <= took < 10, f"{story} 0.1 or so, found {took:.3g}.")
    for when, moment, pool in (
        ("while the first connection was in use", "during", {"in_use": 1, "idle": 0}),
        (f"after {together} were in use at once", "after", {"in_use": 0, "idle": together}),
    ):
        for state, want in pool.items():
            found = sample(saw[moment], "db_pool_connections", state=state)
            story = f"We looked at db_pool_connections, {state}, {when}"
            work.expect(found == want, f"{story}: expected {want}, found {found:g}.")
    spans(work, seen, expected, handles)


def spans(work: Work, seen: Seen, expected: dict[Any, int], handles: list[str]) -> None:
    """A span for each statement, that says what it was and nobody's data."""
    did = "We ran statements, two of them refused, and looked at the spans that ended"
    for (operation, outcome), want in expected.items():
        status = "ERROR" if outcome == "error" else "UNSET"
        named = [one for one in seen.value["spans"] if one["name"] == operation]
        found = [one for one in named if (one["status"] == "ERROR") == (status == "ERROR")]
        story = f"{did}: expected {want} {operation} with status {status}, found {len(found)}."
        work.expect(len(found) == want, story)
        for span in found:
            system = span["attributes"].get("db.system.name")
            story = f"{did}: expected kind CLIENT, db.system.name {work.kind}, and the statement in"
            fits = span["kind"] == "CLIENT" and system == work.kind
            sql = span["attributes"].get("db.query.text", "")
            work.expect(fits and operation in sql.upper(), f"{story} db.query.text, found {span}.")
            fits = ("error.type" in span["attributes"]) == (outcome == "error")
            story = f"{did}: expected error.type where a statement failed, found"
            work.expect(fits, f"{story} {sorted(span['attributes'])}.")
    told = [one for one in seen.value["spans"] if any(h in json.dumps(one) for h in handles)]
    work.expect(not told, f"{did}: expected no values of rows in them, found one in {told[:1]}.")


@check("production.slow.keeps_them_with_their_plan")
async def test_slow_statements_are_kept_with_their_plan(work: Work) -> None:
    """keeps slow statements with their plan, and runs none of them twice"""
    names = [f"{work.draw.handle()}-{number}" for number in range(3)]
    for threshold, kept in ((0.0, ["INSERT", "INSERT", "SELECT", "SELECT"]), (0.08, ["SELECT"])):
        handles = [f"{name}-{len(kept)}" for name in names]
        how = {"threshold": threshold, "handles": handles}
        seen = await work.probe("production.slow", **how)
        found = seen.value["kept"]
        did = f"With slow={threshold} we ran two INSERTs, a SELECT and one that takes 0.1 seconds"
        words = [one["sql"].split()[0].upper() for one in found]
        work.expect(words == kept, f"{did}: expected {kept} to be kept, found {words}.", seen)
        for one in found:
            story = f"{did}: expected a plan that names the table, found {one['plan']!r}"
            inserts = one["sql"].startswith("INSERT") and work.kind == "sqlite"  # no steps there
            work.expect(inserts or "worker" in one["plan"].lower(), f"{story} for {one['sql']}.")
            story = f"{did}: expected no values of rows in the statements, found {one['sql']!r}."
            work.expect(not any(handle in one["sql"] for handle in handles), story)
            took, least = one["seconds"], 0.09 if "be_slow" in one["sql"] else 0.0
            story = f"{did}: expected {least} seconds or so for {one['sql']}, found {took:.3g}."
            work.expect(least <= took < 10, story)
        count = len(seen.value["spans"])
        story = f"{did}, and counted spans: expected 4, found {count}. A plan is no statement."
        work.expect(count == 4, story)
        sql = "SELECT handle FROM worker WHERE handle LIKE $1 ORDER BY handle"
        stored = [row["handle"] for row in await work.rows(sql, f"%-{len(kept)}")]
        story = f"{did} and looked at the rows: expected {sorted(handles)}, found {stored}."
        work.expect(stored == sorted(handles), story)
