"""Lesson 4: many rows in one commit, many changes in one statement, one step undone."""

import json
import re
from typing import Any

from workbook.judge import Seen, Work, check

MADE = ("project", "task", "audit_log")


async def make(work: Work, scene: Any, titles: list[str], **how: Any) -> Seen:
    """What came of making a project with tasks."""
    data = how.pop("data", {"name": work.draw.title()})
    how = {"creator": scene.creator} | how
    return await work.probe("transactions.project", data=data, titles=titles, **how)


async def added(scene: Any, before: list[int]) -> list[int]:
    """How many projects, tasks and audit rows there are more than before."""
    return [now - then for now, then in zip(await scene.count(*MADE), before, strict=True)]


@check("transactions.create_project.commits_project_tasks_and_audit_together")
async def test_a_project_its_tasks_and_its_audit_row_are_committed_together(
    work: Work, scene: Any
) -> None:
    """commits the project, its tasks and one audit row together"""
    await scene.tasks(*[{}] * 30)  # the new ids are no other rows'
    before = await scene.count(*MADE)
    data = {"name": work.draw.title(), "description": work.draw.title(), "status": "archived"}
    some = work.draw.titles(work.draw.randint(3, 6))
    for titles in ([*some, some[0]], []):  # two tasks may have one title
        did = f"We made a project with {len(titles)} tasks"
        seen = await make(work, scene, titles, data=data | {"meta": {"team": data["name"]}})
        id = scene.returned(seen, did)
        sql = "SELECT name, description, status FROM project WHERE id = $1"
        scene.same(f"{did} and looked at its row", await work.rows(sql, id), [data])
        kept = (await work.probe("transactions.meta", id=id)).value
        if kept != "not there":  # the column is an exercise of its own
            scene.same(f"{did} and read its meta", kept, {"team": data["name"]})
        tasks = [row for row in (await scene.rows()).values() if row["project_id"] == id]
        scene.same(f"{did} and looked at titles", sorted(t["title"] for t in tasks), sorted(titles))
        ways = sorted({(t["created_by_id"], t["status"], t["priority"]) for t in tasks})
        expected = [(scene.creator, "pending", "medium")][: len(titles)]
        scene.same(f"{did} and looked at creator, status and priority", ways, expected)
        sql = "SELECT entity_type, action, actor_id, details FROM audit_log WHERE entity_id = $1"
        [row] = await work.rows(sql, id) or [{}]
        row |= {"details": json.loads(row.get("details") or "null")}
        expected = {"entity_type": "project", "action": "created", "actor_id": scene.creator}
        expected |= {"details": {"tasks": len(titles)}}
        scene.same(f"{did} and looked at its audit row", row, expected)
        before = await scene.count(*MADE)
    for breaks in MADE[1:]:
        await make(work, scene, work.draw.titles(3), breaks=breaks)
        did = f"We let the INSERT into {breaks} fail and counted new projects, tasks, audit rows"
        scene.same(did, await added(scene, before), [0, 0, 0], "A commit ran before it.")
    seen = await make(work, scene, work.draw.titles(2), reads=True)
    if not seen.error_in("call"):  # a block that begins the transaction wants an unused session
        did = "We read a worker, then made a project with two tasks in the same session"
        did += ", and counted new projects, tasks, audit rows"
        why = "The transaction that the reading had begun was left to the caller."
        scene.same(did, await added(scene, before), [1, 2, 1], why)
    for cancels, told in ((False, "the INSERT fail"), (True, "the request be cancelled")):
        before = await scene.count(*MADE)
        how = {"breaks": "audit_log", "cancels": cancels, "then": work.draw.titles(2)}
        seen = await make(work, scene, work.draw.titles(3), **how)
        scene.failed(seen, f"We let {told} at the audit row")
        did = f"We let {told} at the audit row, then made a project with two in the same session"
        scene.went(seen, did, "then")
        did += ", and counted projects, tasks, audit rows"
        why = "Without a rollback the next commit takes along what was left."
        scene.same(did, await added(scene, before), [1, 2, 1], why)


