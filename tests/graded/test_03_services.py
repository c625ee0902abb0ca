"""Lesson 3: six methods of a service, each that writes one transaction."""

from datetime import UTC
from typing import Any

from workbook.judge import Work, check


@check("services.get.loads_the_assignee")
async def test_get_loads_the_assignee(work: Work, scene: Any) -> None:
    """loads the task with its assignee, in two statements at most"""
    who = (scene.assignee, None, scene.other)
    ids = await scene.tasks(*({"assignee_id": assignee} for assignee in who))
    for id, assignee in zip(ids, who, strict=True):
        seen = await work.probe("services.get", counted=True, id=id)
        scene.loaded(seen.value, "We called get", assignee=assignee)
        scene.same("We called get and looked at the id", seen.value["id"], id)
        story = f"We called get: expected two statements at most, counted {seen.count()}."
        work.expect(seen.count() <= 2, story)


@check("services.get.answers_none_for_a_stranger")
async def test_get_answers_none_for_a_stranger(work: Work, scene: Any) -> None:
    """answers None for an id that nobody has"""
    [known] = await scene.tasks({})
    seen = await work.probe("services.get", id=known)
    work.expect(seen.value, "We called get for a task that is there: expected it, found None.")
    seen = await work.probe("services.get", id=known + scene.far)
    work.expect(seen.value is None, "We called get with an id that nobody has: expected None.")
    seen = await work.probe("services.get", id=known, deleted=True)
    did = "We called get, deleted the task, committed, and asked the same service again"
    work.expect(seen.value is None, f"{did}: expected None. It was kept where the database isn't.")


@check("services.list_by_project.needs_no_more_statements_for_more_tasks")
async def test_list_needs_no_more_statements_for_more_tasks(work: Work, scene: Any) -> None:
    """lists 24 tasks with as many statements as 4"""
    workers = await scene.enter(56)
    places = [scene.elsewhere] * 4 + [scene.project] * 24
    who = list(zip(places, workers[:28], workers[28:], strict=True))
    names = ("project_id", "created_by_id", "assignee_id")
    await scene.tasks(*(dict(zip(names, row, strict=True)) for row in who))
    few = await work.probe("services.listed", counted=True, project=scene.elsewhere)
    many = await work.probe("services.listed", counted=True, project=scene.project)
    scene.same("We listed 4 tasks, then 24", [len(few.value), len(many.value)], [4, 24])
    for task, (_, creator, assignee) in zip(few.value + many.value, who, strict=True):
        scene.loaded(task, "We listed tasks", assignee=assignee, created_by=creator)
    story = (
        f"We listed 4 tasks in {few.count()} statements, then 24: expected no more, counted"
        f" {many.count()}. Each task had statements of its own."
    )
    work.expect(many.count() <= few.count(), story, many)


@check("services.list_by_project.lists_each_task_once_in_order")
async def test_list_holds_each_task_once_in_order(work: Work, scene: Any) -> None:
    """lists each task of the project once, by ascending id"""
    places = [scene.project, scene.project, scene.elsewhere] * 3
    work.draw.shuffle(places)
    rows = [{"project_id": place, "assignee_id": scene.assignee} for place in places]
    rows[places.index(scene.project)]["assignee_id"] = None
    for row in rows:
        row |= {"title": work.draw.title(), "created_at": work.draw.moment().isoformat()}
        row["description"] = work.draw.title()
    ids = await scene.tasks(*rows)
    mine = [id for id, place in zip(ids, places, strict=True) if place == scene.project]
    for id in mine[1:4]:  # on PostgreSQL a row whose key changed moves to the end
        await scene.stored(id, assignee_id=scene.other)
    seen = await work.probe("services.listed", project=scene.project)
    found = [task["id"] for task in seen.value]
    did = "We listed a project and looked at the ids"
    work.expect(len(found) == len(set(found)), f"{did}: expected each once, found {found}.")
    scene.same(f"{did}, in any order", sorted(found), mine)
    scene.same(did, found, mine, "Without ORDER BY by id the order is not theirs.")
    rows = await scene.rows()
    for task in seen.value:
        scene.same("We listed a project and read a task's columns", task, rows[task["id"]])
    nobody = await work.probe("services.listed", project=scene.project + scene.far)
    scene.same("We listed a project that isn't there", nobody.value, [])


