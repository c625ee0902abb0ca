"""Whole answers in other styles than the reference's earn everything."""

from pathlib import Path

import pytest

from tests.course.bank import RightAnswer, reference, right_answers
from workbook.course import Course
from workbook.judge.run import Judges

ANSWERS = right_answers()
CORE = [lesson.slug for lesson in Course.load().lessons if not lesson.extension]
#: What an answer to an extension can't do without.
BEGUN = {
    "tenancy": "app/tenancy",
    "api": "app/main.py",
    "production": "app/production",
    "review": "tests",
}


def answered(answer: RightAnswer) -> list[str]:
    """The lessons it goes through: the core, and each extension that it has begun."""
    return CORE + [slug for slug, place in BEGUN.items() if (answer.root / place).exists()]


def test_there_are_right_answers_in_at_least_three_styles() -> None:
    assert len(ANSWERS) >= 3


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer.name)
def test_a_right_answer_is_no_copy_of_the_reference(answer: RightAnswer, tmp_path: Path) -> None:
    answer.lay(tmp_path)
    written = {path.relative_to(tmp_path).as_posix(): path for path in tmp_path.rglob("*.py")}
    the_same = [
        file
        for file, text in reference(CORE[-1]).items()
        if file in written and not text.startswith('"""Given') and file.startswith("app/")
        if written[file].read_text(encoding="utf-8") == text
    ]
    assert the_same == []


@pytest.mark.proof
@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer.name)
async def test_a_right_answer_earns_everything(
    answer: RightAnswer, judges: Judges, tmp_path: Path
) -> None:
    answer.lay(tmp_path)
    result = await judges.run(answered(answer), tmp_path)
    missed = [
        f"{row['id']} is {row['verdict']}: {row['story']}"
        for row in result["checks"]
        if row["verdict"] != "ok"
    ]
    assert missed == []
    for points in (result, result["extension"]):
        assert points["earned"] == points["possible"]