@check("transactions.create_project.leaves_nothing_when_a_title_is_refused")
async def test_a_refused_title_leaves_nothing_behind(work: Work, scene: Any) -> None:
    """leaves nothing behind when the database refuses a title"""
    for what, title in (("an empty one", ""), ("one of 501 characters", "t" * 501)):
        titles = [*work.draw.titles(2), title]
        before = await scene.count(*MADE)
        seen = await make(work, scene, titles, then=["ü" * 500, work.draw.title()])
        did = f"We made a project with three titles, the third {what}"
        scene.failed(seen, did)
        did += ", then a good one with two in the same session"
        scene.went(seen, did, "then")
        did += ", and counted projects, tasks, audit rows"
        scene.same(did, await added(scene, before), [1, 2, 1], "Part of the first one stayed.")
    before = await scene.count(*MADE)
    await make(work, scene, [*work.draw.titles(9_999), ""], cpu=30.0, wall=60.0)
    did = "We made a project with 10,000 titles, the last an empty one"
    did += ", and counted new projects, tasks, audit rows"
    scene.same(did, await added(scene, before), [0, 0, 0], "A commit ran on the way.")


@check("transactions.create_project.reports_an_unknown_creator")
async def test_an_unknown_creator_is_reported(work: Work, scene: Any) -> None:
    """reports an unknown creator with a NotFoundError, and leaves nothing"""
    for titles in (work.draw.titles(3), []):
        did = f"We made a project with {len(titles)} tasks"
        scene.returned(await make(work, scene, titles), did)
        before = await scene.count(*MADE)
        did += " for a creator who isn't there"
        seen = await make(work, scene, titles, creator=scene.far, then=titles)
        scene.refused(seen, "NotFoundError", did)
        did += ", committed in the same session and counted new projects, tasks, audit rows"
        scene.same(did, await added(scene, before), [0, 0, 0])


@check("transactions.create_project.leaves_nothing_when_the_connection_drops")
async def test_a_dropped_connection_leaves_nothing_behind(work: Work, scene: Any) -> None:
    """leaves nothing behind when the connection drops on the way"""
    for breaks in (*MADE[1:], "commit"):
        before = await scene.count(*MADE)
        titles = work.draw.titles(3)
        seen = await make(work, scene, titles, then=titles, breaks=breaks, drops=True)
        step = "the commit" if breaks == "commit" else f"the INSERT into {breaks}"
        did = f"The connection dropped before {step} of a new project"
        scene.went(seen, f"{did}; we made another in the same session", "then")
        # Whoever tries again on a new connection, and succeeds, has made two.
        made = 1 if seen.error_in("call") else 2
        did += ", then we made another; we counted projects, tasks, audit rows"
        why = "What was sent before the drop had been committed."
        scene.same(did, await added(scene, before), [made, 3 * made, made], why)


@check("transactions.create_project.writes_many_tasks_in_bulk")
async def test_many_tasks_are_written_in_bulk(work: Work, scene: Any) -> None:
    """writes 10,000 tasks in few statements"""
    for size in (1_000, 10_007):  # one that no batch divides
        titles = work.draw.titles(size)
        seen = await make(work, scene, titles, cpu=30.0, wall=60.0, counted=True)
        did = f"We made a project with {size:,} tasks"
        id = scene.returned(seen, did)
        sql = "SELECT title, status, priority FROM task WHERE project_id = $1"
        found = await work.rows(sql, id)
        scene.same(f"{did} and counted its rows", len(found), size)
        same = sorted(row["title"] for row in found) == sorted(titles)
        work.expect(same, f"{did} and looked at the titles: expected the ones that were given.")
        ways = sorted({(row["status"], row["priority"]) for row in found})
        scene.same(f"{did} and looked at status and priority", ways, [("pending", "medium")])
        story = f"{did} and counted statements: expected 100 at most, found {seen.count()}."
        work.expect(seen.count() <= 100, f"{story} Each task had an INSERT of its own.", seen)