@check("services.list_by_project.filters_and_pages")
async def test_list_filters_and_pages(work: Work, scene: Any) -> None:
    """filters by status, and pages by limit and after_id"""
    states = ["pending", "review"] * 5 + ["completed"] * 2
    work.draw.shuffle(states)
    ids = await scene.tasks(*({"status": state} for state in states))
    [strange] = await scene.tasks({"status": "review", "project_id": scene.elsewhere})
    ids += await scene.tasks({"status": "blocked"})
    await scene.stored(ids[0], assignee_id=scene.other)  # on PostgreSQL it moves to the end
    reviews = [id for id, state in zip(ids, states, strict=False) if state == "review"]
    after = {"after_id": reviews[1], "limit": 2}
    pages: list[tuple[str, dict[str, Any], list[int]]] = [
        ("the tasks in review", {"status": "review"}, reviews),
        ("five tasks at most", {"limit": 5}, ids[:5]),
        (f"three tasks after the id {ids[4]}", {"limit": 3, "after_id": ids[4]}, ids[5:8]),
        ("what comes after the last task", {"after_id": ids[-1]}, []),
        ("what comes after an id of another project", {"after_id": strange}, ids[-1:]),
        ("two tasks in review after another", {"status": "review", **after}, reviews[2:4]),
    ]
    for what, options, expected in pages:
        seen = await work.probe("services.listed", project=scene.project, **options)
        scene.same(f"We listed {what}", [task["id"] for task in seen.value], expected)
    await scene.tasks(*[{}] * 110)
    seen = await work.probe("services.listed", project=scene.project)
    scene.same("We listed a project of 123 tasks without a limit", len(seen.value), 123)


@check("services.create.returns_the_task_loaded")
async def test_create_returns_the_task_loaded(work: Work, scene: Any) -> None:
    """returns the task with its id, project, assignee and creator"""
    [parent] = await scene.tasks({})
    due = work.draw.moment().astimezone(UTC).isoformat()
    short = {"title": work.draw.title()}
    full = short | {
        "description": work.draw.title(),
        "status": work.draw.choice(["in_progress", "review", "blocked"]),
        "priority": work.draw.choice(["low", "high", "critical"]),
        "assignee_id": scene.assignee,
        "parent_task_id": parent,
    }
    tags = [work.draw.word(), work.draw.word()]
    kept = dict.fromkeys(full) | {"status": "pending", "priority": "medium"}
    kept |= {"project_id": scene.project, "created_by_id": scene.creator}
    did = "We created a task"
    for data in (full, short):
        seen = await scene.create(**data, due_date=due, tags=tags)
        who = data.get("assignee_id")
        links = {"project": scene.project, "assignee": who, "created_by": scene.creator}
        task = scene.returned(seen, did, **links)
        row = (await scene.rows()).get(task["id"])
        work.expect(row, f"{did} and looked with a new connection for its id: nothing there.")
        scene.same(f"{did} and looked at its row", row, kept | data | {"id": task["id"]})
        stored = await scene.stored(task["id"])
        scene.same(f"{did} with a due date and read it", stored["due_date"], due)
        if stored["tags"] != "not loaded":  # the column is an exercise of its own
            scene.same(f"{did} with tags and read them", stored["tags"], tags)


@check("services.create.writes_the_audit_row_with_it")
async def test_create_writes_the_audit_row_with_it(work: Work, scene: Any) -> None:
    """writes one audit row, in the task's own transaction"""
    await scene.tasks(*[{}] * 40)  # the next task's id is no other row's
    await scene.create(project_id=scene.far)  # nor the highest plus one: this one took it
    taken = {row["id"] for row in await work.rows("SELECT id FROM audit_log")}
    did = "We created a task and looked into audit_log"
    task = scene.returned(await scene.create(creator=scene.other, assignee_id=scene.assignee), did)
    expected = {"entity_type": "task", "entity_id": task["id"], "action": "created"}
    rows = await work.rows("SELECT id, entity_type, entity_id, action, actor_id FROM audit_log")
    new = [row for row in rows if row.pop("id") not in taken]
    scene.same(did, new, [expected | {"actor_id": scene.other}])
    before = await scene.count("task", "audit_log")
    await scene.create(breaks="audit_log")
    tasks, audited = await scene.count("task", "audit_log")
    did = "We let the INSERT into audit_log fail and looked for new tasks"
    why = "A commit ran before the audit row was written."
    scene.same(did, tasks - before[0], audited - before[1], why)


@check("services.create.refuses_a_parent_from_another_project")
async def test_create_refuses_a_parent_from_another_project(work: Work, scene: Any) -> None:
    """refuses a parent from another project with a ConflictError"""
    here, there = await scene.tasks({}, {"project_id": scene.elsewhere})
    did = "We created a task below one of the same project"
    task = scene.returned(await scene.create(parent_task_id=here), did)
    did = "We created a task below one of another project"
    scene.refused(await scene.create(parent_task_id=there), "ConflictError", did)
    scene.same(f"{did} and looked at all ids", [*await scene.rows()], [here, there, task["id"]])


