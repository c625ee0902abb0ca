"""Every misconception of the bank is told so, and nothing beside it is touched."""

import ast
from pathlib import Path
from typing import Any

import pytest

from tests.course.bank import WrongAnswer, reference, wrong_answers
from workbook.course import Course
from workbook.judge.run import Judges

COURSE = Course.load()
ANSWERS = wrong_answers()
#: A few of each lesson, on SQLite alone: what `make test` has time for.
FEW = {
    "hands_the_url_on_as_text",
    "leaves_transactions_to_the_driver",
    "notices_changes_after_loading_only",
    "swaps_the_keys",
    "asks_for_each_tasks_workers",
    "commits_to_get_the_id",
    "forgets_the_rollback",
    "commits_the_project_first",
    "never_goes_back",
    "leaves_the_handle_rule_behind",
}
NOT_TOLD = {"ok", "not checked", "not started", "ours"}


def judged(answer: WrongAnswer) -> list[str]:
    """What is judged: the core lessons whose checks it fails, of others the exercises."""
    exercises = sorted({check.rpartition(".")[0] for check in answer.fails})
    lessons = {exercise: COURSE.lesson(exercise.partition(".")[0]) for exercise in exercises}
    return sorted({id if its.extension else its.slug for id, its in lessons.items()})


def touched(answer: WrongAnswer) -> set[str]:
    """The checks that may fail: of the exercises concerned, and what builds on them."""
    own = {check.rpartition(".")[0] for check in answer.fails} | set(answer.also)
    own |= {e.id for e in COURSE.exercises if own & {b.id for b in COURSE.prerequisites(e)}}
    return {c.id for c in COURSE.checks if c.exercise in own or own & set(c.needs)}


def faults(answer: WrongAnswer, result: dict[str, Any]) -> list[str]:
    """What the judge should have said about an answer, and did not."""
    rows = {row["id"]: row for row in result["checks"]}
    found = [
        f"{id} is {rows[id]['verdict']}" for id in answer.fails if rows[id]["verdict"] in NOT_TOLD
    ]
    stories = [rows[id]["story"] for id in answer.fails]
    if not any(word in story.lower() for word in answer.words for story in stories):
        found.append(f"none of {', '.join(answer.words)} in: {' | '.join(stories)}")
    if "*" not in answer.also:
        found += [
            f"{id}, which has nothing to do with it, is {row['verdict']}: {row['story']}"
            for id, row in rows.items()
            if row["verdict"] not in {"ok", "not checked"} and id not in touched(answer)
        ]
    return found


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: f"{answer.lesson}-{answer.name}")
def test_a_wrong_answer_fits_the_reference_and_is_python(answer: WrongAnswer) -> None:
    texts = answer.texts()
    assert texts != reference(answer.lesson)
    for edit in answer.edits:
        if edit.file.endswith(".py"):
            ast.parse(texts[edit.file])
    assert set(answer.fails) <= {check.id for check in COURSE.checks}
    assert set(answer.also) <= {exercise.id for exercise in COURSE.exercises} | {"*"}


def test_every_check_is_failed_by_a_wrong_answer() -> None:
    failed = {id for answer in ANSWERS for id in answer.fails}
    begun = {answer.lesson for answer in ANSWERS}
    held = [one for one in COURSE.lessons if f"{one.number:02}_{one.slug}" in begun]
    assert all(one.extension or one in held for one in COURSE.lessons)
    assert [check.id for one in held for check in one.checks if check.id not in failed] == []


@pytest.mark.parametrize(
    "answer", [a for a in ANSWERS if a.name in FEW], ids=lambda answer: answer.name
)
async def test_some_wrong_answers_are_told_on_sqlite(
    answer: WrongAnswer, judges: Judges, tmp_path: Path
) -> None:
    answer.lay(tmp_path)
    ids = sorted({check.rpartition(".")[0] for check in answer.fails})
    result = await judges.run(ids, tmp_path, databases=["sqlite"], seed=7)
    assert faults(answer, result) == []


@pytest.mark.proof
@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: f"{answer.lesson}-{answer.name}")
async def test_a_wrong_answer_is_told_and_nothing_else_is(
    answer: WrongAnswer, judges: Judges, tmp_path: Path
) -> None:
    answer.lay(tmp_path)
    result = await judges.run(judged(answer), tmp_path, seed=7)
    assert faults(answer, result) == []