def updates(seen: Seen) -> int:
    """How many UPDATEs ran; one that is run for many parameters counts as many."""
    told = [(row["sql"], row["times"]) for rows in seen.windows.values() for row in rows]
    ran = told if seen.served is None else [(sql, 1) for sql in seen.served]
    starts = ("UPDATE", "WITH")
    return sum(times for sql, times in ran if sql.lstrip().upper().startswith(starts))


@check("transactions.complete.takes_one_update")
async def test_completing_takes_one_update(work: Work, scene: Any) -> None:
    """completes all tasks of a project with one UPDATE"""
    counts = []
    for size in (4, 30):
        await scene.enter(3)
        await scene.tasks(*({"status": work.draw.choice(["pending", "review"])},) * size)
        [other] = await scene.tasks({"project_id": scene.elsewhere})
        seen = await work.probe("transactions.complete", project=scene.project, counted=True)
        did = f"We completed a project of {size} tasks"
        scene.returned(seen, did)
        rows = await scene.rows()
        states = {row["status"] for row in rows.values() if row["project_id"] == scene.project}
        scene.same(f"{did} and looked with a new connection", sorted(states), ["completed"])
        scene.same(f"{did} and looked at another project's", rows[other]["status"], "pending")
        scene.same(f"{did} and counted UPDATEs", updates(seen), 1, "One can change all rows.")
        counts.append(seen.count())
    few, many = counts
    story = f"We counted statements for 4 tasks and for 30: expected as many, found {few}, {many}."
    work.expect(many <= few, story)


@check("transactions.complete.counts_what_was_open")
async def test_completing_counts_what_was_open(work: Work, scene: Any) -> None:
    """counts the tasks that were not completed before"""
    open_ones, done = work.draw.randint(3, 6), work.draw.randint(2, 4)
    await scene.tasks(*({"status": "blocked"},) * open_ones, *({"status": "completed"},) * done)
    await scene.tasks({"project_id": scene.elsewhere})
    had = f"a project of {open_ones} open tasks and {done} completed ones"
    for did, project, expected in (
        (f"We completed {had}", scene.project, open_ones),
        ("We completed it once more", scene.project, 0),
        ("We completed a project that isn't there", scene.project + scene.far, 0),
    ):
        seen = await work.probe("transactions.complete", project=project)
        scene.same(did, scene.returned(seen, did), expected)
        work.expect(
            not (seen.value["open"] and updates(seen)),
            f"{did}: expected the UPDATE and its commit; the transaction is still open. On SQLite"
            " nobody else can write until it ends.",
        )
    if work.kind == "postgresql":  # on SQLite whoever writes is alone
        [taken, *_] = await scene.tasks(*({"status": "pending"},) * 3)
        sql = f"UPDATE task SET status = 'completed', title = 'taken' WHERE id = {taken}"
        seen = await work.probe("transactions.complete", project=scene.project, between=sql)
        # Whoever locked the rows before completes all three.
        lost = (await scene.rows())[taken]["title"] == "taken"
        did = "We completed 3 open tasks while another session completed one of them"
        why = "The UPDATE itself knows how many rows it changed."
        scene.same(did, scene.returned(seen, did), 2 if lost else 3, why)


@check("transactions.complete.moves_updated_at_where_it_changed")
async def test_completing_moves_updated_at_where_it_changed(work: Work, scene: Any) -> None:
    """moves updated_at where the status changed, and only there"""
    past = {"updated_at": "2020-02-03T04:05:06+00:00"}
    states = ["pending", "completed", "in_progress", "completed", "review"]
    await scene.tasks(*(past | {"status": state} for state in states))
    await scene.tasks(past | {"project_id": scene.elsewhere})
    sql = "SELECT updated_at FROM task ORDER BY id"
    before = await work.rows(sql)
    did = "We completed a project"
    scene.returned(await work.probe("transactions.complete", project=scene.project), did)
    pairs = zip(before, await work.rows(sql), strict=True)
    moved = [then["updated_at"] != now["updated_at"] for then, now in pairs]
    opened = [state != "completed" for state in states]
    for was_open, has_moved in zip([*opened, False], moved, strict=True):
        which = "an open task" if was_open else "a task that was completed, or another project's"
        how = ("stayed", "moved")
        scene.same(f"{did}: updated_at of {which}", how[has_moved], how[was_open])
    await work.probe("transactions.complete", project=scene.elsewhere)
    first, *_, later = [str(row["updated_at"]) for row in await work.rows(sql)]
    work.expect(
        first != later or not re.search(r"\.\d*[1-9]", first),
        f"{did}, and then another: expected updated_at to differ, found the same microsecond. The "
        "moment was taken once, when the function was made.",
    )