@check("services.update.changes_only_what_was_set")
async def test_update_changes_only_what_was_set(work: Work, scene: Any) -> None:
    """changes what was set, clears what was set to None, leaves the rest"""
    full = {"description": work.draw.title(), "status": "review", "priority": "high"}
    full |= {"assignee_id": scene.assignee, "due_date": work.draw.moment().isoformat()}
    due = work.draw.moment().astimezone(UTC).isoformat()
    [parent] = await scene.tasks({})
    id, bystander = await scene.tasks(*[full | {"parent_task_id": parent}] * 2)
    expected, others = await scene.rows(), await scene.stored(id)
    steps: list[tuple[str, dict[str, Any]]] = [
        ("the title", {"title": work.draw.title()}),
        ("status and assignee", {"status": "blocked", "assignee_id": scene.other}),
        ("tags and due date", {"tags": [work.draw.word()], "due_date": due}),
        ("tags again", {"tags": [work.draw.word(), "again"]}),
        ("nothing", {}),
        ("description and assignee to None", {"description": None, "assignee_id": None}),
        ("parent and due date to None", {"parent_task_id": None, "due_date": None}),
    ]
    for what, data in steps:
        did = f"We updated {what}"
        seen = await scene.change(id, data=data)
        expected[id] |= {name: data[name] for name in data if name in expected[id]}
        scene.returned(seen, did, assignee=expected[id]["assignee_id"])
        rows, stored = await scene.rows(), await scene.stored(id)
        scene.same(f"{did} and looked at its row", rows[id], expected[id])
        scene.same(f"{did} and looked at another task", rows[bystander], expected[bystander])
        others |= {name: data[name] for name in ("tags", "due_date") if name in data}
        for name in ("tags", "due_date"):
            if stored[name] != "not loaded":  # tags are an exercise of their own
                scene.same(f"{did} and looked at {name}", stored[name], others[name])


@check("services.update.moves_updated_at")
async def test_update_moves_updated_at(work: Work, scene: Any) -> None:
    """moves updated_at, and created_at stays"""
    past = {"updated_at": "2020-02-03T04:05:06+00:00", "created_at": "2020-01-02T03:04:05+00:00"}
    [id, _] = await scene.tasks(past, past)
    sql = "SELECT created_at, updated_at FROM task ORDER BY id"
    before = await work.rows(sql)
    did = "We updated a title and looked at"
    seen = await scene.change(id, data={"title": work.draw.title()})
    task = scene.returned(seen, "We updated a title")
    after = await work.rows(sql)
    moved = after[0]["updated_at"] != before[0]["updated_at"]
    work.expect(moved, f"{did} updated_at: expected a new time, found the one of before.")
    same = after[0]["created_at"] == before[0]["created_at"] and after[1] == before[1]
    work.expect(same, f"{did} created_at and at another task: expected the times of before.")
    same = task["updated_at"] == (await scene.stored(id))["updated_at"]
    work.expect(same, f"{did} the returned updated_at: expected what is stored, found another.")


@check("services.update.writes_over_what_others_wrote")
async def test_update_writes_over_what_others_wrote(work: Work, scene: Any) -> None:
    """writes a value that another session had changed meanwhile"""
    [id] = await scene.tasks({"status": "pending", "priority": "low"})
    theirs = {"status": "review", "priority": "critical"}
    did = "We read a pending task, another session set it to review, we updated it to pending"
    scene.returned(await scene.change(id, data={"status": "pending"}, meanwhile=theirs), did)
    row = (await scene.rows())[id]
    why = "Compared with what the caller held nothing had changed, and nothing was written."
    scene.same(did, row["status"], "pending", why)
    did = "We updated the status of a task whose priority another session had changed"
    scene.same(did, row["priority"], "critical", "What the caller held was written over it.")


@check("services.update.reports_a_task_that_is_gone")
async def test_update_reports_a_task_that_is_gone(work: Work, scene: Any) -> None:
    """reports a task that is gone with a NotFoundError"""
    id, control = await scene.tasks({}, {})
    data = {"title": work.draw.title()}
    scene.returned(await scene.change(control, data=data), "We updated a task")
    did = "We updated a task that another session had deleted"
    scene.refused(await scene.change(id, data=data, meanwhile="delete"), "NotFoundError", did)
    scene.same(f"{did} and looked at all ids", [*await scene.rows()], [control])


