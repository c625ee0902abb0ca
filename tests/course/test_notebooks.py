"""How a notebook reads: short texts, short cells, a prediction in every section, live links."""

import re
from itertools import pairwise
from statistics import median

import pytest

from tests.course.notebooks import COURSE, NAMES, Notebook, lines, place, words
from workbook.cuts import starter

LESSONS = [name for name in NAMES if not name.startswith("00")]


def test_every_core_lesson_has_its_notebook() -> None:
    core = [lesson for lesson in COURSE.lessons if not lesson.extension]
    assert {*NAMES} >= {f"{lesson.number:02}_{lesson.slug}" for lesson in core}


@pytest.mark.parametrize("name", NAMES)
def test_texts_are_short(name: str) -> None:
    counts = [words(text) for text in Notebook(name).texts]
    assert max(counts) <= 120
    assert median(counts) <= 45


@pytest.mark.parametrize("name", NAMES)
def test_code_cells_are_short(name: str) -> None:
    counts = [lines(cell) for cell in Notebook(name).codes]
    assert max(counts) <= 15
    assert median(counts) <= 4


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_has_45_to_60_cells(name: str) -> None:
    assert 45 <= len(Notebook(name).cells) <= 60


@pytest.mark.parametrize("name", NAMES)
def test_headings_are_in_order(name: str) -> None:
    levels = [level for level, _ in Notebook(name).headings]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))


@pytest.mark.parametrize("name", NAMES)
def test_it_opens_with_a_promise_three_goals_and_minutes(name: str) -> None:
    opening = "\n".join(Notebook(name).texts[:2])
    goals = opening.partition("After this you can")[2]
    assert len(re.findall(r"^- ", goals, re.M)) == 3
    assert re.search(r"\d+ minutes", opening)


@pytest.mark.parametrize("name", LESSONS)
def test_it_promises_what_the_manifest_does(name: str) -> None:
    lesson = COURSE.lesson(name)
    _, promise, _, goals, *_ = Notebook(name).texts[0].split("\n\n")
    assert promise == lesson.promise
    told = [goal.strip(",.") for goal in re.findall(r"^- (.+)$", goals, re.M)]
    assert [f"{goal[0].upper()}{goal[1:]}." for goal in told] == [*lesson.objectives.values()]


@pytest.mark.parametrize("name", LESSONS)
def test_every_section_asks_to_predict_first(name: str) -> None:
    text = "\n".join(Notebook(name).texts)
    sections = re.split(r"^## ", text, flags=re.M)[1:]
    closing = ("In your own words", "Try with AI", "What comes next", "Where you are")
    missing = [
        section.splitlines()[0]
        for section in sections
        if "**Predict first.**" not in section and not section.startswith(closing)
    ]
    assert not missing


@pytest.mark.parametrize("name", LESSONS)
def test_every_exercise_has_its_check_and_its_build(name: str) -> None:
    code = "\n".join(cell.source for cell in Notebook(name).codes)
    for exercise in COURSE.lesson(name).exercises:
        assert f'await check("{exercise.id}"' in code
        assert re.search(rf'build\([^)]*"{exercise.id}"', code), exercise.id


@pytest.mark.parametrize("name", LESSONS)
def test_it_ends_with_three_questions_a_prompt_and_the_next_step(name: str) -> None:
    notebook = Notebook(name)
    slug = name.partition("_")[2]
    asked = [cell.source for cell in notebook.codes if cell.source.startswith("%%answer ")]
    assert [cell.split()[1] for cell in asked] == [f"{slug}.{number}" for number in (1, 2, 3)]
    titles = [title for level, title in notebook.headings if level == 2]
    assert titles[-3:] == ["In your own words", "Try with AI", "What comes next"]


@pytest.mark.parametrize("name", NAMES)
def test_every_link_leads_to_a_file(name: str) -> None:
    local = [link for link in Notebook(name).links if "://" not in link]
    assert local
    given = {COURSE.starter / file for file in starter(COURSE)}  # a student may have moved theirs
    files = given | {parent for file in given for parent in file.parents}
    assert not [link for link in local if place(link) not in files and not place(link).exists()]


@pytest.mark.parametrize("name", NAMES)
def test_outputs_are_kept_and_none_is_an_error(name: str) -> None:
    outputs = [output for cell in Notebook(name).codes for output in cell.outputs]
    assert len(outputs) >= 5
    assert not [output for output in outputs if output.output_type == "error"]
    assert not [output for output in outputs if output.get("name") == "stderr"]


@pytest.mark.parametrize("name", NAMES)
def test_every_picture_has_an_alternative(name: str) -> None:
    for cell in Notebook(name).codes:
        for output in cell.outputs:
            data = output.get("data", {})
            if {"text/html", "image/svg+xml", "text/markdown"} & set(data):
                assert data.get("text/plain", "").strip()
