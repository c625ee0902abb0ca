"""What a review can see of the wrong answers it sees, and it says nothing else of them."""

from functools import cache
from pathlib import Path

import pytest

from tests.course.bank import WrongAnswer, lay, reference, wrong_answers
from tests.course.notebooks import COURSE, Notebook
from workbook.review import review_path

ANSWERS = wrong_answers()
VISIBLE = [answer for answer in ANSWERS if answer.review]


def named(answer: WrongAnswer) -> str:
    return f"{answer.lesson}-{answer.name}"


def told(folder: Path) -> set[tuple[str, str]]:
    """The findings in a project by code and message, wherever it lies."""
    place = f"{folder.as_posix()}/"
    return {(item.code, item.message.replace(place, "")) for item in review_path(folder)}


@cache
def told_of_the_reference(lesson: str, folder: Path) -> frozenset[tuple[str, str]]:
    lay(reference(lesson), folder)
    return frozenset(told(folder))


@pytest.fixture(scope="session")
def references(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("references")


def new(answer: WrongAnswer, folder: Path, references: Path) -> set[str]:
    """The codes of what is found in the answer and not in the reference at its lesson."""
    answer.lay(folder)
    before = told_of_the_reference(answer.lesson, references / answer.lesson)
    return {code for code, _ in told(folder) - before}


def test_the_answers_that_can_be_seen_stay_as_many() -> None:
    assert len(VISIBLE) >= 49


def test_about_one_in_eight_can_be_seen_as_notebook_and_page_say() -> None:
    assert 1 / 9 < len(VISIBLE) / len(ANSWERS) < 1 / 7
    page = (COURSE.root / "docs" / "review" / "README.md").read_text(encoding="utf-8")
    for text in (page, "\n".join(Notebook("09_review").texts)):
        assert "sees about one in eight" in text


@pytest.mark.parametrize("answer", VISIBLE, ids=named)
def test_a_wrong_answer_that_can_be_seen_is_seen(
    answer: WrongAnswer, tmp_path: Path, references: Path
) -> None:
    assert new(answer, tmp_path, references) == set(answer.review)


@pytest.mark.proof
@pytest.mark.parametrize("answer", [a for a in ANSWERS if not a.review], ids=named)
def test_of_the_others_the_review_says_nothing(
    answer: WrongAnswer, tmp_path: Path, references: Path
) -> None:
    assert new(answer, tmp_path, references) == set()