@check("services.assign.loads_the_new_assignee")
async def test_assign_loads_the_new_assignee(work: Work, scene: Any) -> None:
    """assigns the task and returns it with the new assignee"""
    did = "We assigned a task"
    for id in await scene.tasks({"assignee_id": scene.assignee, "description": "As it was"}, {}):
        before = (await scene.rows())[id]
        seen = await scene.change(id, "assign", worker=scene.other, loaded="assignee")
        scene.returned(seen, did, assignee=scene.other)
        expected = before | {"assignee_id": scene.other}
        scene.same(f"{did} and looked at its row", (await scene.rows())[id], expected)
    did = "We read a task, another session gave it to somebody else, we assigned it as it was"
    theirs = {"assignee_id": scene.creator, "title": work.draw.title()}
    how = {"meanwhile": theirs, "loaded": "assignee"}
    scene.returned(await scene.change(id, "assign", worker=scene.other, **how), did)
    why = "Compared with what the caller held nothing had changed, and nothing was written."
    row = (await scene.rows())[id]
    scene.same(f"{did}: its assignee", row["assignee_id"], scene.other, why)
    did = "We read a task, another session gave it a title, we assigned it"
    why = "What the caller held was written over it."
    scene.same(f"{did}: its title", row["title"], theirs["title"], why)


@check("services.assign.leaves_it_to_nobody_with_none")
async def test_assign_leaves_it_to_nobody_with_none(work: Work, scene: Any) -> None:
    """leaves the task to nobody when told None"""
    [id] = await scene.tasks({"assignee_id": scene.assignee})
    did = "We assigned a task to None"
    seen = await scene.change(id, "assign", worker=None, loaded="assignee")
    scene.returned(seen, did, assignee=None)
    scene.same(f"{did} and looked at its row", (await scene.rows())[id]["assignee_id"], None)


@check("services.delete.deletes_the_task_alone")
async def test_delete_deletes_the_task_alone(work: Work, scene: Any) -> None:
    """deletes the task; its subtasks stay, without a parent"""
    sibling, parent = await scene.tasks({}, {})
    [id] = await scene.tasks({"parent_task_id": parent})
    [subtask] = await scene.tasks({"parent_task_id": id})
    before = await scene.count("worker", "project")
    did = "We deleted a task that had a parent and a subtask"
    scene.returned(await scene.change(id, "delete"), did)
    rows = await scene.rows()
    scene.same(f"{did} and looked at all ids", [*rows], [sibling, parent, subtask])
    scene.same(f"{did}: the subtask's parent", rows[subtask]["parent_task_id"], None)
    after = await scene.count("worker", "project")
    scene.same(f"{did} and counted workers and projects", after, before)


@check("services.delete.reports_a_task_that_is_gone")
async def test_delete_reports_a_task_that_is_gone(work: Work, scene: Any) -> None:
    """reports a task that is already gone with a NotFoundError"""
    id, control = await scene.tasks({}, {})
    scene.returned(await scene.change(control, "delete"), "We deleted a task")
    seen = await scene.change(id, "delete", meanwhile="delete")
    scene.refused(seen, "NotFoundError", "We deleted a task that another session had deleted")


FAILURES: dict[str, dict[str, Any]] = {
    "whose audit row could not be written": {"breaks": "audit_log"},
    "and the request was cancelled on the way": {"breaks": "audit_log", "cancels": True},
    "and the commit failed": {"breaks": "commit"},
}


@check("services.rollback.leaves_nothing_behind")
async def test_rollback_leaves_nothing_behind(work: Work, scene: Any) -> None:
    """leaves nothing behind when something fails on the way"""
    [there] = await scene.tasks({"project_id": scene.elsewhere})
    scene.returned(await scene.create(), "We created a task")
    refusals = {
        "below one of another project": {"parent_task_id": there},
        "for a creator who isn't there": {"creator": scene.far},
    }
    for what, how in (refusals | FAILURES).items():
        did = f"We created a task {what}"
        scene.failed(await scene.create("failing", **how), did)
        did += ", committed in the same session, and counted tasks and audit rows of it"
        tasks, audited = await scene.count("task", "audit_log")
        why = "Without a rollback the next commit takes along what was left."
        scene.same(did, [tasks - 2, audited - 1], [0, 0], why)
    [here] = await scene.tasks({})
    did = "We put a task below one of another project"
    seen = await scene.change(here, data={"parent_task_id": there}, then_commits=True)
    scene.failed(seen, did)
    did += ", committed in the same session, and looked at its parent"
    scene.same(did, (await scene.rows())[here]["parent_task_id"], None, why)


