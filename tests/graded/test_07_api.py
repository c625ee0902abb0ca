"""Lesson 7: two tenants ask the application over HTTP, as clients of a server would."""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from workbook.judge import StudentError, Work, check

FAR = 900_000  # an id that nobody has
PROBLEM = "application/problem+json"
TABLES = {"tenant", "worker", "project", "task", "audit_log"}
#: What only a driver or a server says.
DRIVERS = re.compile(
    r"insert into|update task|select |constraint|duplicate key|asyncpg|sqlite", re.I
)
CONTENT = {
    "worker": "id, tenant_id, handle",
    "project": "id, tenant_id, name, status",
    "task": "id, tenant_id, title, status, project_id, assignee_id, created_by_id, parent_task_id",
}


@dataclass
class Side:
    """A tenant at a host of its own, and the ids of its rows."""

    host: str
    tenant: int
    workers: list[int]
    project: int
    tasks: list[int]
    handles: list[str]
    titles: list[str]


@dataclass
class Town:
    """Two tenants of one application: ours, and theirs with more tasks."""

    work: Work
    domain: str
    ours: Side
    theirs: Side

    async def ask(self, *asked: dict[str, Any], side: Side | None = None) -> list[dict[str, Any]]:
        """The answers that a tenant gets, ours by default."""
        host = (side or self.ours).host
        return await ask(self.work, *({"host": host, **one} for one in asked), domain=self.domain)

    async def one(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        """The answer to one request of ours."""
        (found,) = await self.ask(request(method, path, **more))
        return found


def request(method: str, path: str, **more: Any) -> dict[str, Any]:
    """What a probe takes for a request."""
    return {"method": method, "path": path, **more}


async def ask(
    work: Work, *asked: dict[str, Any], domain: str | None = None, word: str = ""
) -> list[dict[str, Any]]:
    """The answers of the application, started for them."""
    seen = await work.probe(
        "api.ask", asked=list(asked), domain=domain, word=word, wall=30.0, cpu=8.0
    )
    found = started(work, seen.value)
    for one, answer in zip(asked, found, strict=True):
        error = StudentError.read(answer["error"]) if "error" in answer else None
        work.expect(error is None, f"{told(one)}: expected an answer; it raised {error}.", error)
    return [answer["value"] for answer in found]


def started(work: Work, outcome: dict[str, Any]) -> Any:
    """What came of an application that had to start."""
    error = StudentError.read(outcome["error"]) if "error" in outcome else None
    work.expect(
        error is None,
        f"We started the application: expected it to serve; it raised {error}.",
        error,
    )
    return outcome["value"]


async def town(work: Work) -> Town:
    """Two tenants with rows, and a domain for them."""
    domain = f"{work.draw.word()}.example"
    count = work.draw.randint(2, 3)
    sides = []
    for place, tasks in (("a", count), ("b", count + 2)):
        handles = [f"{work.draw.handle()}-{place}{number}" for number in (1, 2)]
        sides.append(
            {
                "subdomain": f"{work.draw.word()}-{place}",
                "handles": handles,
                "titles": work.draw.titles(tasks),
                "name": work.draw.title(),
            }
        )
    made = (await work.probe("tenancy.settle", sides=sides)).value
    ours, theirs = (
        Side(f"{side['subdomain']}.{domain}", **ids, handles=side["handles"], titles=side["titles"])
        for side, ids in zip(sides, made, strict=True)
    )
    return Town(work, domain, ours, theirs)


async def rows_of(work: Work, side: Side) -> dict[str, list[dict[str, Any]]]:
    """What a tenant owns, as a connection of our own sees it."""
    return {
        table: await work.rows(
            f"SELECT {columns} FROM {table} WHERE tenant_id = $1 ORDER BY id", side.tenant
        )
        for table, columns in CONTENT.items()
    }


#: Headers by which a client may claim to be another tenant's.
CLAIMS = ("X-Tenant", "X-Tenant-ID", "X-Tenant-Subdomain", "X-Subdomain")
#: What was the matter with the database meanwhile.
MEANWHILE = {
    "away": " while the database refused connections",
    "silent": " while the database took a connection and said nothing",
    "faulty": " while code of ours raised an ArithmeticError at each statement",
    "confused": " while the database understood none of our statements (ProgrammingError)",
}


def told(one: dict[str, Any]) -> str:
    """A request in words."""
    body = f" with {json.dumps(one['json'])[:120]}" if "json" in one else ""
    when = MEANWHILE.get(one.get("database", ""), "")
    claims = f" with the headers {', '.join(CLAIMS)} of another tenant" if "headers" in one else ""
    return f"We sent {one['method']} {one['path'][:80]}{body}{claims}{when}"


def got(answer: dict[str, Any]) -> str:
    """An answer in words."""
    body = answer["body"] if isinstance(answer["body"], str) else json.dumps(answer["body"])
    return f"{answer['status']} {answer['type']} {body[:160]}".strip()


def answers(work: Work, answer: dict[str, Any], status: int, did: str) -> Any:
    """Expects a status; gives the body."""
    work.expect(answer["status"] == status, f"{did}: expected {status}, found {got(answer)}.")
    return answer["body"]


def refuses(work: Work, answer: dict[str, Any], did: str, *statuses: int) -> dict[str, Any]:
    """Expects a problem with one of some statuses; gives its members."""
    named = " or ".join(map(str, statuses))
    work.expect(answer["status"] in statuses, f"{did}: expected {named}, found {got(answer)}.")
    work.expect(answer["type"] == PROBLEM, f"{did}: expected {PROBLEM}, found {got(answer)}.")
    body = answer["body"]
    for member, kind in (("title", str), ("detail", str), ("status", int)):
        work.expect(
            isinstance(body, dict) and isinstance(body.get(member), kind) and body[member],
            f"{did}: expected a problem with its {member}, found {got(answer)}.",
        )
    work.expect(
        body["status"] == answer["status"],
        f"{did}: expected the problem to say its status, {answer['status']}, found "
        f"{body['status']}.",
    )
    said = DRIVERS.search(json.dumps(body))
    work.expect(
        said is None,
        f"{did}: expected a sentence of your own, found the driver's ({said and said[0]!r}): "
        f"{got(answer)}.",
    )
    return dict(body)


def shows(work: Work, body: Any, did: str, **fields: Any) -> None:
    """Expects a row's fields in an answer."""
    for name, value in fields.items():
        found = body.get(name, "nothing") if isinstance(body, dict) else body
        work.expect(found == value, f"{did}: expected {name} {value!r}, found {found!r}.")


# -- process -----------------------------------------------------------------------------


@check("api.application.runs_without_configuration")
async def test_application_runs_without_configuration(work: Work) -> None:
    """starts on an empty database with nothing configured, and again"""
    found = (await work.probe("api.engines")).value
    work.expect(
        found == 0,
        f"We imported app.main and looked for engines before any start: expected none, found "
        f"{found}. What is made at import has read DATABASE_URL too early.",
    )
    did = "We started the application on an empty database, without TENANT_BASE_DOMAIN"
    for time in ("", " a second time"):
        (answer,) = await ask(work, request("GET", "/openapi.json"))
        answers(work, answer, 200, f"{did}{time}, and sent GET /openapi.json")
        missing = TABLES - set(await work.database.tables())
        work.expect(
            not missing, f"{did}: expected all tables, found none called {', '.join(missing)}."
        )
        tenants = await work.rows("SELECT id FROM tenant")
        work.expect(
            len(tenants) == 1,
            f"{did}{time}: expected one tenant, found {len(tenants)}. Whose would a row be?",
        )


@check("api.application.lets_the_database_go")
async def test_application_lets_the_database_go(work: Work) -> None:
    """closes its connections at the end, and when its start fails"""
    saw = (await work.probe("api.life", fails=False)).value
    error = StudentError.read(saw["outcome"]["error"]) if "error" in saw["outcome"] else None
    did = "We started the application and stopped it"
    work.expect(error is None, f"{did}: expected both to be done; it raised {error}.", error)
    work.expect(saw["opened"] > 0, f"{did}: expected the process's engine to connect, it did not.")
    work.expect(
        saw["left"] == 0,
        f"{did}: expected the engine's connections to be closed, found {saw['left']} of "
        f"{saw['opened']} open.",
    )
    saw = (await work.probe("api.life", fails=True)).value
    did = "We let the start fail at its look for the tenant"
    if saw["asked"]:  # or the first request looks for it
        work.expect("error" in saw["outcome"], f"{did}: expected it to raise; it went on.")
    work.expect(
        saw["left"] == 0,
        f"{did}: expected the engine's connections to be closed, found {saw['left']} of "
        f"{saw['opened']} open.",
    )


@check("api.health.tells_ready_from_alive")
async def test_health_tells_ready_from_alive(work: Work) -> None:
    """is alive without its database, and ready with it"""
    live, ready = request("GET", "/health/live"), request("GET", "/health/ready")
    word = work.draw.word()
    away, silent = {"database": "away"}, {"database": "silent"}
    asked = [live, ready, live | away, ready | away, ready, ready | silent, live | silent, ready]
    found = await ask(work, *asked, word=word)
    for one, answer in zip(asked, found, strict=True):
        did = told(one)
        if one["path"] == live["path"] or "database" not in one:
            answers(work, answer, 200, did)
        else:
            body = refuses(work, answer, did, 503)
            work.expect(
                word not in json.dumps(body),
                f"{did}: expected what the database said to stay inside, found {got(answer)}.",
            )
    here = await town(work)
    did = f"{told(ready)} to a tenant's host, with TENANT_BASE_DOMAIN set"
    answers(work, await here.one(**ready), 200, did)


# -- answers -----------------------------------------------------------------------------


@check("api.problems.tells_every_error_as_a_problem")
async def test_problems_tell_every_error_as_a_problem(work: Work) -> None:
    """tells whatever can't be done as problem details"""
    here = await town(work)
    task, word = f"/tasks/{here.ours.tasks[0]}", work.draw.word()
    tasks = f"/projects/{here.ours.project}/tasks"
    cases: list[tuple[dict[str, Any], tuple[int, ...], set[str]]] = [
        (request("GET", f"/{word}"), (404,), set()),
        (request("GET", f"/tasks/{FAR}"), (404,), set()),
        (request("GET", f"/tasks/{2**31}"), (404, 422), set()),
        (request("GET", f"/tasks/{10**40}"), (404, 422), set()),
        (request("GET", f"/tasks/-{2**40}"), (404, 422), set()),
        (request("GET", f"/tasks/{word}"), (422,), {"parameter"}),
        (request("PUT", task), (405,), set()),
        (request("GET", f"{tasks}?limit={word}"), (422,), {"limit"}),
        (request("GET", f"{tasks}?limit=x&after={word}"), (422,), {"limit", "after"}),
        (request("PATCH", task, json={"title": None, word: 1}), (422,), {"#/title", f"#/{word}"}),
        (request("PATCH", task, json={"status": f"{word}!"}), (422,), {"#/status"}),
        (request("PATCH", task, json={"description": f"{word}\0!"}), (422,), {"#/description"}),
        (request("PATCH", task, content='{"description": "\\ud800"}'), (422,), set()),
        (request("PATCH", task, content='{"title": '), (400, 422), set()),
        (request("PATCH", task), (400, 422), set()),
    ]
    found = await here.ask(*(one for one, _, _ in cases))
    for (one, statuses, places), answer in zip(cases, found, strict=True):
        did = told(one)
        body = refuses(work, answer, did, *statuses)
        for place in places:
            work.expect(
                place in json.dumps(body.get("errors")),
                f"{did}: expected errors that name the place, {place}, found {got(answer)}.",
            )
        work.expect(
            f"{word}!" not in json.dumps(body) and f"{word}\\u0000" not in json.dumps(body),
            f"{did}: expected what was sent not to be repeated, found {got(answer)}.",
        )
        if statuses == (405,):
            work.expect(
                answer["allow"],
                f"{did}: expected the header Allow, which names the methods there are, found none.",
            )


@check("api.problems.tells_an_outage_from_a_fault")
async def test_problems_tell_an_outage_from_a_fault(work: Work) -> None:
    """says 503 while the database is away and 500 for a fault, and gives nothing away"""
    here = await town(work)
    word = work.draw.word(5)
    for domain, host, path, usual in (
        (here.domain, here.ours.host, f"/tasks/{here.ours.tasks[0]}", 200),
        (None, "localhost:8000", f"/tasks/{FAR}", 404),
    ):
        one = request("GET", path, host=host)
        cases = [(one, usual), (one | {"database": "away"}, 503), (one, usual)]
        for fault in ("faulty", "confused"):
            cases += [(one | {"database": fault}, 500), (one, usual)]
        found = await ask(work, *(each for each, _ in cases), domain=domain, word=word)
        for (each, status), answer in zip(cases, found, strict=True):
            did = told(each)
            if status == 200:
                answers(work, answer, 200, did)
                continue
            body = refuses(work, answer, did, status)
            work.expect(
                word not in json.dumps(body),
                f"{did}: expected the words of the error to stay inside, found {got(answer)}.",
            )


# -- requests ----------------------------------------------------------------------------


@check("api.sessions.keeps_requests_and_tenants_apart")
async def test_sessions_keep_requests_and_tenants_apart(work: Work) -> None:
    """gives each request a session of its tenant, closed before the answer"""
    here = await town(work)
    expected: list[tuple[dict[str, Any], str | None]] = []
    for side, other in ((here.ours, here.theirs), (here.theirs, here.ours)):
        for task, title in zip(side.tasks, side.titles, strict=True):
            expected.append((request("GET", f"/tasks/{task}", host=side.host), title))
        strangers = (f"/tasks/{other.tasks[0]}", f"/projects/{other.project}")
        expected += [(request("GET", path, host=side.host), None) for path in strangers]
        claimed = dict.fromkeys(CLAIMS, other.host.partition(".")[0])
        expected += [(request("GET", strangers[0], host=side.host, headers=claimed), None)]
        expected += [(request("GET", f"/projects/{side.project}", host=side.host), "")]
    expected *= 3
    work.draw.shuffle(expected)
    asked = [one for one, _ in expected]
    seen = await work.probe("api.together", asked=asked, domain=here.domain, wall=30.0, cpu=8.0)
    saw = started(work, seen.value)
    for (one, title), answer in zip(expected, saw["answers"], strict=True):
        did = f"{told(one)}, one of {len(asked)} requests at once with a pool of two connections"
        error = StudentError.read(answer["error"]) if "error" in answer else None
        work.expect(error is None, f"{did}: expected an answer; it raised {error}.", error)
        found = answer["value"]
        if title is None:
            did += ", for a row of another tenant"
            work.expect(
                found["status"] >= 400,
                f"{did}: expected it not to be found, found {got(found)}.",
            )
            continue
        body = answers(work, found, 200, did)
        shows(work, body, did, id=int(one["path"].rpartition("/")[2]))
        if title:
            shows(work, body, did, title=title)
    work.expect(
        saw["held"] == 0,
        f"After {len(asked)} requests we looked at the pool: expected no connection in use, found "
        f"{saw['held']}.",
    )
    await work.probe("tenancy.tenants", subdomains=["default"])
    one = request("POST", "/workers", json={"handle": "@new"}, host=f"nobody.{here.domain}")
    (answer,) = await ask(work, one, domain=here.domain)
    refuses(work, answer, f"{told(one)} to a host of the domain that is no tenant's", 404)
    paths = (f"/tasks/{here.ours.tasks[0]}", f"/projects/{here.ours.project}")
    for path, answer in zip(
        paths, await here.ask(*(request("GET", p) for p in paths)), strict=True
    ):
        work.expect(
            answer["held"] == 0,
            f"We sent GET {path} and looked at the pool as the answer began: expected the "
            f"connection to be back, found {answer['held']} in use. A slow client would hold it.",
        )


@check("api.resources.creates_and_reads")
async def test_resources_create_and_read(work: Work) -> None:
    """creates workers and projects, refuses what breaks a rule, and reads them"""
    here = await town(work)
    handle, email = work.draw.handle(), f"{work.draw.word()}@example.com"
    body = {"handle": handle, "type": work.draw.choice(["human", "agent"]), "email": email}
    add = request("POST", "/workers", json=body)
    first, second = await here.ask(add, add)
    did = told(add)
    made = answers(work, first, 201, did)
    shows(work, made, did, **body)
    refuses(work, second, f"{did} a second time", 409)
    (other,) = await here.ask(add, side=here.theirs)
    answers(work, other, 201, f"{did} for another tenant, to whom the handle is free")
    read = await here.one("GET", f"/workers/{made.get('id')}")
    did = f"We sent POST /workers and then GET /workers/{made.get('id')}"
    work.expect(
        answers(work, read, 200, did) == made, f"{did}: expected the same, found {got(read)}."
    )
    refuses(work, await here.one("GET", f"/workers/{FAR}"), f"We sent GET /workers/{FAR}", 404)
    foreign = f"/workers/{here.theirs.workers[0]}"
    did = f"We sent GET {foreign}, a worker of another tenant"
    refuses(work, await here.one("GET", foreign), did, 404)
    away = add | {"json": body | {"handle": f"{handle}-y"}, "database": "away"}
    refuses(work, await here.one(**away), told(away), 503)

    if work.kind == "postgresql":  # on SQLite who writes at the same time may be refused
        add = request("POST", "/workers", json={"handle": f"{handle}-x"}, host=here.ours.host)
        crowd = {"asked": [add] * 4, "domain": here.domain, "pool": 4}
        saw = started(work, (await work.probe("api.together", **crowd, wall=30.0)).value)
        found = sorted(one["value"]["status"] if "value" in one else 500 for one in saw["answers"])
        work.expect(
            found == [201, 409, 409, 409],
            f"{told(add)} four times at once: expected 201 for one and 409 for the others, found "
            f"{found}.",
        )

    titles = work.draw.titles(work.draw.randint(2, 4))
    meta = {work.draw.word(): [work.draw.randint(1, 9), None, work.draw.word()]}
    creator = here.ours.workers[0]
    body = {"name": work.draw.title(), "description": work.draw.title(), "metadata": meta}
    add = request(
        "POST", "/projects", json={**body, "task_titles": titles, "created_by_id": creator}
    )
    did = f"We sent POST /projects with {len(titles)} task_titles"
    made = answers(work, await here.one(**add), 201, did)
    shows(work, made, did, status="active", **body)
    tasks = await work.rows(
        "SELECT title FROM task WHERE project_id = $1 AND tenant_id = $2 ORDER BY id",
        made.get("id"),
        here.ours.tenant,
    )
    found = [row["title"] for row in tasks]
    work.expect(
        sorted(found) == sorted(titles),
        f"{did} and looked into the database: expected them as tasks, found {found}.",
    )
    read = await here.one("GET", f"/projects/{made.get('id')}")
    work.expect(read["body"] == made, f"{did} and read the project: found {got(read)}.")

    before = await rows_of(work, here.ours)
    strange = {"name": "Launch", "task_titles": ["Write"]}
    bad = [
        (request("POST", "/workers", json={"handle": handle[1:]}), 422),
        (request("POST", "/workers", json={"handle": "@new", "nonsense": 1}), 422),
        (request("POST", "/projects", json=strange | {"created_by_id": FAR}), 404),
        (
            request("POST", "/projects", json=strange | {"created_by_id": here.theirs.workers[0]}),
            404,
        ),
        (request("POST", "/projects", json=strange), 422),
        (
            request(
                "POST",
                "/projects",
                json=strange | {"task_titles": ["Write", ""], "created_by_id": creator},
            ),
            422,
        ),
    ]
    for (one, status), answer in zip(bad, await here.ask(*(one for one, _ in bad)), strict=True):
        refuses(work, answer, told(one), status)
    work.expect(
        await rows_of(work, here.ours) == before,
        f"We sent {len(bad)} requests that were refused: expected the tenant's rows to be as "
        "before, found others.",
    )

    add = request("POST", "/workers", json={"handle": work.draw.handle()})
    (answer,) = await ask(work, add)
    did = f"{told(add)}, without TENANT_BASE_DOMAIN"
    made = answers(work, answer, 201, did)
    rows = await work.rows("SELECT tenant_id FROM worker WHERE id = $1", made.get("id"))
    tenants = await work.rows("SELECT id FROM tenant")
    own = {row["id"] for row in tenants} - {here.ours.tenant, here.theirs.tenant}
    work.expect(
        [row["tenant_id"] for row in rows] == list(own),
        f"{did}: expected a row of the tenant that the start made, found the tenants "
        f"{[row['tenant_id'] for row in rows]}.",
    )


@check("api.resources.completes_and_deletes")
async def test_resources_complete_and_delete(work: Work) -> None:
    """completes a project's tasks and deletes it, its own alone"""
    here = await town(work)
    project, count = f"/projects/{here.ours.project}", len(here.ours.tasks)
    theirs = await rows_of(work, here.theirs)
    complete = request("POST", f"{project}/complete")
    first, second = await here.ask(complete, complete)
    did = f"{told(complete)}, where {count} tasks were open"
    shows(work, answers(work, first, 200, did), did, completed=count)
    shows(work, answers(work, second, 200, f"{did}, again"), f"{did}, again", completed=0)

    foreign = f"/projects/{here.theirs.project}"
    for path in (f"/projects/{FAR}", foreign):
        for one in (request("POST", f"{path}/complete"), request("DELETE", path)):
            whose = "another tenant's" if path == foreign else "one that nobody has"
            refuses(work, await here.one(**one), f"{told(one)}, {whose}", 404)
    work.expect(
        await rows_of(work, here.theirs) == theirs,
        "We asked as one tenant to complete and to delete another one's project, and looked at "
        "that tenant's rows: expected them to be as before, found others.",
    )

    delete = request("DELETE", project)
    first, second, read = await here.ask(delete, delete, request("GET", project))
    did = told(delete)
    body = answers(work, first, 204, did)
    work.expect(not body, f"{did}: expected an answer without a body, found {got(first)}.")
    refuses(work, second, f"{did} a second time", 404)
    refuses(work, read, f"{did}, and then GET {project}", 404)
    left = (await rows_of(work, here.ours))["task"]
    work.expect(not left, f"{did}: expected its tasks to go too, found {len(left)}.")


def is_due(work: Work, body: Any, due: datetime, did: str) -> None:
    """Expects the moment, in whatever zone it is told."""
    found = body.get("due_date") if isinstance(body, dict) else None
    work.expect(
        isinstance(found, str) and datetime.fromisoformat(found) == due,
        f"{did}: expected due_date to be the moment {due.isoformat()}, found {found}.",
    )


@check("api.tasks.changes_what_was_sent_and_nothing_else")
async def test_tasks_change_what_was_sent(work: Work) -> None:
    """creates, changes, assigns and deletes a task, by what was sent alone"""
    here = await town(work)
    creator, worker = here.ours.workers
    tasks, due = f"/projects/{here.ours.project}/tasks", work.draw.moment()
    body = {
        "title": work.draw.title(),
        "description": work.draw.title(),
        "priority": work.draw.choice(["low", "high", "critical"]),
        "tags": [work.draw.word(), work.draw.word()],
        "assignee_id": worker,
        "parent_task_id": here.ours.tasks[0],
    }
    sent = {**body, "due_date": due.isoformat(), "created_by_id": creator}
    add = request("POST", tasks, json=sent)
    did = f"We sent POST {tasks} with all fields"
    made = answers(work, await here.one(**add), 201, did)
    kept = {**body, "status": "pending", "project_id": here.ours.project, "created_by_id": creator}
    shows(work, made, did, **kept)
    is_due(work, made, due, did)

    task = f"/tasks/{made.get('id')}"
    changes: list[dict[str, Any]] = [
        {"status": work.draw.choice(["review", "blocked", "in_progress"])},
        {"title": work.draw.title(), "tags": []},
        {"description": None},
        {},
    ]
    for change in changes:
        one = request("PATCH", task, json=change)
        found = answers(work, await here.one(**one), 200, told(one))
        kept |= change
        shows(work, found, told(one), **kept)
        is_due(work, found, due, told(one))
    for who in (None, creator):
        one = request("PUT", f"{task}/assignee", json={"worker_id": who})
        kept["assignee_id"] = who
        shows(work, answers(work, await here.one(**one), 200, told(one)), told(one), **kept)
    read = answers(work, await here.one("GET", task), 200, f"We sent GET {task}")
    shows(work, read, f"We changed a task and sent GET {task}", **kept)

    new = {"title": "Write", "created_by_id": creator}
    foreign, stranger = here.theirs, f"/tasks/{here.theirs.tasks[0]}"
    rows = [await rows_of(work, side) for side in (here.ours, here.theirs)]
    bad = [
        (request("POST", f"/projects/{FAR}/tasks", json=new), 404),
        (request("POST", f"/projects/{foreign.project}/tasks", json=new), 404),
        (request("POST", tasks, json=new | {"created_by_id": FAR}), 404),
        (request("POST", tasks, json=new | {"assignee_id": foreign.workers[0]}), 404),
        (request("POST", tasks, json={"title": "Write"}), 422),
        (request("PATCH", task, json={"title": None}), 422),
        (request("PATCH", task, json={"parent_task_id": made.get("id")}), 409),
        (request("PATCH", task, json={"assignee_id": FAR}), 404),
        (request("PATCH", stranger, json={"title": "Taken"}), 404),
        (request("PUT", f"{task}/assignee", json={"worker_id": foreign.workers[0]}), 404),
        (request("PUT", f"{task}/assignee", json={}), 422),
        (request("PUT", f"{stranger}/assignee", json={"worker_id": None}), 404),
        (request("DELETE", stranger), 404),
        (request("DELETE", f"/tasks/{FAR}"), 404),
    ]
    for (one, status), answer in zip(bad, await here.ask(*(one for one, _ in bad)), strict=True):
        whose = " (another tenant's)" if stranger in one["path"] else ""
        refuses(work, answer, f"{told(one)}{whose}", status)
    work.expect(
        [await rows_of(work, side) for side in (here.ours, here.theirs)] == rows,
        f"We sent {len(bad)} requests that were refused: expected all rows to be as before, found "
        "others.",
    )

    delete = request("DELETE", task)
    first, second = await here.ask(delete, delete)
    work.expect(
        not answers(work, first, 204, told(delete)),
        f"{told(delete)}: expected an answer without a body, found {got(first)}.",
    )
    refuses(work, second, f"{told(delete)} a second time", 404)


LINK = re.compile(r'<([^<>]*)>((?:[^<,"]|"[^"]*")*)')  # a comma may stand in quotes
NEXT = re.compile(r';\s*rel="?next\b', re.I)


@check("api.pages.leads_from_page_to_page")
async def test_pages_lead_from_page_to_page(work: Work) -> None:
    """leads through all of a project's tasks, page by page, while others go"""
    here = await town(work)
    side, (creator, _) = here.ours, here.ours.workers
    many = work.draw.randint(52, 60)
    words = ["pending", "review"]
    rows = [
        {
            "title": title,
            "status": words[number % 2],
            "project_id": side.project,
            "created_by_id": creator,
        }
        for number, title in enumerate(work.draw.titles(many))
    ]
    added = (await work.probe("api.add_tasks", tenant=side.tenant, rows=rows)).value
    path = f"/projects/{side.project}/tasks"
    everything = [*side.tasks, *added]
    review = [task for number, task in enumerate(added) if number % 2]

    async def page(target: str) -> tuple[list[int], str | None]:
        answer = await here.one("GET", target)
        body = answers(work, answer, 200, f"We sent GET {target}")
        work.expect(
            isinstance(body, list) and all(isinstance(each, dict) for each in body),
            f"We sent GET {target}: expected a list of tasks, found {got(answer)}.",
        )
        links = LINK.findall(answer["link"] or "")
        following = [place for place, told in links if NEXT.search(told)]
        if not following:
            return [each.get("id") for each in body], None
        parts = urlsplit(urljoin(f"http://{side.host}{target}", following[0]))
        return [each.get("id") for each in body], f"{parts.path}?{parts.query}"

    async def walk(target: str, expected: list[int], limit: int | None, did: str) -> None:
        seen: list[int] = []
        following: str | None = target
        for _ in range(len(expected) // (limit or 1) + 2):
            if following is None:
                break
            ids, following = await page(following)
            work.expect(
                limit is None or len(ids) <= limit,
                f"{did}: expected at most {limit} tasks on a page, found {len(ids)}.",
            )
            seen += ids
            if following is None and len(seen) < len(expected):
                break
        apart = [found != known for found, known in zip(seen, expected, strict=False)]
        place = apart.index(True) if True in apart else min(len(seen), len(expected))
        work.expect(
            seen == expected,
            f"{did}: expected {len(expected)} tasks by ascending id, found {len(seen)}: from the "
            f"{place + 1}th on {seen[place : place + 9]}… in place of "
            f"{expected[place : place + 9]}….",
        )
        work.expect(
            following is None,
            f"{did}: expected the last page to have no Link to a next one, found {following}.",
        )

    follow = 'and followed each Link with rel="next"'
    await walk(path, everything, None, f"We sent GET {path} without a limit {follow}")
    limit = work.draw.randint(7, 12)
    target = f"{path}?status=review&limit={limit}"
    await walk(target, review, limit, f"We sent GET {target} {follow}")

    target = f"{path}?limit={limit}"
    first, following = await page(target)
    await work.probe("api.remove_task", tenant=side.tenant, task=first[-1])
    did = f"We read a page of {limit} tasks, deleted the last one of it, {follow}"
    work.expect(following is not None, f"{did}: expected a Link, found none.")
    await walk(following or "", everything[limit:], limit, did)

    after = everything[-3]
    target = f"{path}?after={after}"
    ids, _ = await page(target)
    work.expect(
        ids == everything[-2:],
        f"We sent GET {target}: expected the two tasks after that one, found {ids}.",
    )
    for project, whose in ((FAR, "one that nobody has"), (here.theirs.project, "another tenant's")):
        for query in ("", f"?after={after}"):
            one = request("GET", f"/projects/{project}/tasks{query}")
            refuses(work, await here.one(**one), f"{told(one)}, {whose}", 404)
    target = f"{path}?status=blocked"
    ids, link = await page(target)
    work.expect(
        ids == [] and link is None,
        f"We sent GET {target}, a status that no task has: expected an empty page, found {ids}.",
    )