async def handles(work: Work) -> dict[int, str]:
    """The handles of all workers, as a connection of our own sees them."""
    rows = await work.rows("SELECT id, handle FROM worker ORDER BY id")
    return {row["id"]: row["handle"] for row in rows}


@check("transactions.rename.leaves_the_commit_to_the_caller")
async def test_renaming_leaves_the_commit_to_the_caller(work: Work, scene: Any) -> None:
    """renames a worker, and leaves the commit to the caller"""
    before, handle = await handles(work), f"{work.draw.handle()}-new"
    own = {"type": "agent", "email": "kim@work.org"}
    await work.probe("models.change", model="Worker", rows=[scene.other], values=own)
    how = {"worker": scene.other, "handle": handle}
    did = "We renamed a worker"
    for commits, expected in ((False, before), (True, before | {scene.other: handle})):
        seen = await work.probe("transactions.rename", **how, commits=commits, held=commits)
        did = "We read a worker and renamed it in the same session" if commits else did
        worker = scene.returned(seen, did)
        scene.same(f"{did}: the return", worker, {"id": scene.other, "handle": handle})
        told = "and committed" if commits else "and left without a commit"
        scene.same(f"{did} {told}: handles", await handles(work), expected)
    rows = await work.rows("SELECT type, email FROM worker WHERE id = $1", scene.other)
    scene.same(f"{did} and looked at its type and email", rows, [own], "Only the handle changes.")
    seen = await work.probe("transactions.rename", **how)
    scene.returned(seen, "We renamed a worker to the handle that it has already")


@check("transactions.rename.keeps_the_callers_work_on_a_conflict")
async def test_a_conflict_keeps_the_callers_work(work: Work, scene: Any) -> None:
    """keeps the caller's work when the handle is taken, or there is no such worker"""
    before = await handles(work)
    for what, worker, raised in (
        ("to a handle that is taken", scene.other, "ConflictError"),
        ("who isn't there", scene.far, "NotFoundError"),
    ):
        [projects] = await scene.count("project")
        how = {"worker": worker, "handle": before[scene.creator], "around": work.draw.title()}
        seen = await work.probe("transactions.rename", **how)
        did = f"We added a project, renamed a worker {what}"
        scene.refused(seen, raised, did)
        did += ", added another project and committed"
        scene.went(seen, did, "commit")
        [now] = await scene.count("project")
        why = "Only the renaming is to be undone; a rollback takes all."
        scene.same(f"{did}: new projects", now - projects, 2, why)
        scene.same(f"{did}: handles", await handles(work), before)
    if work.kind == "postgresql":  # on SQLite whoever writes is alone
        [projects], handle = await scene.count("project"), f"{work.draw.handle()}-race"
        how = {"worker": scene.other, "handle": handle, "around": work.draw.title()}
        seen = await work.probe("transactions.rename", **how, takes=scene.assignee)
        did = "We added a project and renamed a worker; another session took the handle between"
        did += " what was asked and the UPDATE"
        if seen.error_in("call"):  # who had locked the table is not in its way
            scene.refused(seen, "ConflictError", did)
        did += "; we added another project and committed"
        scene.went(seen, did, "commit")
        [now] = await scene.count("project")
        scene.same(f"{did}: new projects", now - projects, 2)