@check("services.rollback.keeps_the_session_usable")
async def test_rollback_keeps_the_session_usable(work: Work, scene: Any) -> None:
    """keeps the session usable after something failed"""
    for what, how in ({"in no project": {"project_id": scene.far}} | FAILURES).items():
        good = {"title": work.draw.title(), "project_id": scene.project}
        seen = await scene.create("failing", then=good, **how)
        did = f"We created a task {what}"
        scene.failed(seen, did)
        did += ", then another one in the same session"
        scene.went(seen, did, "after")
        titles = [row["title"] for row in (await scene.rows()).values()]
        scene.same(f"{did}, and looked for its row", titles.count(good["title"]), 1)
    gone = {"meanwhile": "delete"}
    for did, how in (
        ("We gave a task to a worker who isn't there", {"data": {"assignee_id": scene.far}}),
        ("We updated a task that was gone", {"data": {"description": None}} | gone),
        ("We assigned a task that was gone", {"method": "assign"} | gone),
        ("We deleted a task that was gone", {"method": "delete"} | gone),
    ):
        [id] = await scene.tasks({})
        good = {"title": work.draw.title(), "project_id": scene.project, "creator": scene.creator}
        seen = await scene.change(id, **how, then=good)
        if not seen.error_in("call"):  # refusals are an exercise of their own
            continue
        scene.went(seen, f"{did}, then created one in the same session", "after")


@check("services.refusals.reports_rows_that_do_not_exist")
async def test_refusals_report_rows_that_do_not_exist(work: Work, scene: Any) -> None:
    """reports rows that do not exist with a NotFoundError"""
    id, parent = await scene.tasks({}, {})
    good = {"assignee_id": scene.assignee, "parent_task_id": parent}
    scene.returned(await scene.create(**good), "We created a task with keys that are there")
    for key in ("project_id", "assignee_id", "parent_task_id", "creator"):
        keys = good if key != "project_id" else {}  # a parent would be of another project, too
        seen = await scene.create(**{**keys, key: scene.far})
        scene.refused(seen, "NotFoundError", f"We created a task with an unknown {key}")
    scene.returned(await scene.change(id, data=good), "We updated with keys that are there")
    for key in good:
        seen = await scene.change(id, data={key: scene.far})
        scene.refused(seen, "NotFoundError", f"We updated a task with an unknown {key}")
    seen = await scene.change(id, "assign", worker=scene.far)
    scene.refused(seen, "NotFoundError", "We assigned a task to an unknown worker")
    seen = await scene.change(parent, "assign", worker=scene.other, meanwhile="delete")
    did = "We assigned a task that another session had deleted"
    scene.refused(seen, "NotFoundError", did)
    if work.kind == "postgresql":  # on SQLite whoever writes is alone
        for key in ("assignee_id", "creator"):
            [*_, going] = await scene.enter(4)
            seen = await scene.create(**{key: going}, breaks="task", by_deleting=going)
            did = f"Another session deleted the {key} between what was asked and the INSERT"
            if seen.error_in("call"):  # who had locked the row is not in its way
                scene.refused(seen, "NotFoundError", did)
        [*_, going] = await scene.enter(4)
        [id] = await scene.tasks({})
        seen = await scene.change(id, "assign", worker=going, by_deleting=going)
        did = "Another session deleted the worker between what was asked and the UPDATE"
        if seen.error_in("call"):
            scene.refused(seen, "NotFoundError", did)


@check("services.refusals.reports_a_broken_rule")
async def test_refusals_report_a_broken_rule(work: Work, scene: Any) -> None:
    """reports a broken rule with a ConflictError"""
    id, parent, there = await scene.tasks({}, {}, {"project_id": scene.elsewhere})
    did = "We put a task below one of the same project"
    scene.returned(await scene.change(id, data={"parent_task_id": parent}), did)
    for what, other in (("one of another project", there), ("itself", id)):
        seen = await scene.change(id, data={"parent_task_id": other})
        scene.refused(seen, "ConflictError", f"We put a task below {what}")
    title = "Explain the foreign key that is not present"
    seen = await scene.change(id, data={"parent_task_id": id, "title": title})
    did = f"We put a task below itself and called it {title!r}"
    scene.refused(seen, "ConflictError", did)
    found = (await scene.rows())[id]["parent_task_id"]
    scene.same("We looked at the task's parent after the refusals", found, parent)
