"""Lesson 9: the student's own tests and skill, judged by what they do."""

from typing import Any

from workbook.assembling import Block, place
from workbook.judge import NotYet, Seen, Work, check
from workbook.judge.rehearsal import Rehearsal

TESTS, SKILL = "tests/test_database.py", "skill/SKILL.md"
SECONDS = 10.0
SERVICES = {
    "writes_no_audit_row": "create wrote no audit row",
    "leaves_the_assignee_unloaded": "get left the assignee unloaded",
    "lists_every_status": "list_by_project ignored the status",
    "never_commits_an_update": "update never committed",
    "deletes_nothing": "delete deleted nothing",
}
TRANSACTIONS = {
    "leaves_half_a_project": "a project stayed although one of its titles was refused",
    "completes_every_project": "complete_project_tasks completed all projects",
    "lets_the_databases_error_out": "rename_worker let the database's own error out",
}


async def run(work: Work, change: str = "", until: int = 0) -> Seen:
    """How the student's tests ended in a witness of their own; a story when there are none."""
    await work.renew()
    seen = await work.probe("review.runs", change=change, until=until, cpu=SECONDS, wall=40.0)
    work.expect(seen.value["there"], f"There is no {TESTS} yet.")
    return seen


async def run_unchanged(work: Work) -> None:
    """The tests pass on the package as it is; otherwise what they notice says nothing."""
    seen = await run(work)
    passed, failed = len(seen.value["passed"]), seen.value["failed"]
    if failed:
        error = seen.error_in("first")
        story = (
            f"We ran {TESTS} on your package as it is: expected every test to pass;"
            f" {len(failed)} of {passed + len(failed)} did not, first {failed[0]}:"
            f" {error.message if error else ''}"
        )
        work.expect(False, story, error)
    story = f"We ran {TESTS}: expected at least one test, and pytest found none (test_…)."
    work.expect(passed, story)


async def expect_noticed(work: Work, changes: dict[str, str]) -> None:
    """Each broken promise fails at least one test."""
    await run_unchanged(work)
    missed = [
        broken
        for change, broken in changes.items()
        if not (await run(work, change, until=1)).value["failed"]
    ]
    work.expect(
        not missed,
        f"We broke your package in {len(changes)} ways, one at a time, and ran {TESTS} each time:"
        f" expected a test to fail. All of them passed although {'; although '.join(missed)}.",
    )


@check("review.tests.pass_on_your_package")
async def test_tests_pass_on_the_package(work: Work) -> None:
    """pass on your package, and not on one that does nothing"""
    await run_unchanged(work)
    seen = await run(work, "creates_nothing", until=1)
    work.expect(
        seen.value["failed"],
        f"We let TaskService.create do nothing and ran {TESTS}: expected a test to fail, and all"
        f" {len(seen.value['passed'])} passed.",
    )


@check("review.tests.notice_broken_services")
async def test_tests_notice_broken_services(work: Work) -> None:
    """notice each of five broken promises of TaskService"""
    await expect_noticed(work, SERVICES)


@check("review.tests.notice_broken_transactions")
async def test_tests_notice_broken_transactions(work: Work) -> None:
    """notice each of three broken promises of what takes more than one row"""
    await expect_noticed(work, TRANSACTIONS)


async def skill(work: Work) -> dict[str, Any]:
    """What the skill says; a story when there is none."""
    found = (await work.probe("review.skill")).value
    work.expect(found is not None, f"There is no {SKILL} yet.")
    return dict(found)


