"""What the README shows is what the commands say."""

import re
from collections import defaultdict
from pathlib import Path

from tests.course.bank import wrong_answers
from tests.course.notebooks import NAMES, Notebook
from workbook import cards
from workbook.course import Course
from workbook.judge.run import Judges


def text() -> str:
    return (Course.load().root / "README.md").read_text()


async def test_the_card_is_what_a_check_said(judges: Judges, tmp_path: Path) -> None:
    (answer,) = [one for one in wrong_answers() if one.name == "commits_the_project_first"]
    answer.lay(tmp_path)
    result = await judges.run(["transactions.create_project"], tmp_path, seed=7)
    card = cards.text_result(judges.course, result).strip()
    shown = text().partition("```text\n")[2].partition("\n```")[0]
    assert shown == card


def test_the_map_is_the_map_of_the_course() -> None:
    course = Course.load()
    for lesson in course.lessons:
        name = f"{lesson.number:02}_{lesson.slug}"
        if lesson.extension and name not in NAMES:
            continue
        row = f"| [{lesson.title}](notebooks/{name}.ipynb) | {lesson.promise} | {lesson.minutes} |"
        assert row in text()


def test_the_short_way_is_called_by_its_id() -> None:
    notebook = "\n".join(Notebook("00_start_here").texts)
    assert Course.load().core
    assert all("`workbook check core`" in words for words in (text(), notebook))


def test_the_checklist_names_the_checks_that_hold_each_box() -> None:
    course, held = Course.load(), defaultdict(set)
    for check in course.checks:
        for box in check.boxes:
            held[box].add(check.id)
    rows = re.findall(
        r"^\|.*\| `([^`]+)` \| (.+) \|$", (course.root / "docs/checklist.md").read_text(), re.M
    )
    assert {box: set(re.findall("`([^`]+)`", checks)) for box, checks in rows} == held
