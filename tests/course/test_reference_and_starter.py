"""The reference earns everything, the starter nothing, and each cut changes only its own."""

import ast
import re
import textwrap
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from workbook.course import Course, Exercise
from workbook.cuts import render
from workbook.cutting.source import Function, parse
from workbook.databases import KINDS
from workbook.judge.run import Judges
from workbook.starter import fill

COURSE = Course.load()
EXERCISES = [exercise for exercise in COURSE.exercises if exercise.cuts]
IDS = [exercise.id for exercise in EXERCISES]


def test_the_references_revisions_can_be_listed_without_a_database() -> None:
    scripts = ScriptDirectory.from_config(Config(COURSE.root / "alembic.ini"))
    assert [each.revision for each in scripts.walk_revisions()] == ["0003", "0002", "0001"]


def states(result: dict[str, Any]) -> dict[str, str]:
    return {row["id"]: row["verdict"] for row in result["checks"]}


def stories(result: dict[str, Any], ids: set[str]) -> str:
    return "\n".join(
        f"{r['id']}: {r['verdict']}: {r['story']}" for r in result["checks"] if r["id"] in ids
    )


def own(exercise: Exercise) -> set[str]:
    return {check.id for check in exercise.checks}


def after(exercise: Exercise) -> set[str]:
    """The checks that need an exercise, directly or not."""
    needy = {
        check.id
        for later in COURSE.exercises
        if exercise in COURSE.prerequisites(later)
        for check in later.checks
    }
    ids = {exercise.id} | own(exercise)
    return needy | {check.id for check in COURSE.checks if ids & set(check.needs)}


def around(exercise: Exercise) -> list[str]:
    """The lessons that are judged with it: all of the core, or the extension's own."""
    own = COURSE.lesson(exercise.lesson)
    return (
        [own.slug] if own.extension else [one.slug for one in COURSE.lessons if not one.extension]
    )


def others(exercise: Exercise) -> list[str]:
    """All exercises up to its lesson, of a core one up to the end of the core, without it."""
    its = COURSE.lesson(exercise.lesson)
    earlier = {
        lesson.slug
        for lesson in COURSE.lessons
        if (lesson.number <= its.number if its.extension else not lesson.extension)
    }
    return [one.id for one in COURSE.exercises if one.lesson in earlier and one.id != exercise.id]


def test_the_reference_knows_nothing_of_lessons() -> None:
    taught = re.compile(r"\b(lesson|exercise|notebook|student)", re.I)
    assert not [
        f"{file}: {line.strip()}"
        for file, text in render(COURSE, ()).items()
        if file.startswith(("app/", "alembic"))
        for line in text.splitlines()
        if taught.search(line)
    ]


def test_an_earlier_form_promises_what_the_reference_does() -> None:
    reference = render(COURSE, ())
    forms = [
        (cut, earlier)
        for exercise in EXERCISES
        for cut in exercise.cuts
        for earlier in ast.parse(textwrap.dedent(cut.was)).body
        if isinstance(earlier, Function) and ast.get_docstring(earlier)
    ]
    others = {
        cut.name
        for cut, earlier in forms
        for now in parse(reference[cut.file]).names[cut.name]
        if ast.get_docstring(now.node) != ast.get_docstring(earlier)
    }
    assert others == {"ready", "lifespan"}  # later lessons add to what these two promise


async def test_the_reference_earns_every_point_on_both_databases(judges: Judges) -> None:
    result = await judges.run((), COURSE.reference)
    failed = {id for id, state in states(result).items() if state != "ok"}
    assert not failed, stories(result, failed)
    assert (result["earned"], result["possible"]) == (100, 100)


async def test_the_untouched_starter_earns_nothing(judges: Judges, tmp_path: Path) -> None:
    fill(COURSE, tmp_path)
    result = await judges.run((), tmp_path)
    assert result["earned"] == result["extension"]["earned"] == 0
    assert set(states(result).values()) <= {"not started", "waits"}


async def test_the_core_exercises_alone_earn_the_core_checks(
    judges: Judges, tmp_path: Path
) -> None:
    core = [exercise for exercise in COURSE.exercises if exercise.core]
    assert [lesson.slug for lesson in COURSE.lessons if lesson.core_minutes] == [
        lesson.slug for lesson in COURSE.lessons if not lesson.extension
    ]
    assert sum(exercise.minutes for exercise in core) <= 160
    assert {check.exercise for check in COURSE.core} == {exercise.id for exercise in core}
    fill(COURSE, tmp_path, [exercise.id for exercise in core])
    result = await judges.run(["core"], tmp_path)
    failed = {id for id, state in states(result).items() if state != "ok"}
    assert not failed, stories(result, failed)


async def test_a_typo_in_a_later_lessons_file_costs_no_earlier_lesson(
    judges: Judges, tmp_path: Path
) -> None:
    fill(COURSE, tmp_path, IDS)
    with (tmp_path / "app" / "services" / "project_service.py").open("a") as file:
        file.write("def (\n")
    result = await judges.run(["services", "transactions"], tmp_path, databases=["sqlite"])
    failed = {id for id, state in states(result).items() if state not in {"ok", "not checked"}}
    assert {id.partition(".")[0] for id in failed} == {"transactions"}, stories(result, failed)
    assert "SyntaxError" in stories(result, failed)


@pytest.mark.proof
@pytest.mark.parametrize(("exercise", "kind"), list(zip(EXERCISES, cycle(KINDS))), ids=IDS)
async def test_a_cut_taken_out_of_the_reference_fails_its_exercise_and_what_waits_for_it(
    judges: Judges, tmp_path: Path, exercise: Exercise, kind: str
) -> None:
    fill(COURSE, tmp_path, others(exercise))
    result = await judges.run(around(exercise), tmp_path, databases=[kind])
    earned = {id for id, state in states(result).items() if state == "ok"}
    assert not own(exercise) & earned, f"earned by a blank: {sorted(own(exercise) & earned)}"
    fine = {"ok", "waits", "not checked"}
    told = {id for id, state in states(result).items() if state not in fine}
    strangers = told - own(exercise) - after(exercise)
    assert not strangers, stories(result, strangers)
    assert not {"ours", "crashed"} & set(states(result).values())


@pytest.mark.proof
@pytest.mark.parametrize("exercise", EXERCISES, ids=IDS)
async def test_a_cut_put_into_the_starter_earns_its_exercise_alone(
    judges: Judges, tmp_path: Path, exercise: Exercise
) -> None:
    fill(COURSE, tmp_path, [exercise.id])
    (tmp_path / "alembic").mkdir(exist_ok=True)  # alembic init makes it along with the ini
    result = await judges.run(around(exercise), tmp_path)
    earned = {id for id, state in states(result).items() if state == "ok"}
    assert earned <= own(exercise) | after(exercise), sorted(earned - own(exercise))
    if not COURSE.prerequisites(exercise):
        assert own(exercise) <= earned, stories(result, own(exercise) - earned)
    assert not {"ours", "crashed"} & set(states(result).values())