async def expect_of_blocks(work: Work, rehearsal: Rehearsal, needed: str, ids: list[str]) -> None:
    """The skill's blocks at a place, laid over the package alone or with all others, pass these."""
    found = await skill(work)
    told = [Block(str(b["path"]), str(b["text"]), int(b["line"])) for b in found["blocks"]]
    placed = place(told, ()).files
    blocks = {path: block for path, block in placed.items() if path.startswith(needed)}
    unnamed = found["unnamed"]
    story = f"We looked in {SKILL} for a code block that says it is {needed}, and found none."
    if unnamed:
        story += f" {unnamed} of its blocks say{'s' if unnamed == 1 else ''} no file at all."
    work.expect(blocks, story)
    source = ("app/", "alembic")
    project = {path: block for path, block in placed.items() if path.startswith(source)}
    alone = await rehearsal.hold({path: block.text for path, block in blocks.items()}, ids)
    if (last := alone[-1]).verdict != "ok" and len(project) > len(blocks):
        # Blocks that were written for one another needn't fit the package.
        whole = await rehearsal.hold({path: block.text for path, block in project.items()}, ids)
        last = last if whole[-1].verdict != "ok" else whole[-1]
    if last.verdict == "ours":
        raise RuntimeError(last.story)
    if last.verdict != "ok":
        line = min(block.line for block in blocks.values())
        where = f" (there at {last.where})" if last.where else ""
        did = f"We laid {' and '.join(blocks)} of your skill over your package and ran {last.check}"
        raise NotYet(f"{did}: {last.verdict}. {last.story}{where}", f"{SKILL}:{line}", last.sql)


@check("review.skill.says_what_it_is_for")
async def test_skill_says_what_it_is_for(work: Work) -> None:
    """says its name, and when to use it"""
    found = await skill(work)
    name, description = found.get("name", ""), found.get("description", "")
    story = (
        f"We read the front matter of {SKILL}: expected name: relational-db-agent and a"
        " description of a sentence or more that says what it does and when to use it (an agent"
        f" reads nothing else before it decides); found name {name!r}, description"
        f" {description[:80]!r}."
    )
    work.expect(name == "relational-db-agent" and len(description.split()) >= 8, story)


@check("review.skill.sets_the_engine_up")
async def test_skill_sets_the_engine_up(work: Work, rehearsal: Rehearsal) -> None:
    """brings an engine and sessions that hold: imports, pool, pre-ping"""
    ids = [
        "engine.build.talks_to_the_database",
        "engine.build.sizes_the_pool_where_it_can",
        "engine.build.survives_a_lost_connection",
        "engine.sessions.makes_sqlmodel_sessions",
        "engine.sessions.keeps_values_after_a_commit",
    ]
    await expect_of_blocks(work, rehearsal, "app/database.py", ids)


@check("review.skill.maps_json_and_relationships")
async def test_skill_maps_json_and_relationships(work: Work, rehearsal: Rehearsal) -> None:
    """brings a model with JSON and with every kind of relationship"""
    ids = [
        "models.task.keeps_its_fields",
        "models.json.stores_json",
        "models.assignments.tells_assignee_from_creator",
        "models.project_tasks.finds_its_tasks",
        "models.subtasks.looks_up_and_down",
    ]
    await expect_of_blocks(work, rehearsal, "app/models/", ids)


@check("review.skill.loads_lists_and_rolls_back")
async def test_skill_loads_lists_and_rolls_back(work: Work, rehearsal: Rehearsal) -> None:
    """brings a service that loads in few statements, each task once, and rolls back"""
    ids = [
        "services.get.loads_the_assignee",
        "services.list_by_project.needs_no_more_statements_for_more_tasks",
        "services.list_by_project.lists_each_task_once_in_order",
        "services.create.writes_the_audit_row_with_it",
        "services.rollback.leaves_nothing_behind",
        "services.rollback.keeps_the_session_usable",
    ]
    await expect_of_blocks(work, rehearsal, "app/services/", ids)


@check("review.skill.migrates_every_model")
async def test_skill_migrates_every_model(work: Work, rehearsal: Rehearsal) -> None:
    """brings an env.py that knows every model"""
    ids = ["migrations.env.reaches_the_database", "migrations.env.sees_every_model"]
    await expect_of_blocks(work, rehearsal, "alembic/env.py", ids)
