"""Packages are rendered from the whole reference and the cuts that are out."""

import ast
import itertools
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from workbook import cuts
from workbook.course import Course

TINY = Path(__file__).with_name("tiny_course") / "tool/lessons"


@pytest.fixture(params=[TINY, None], ids=["tiny", "real"])
def course(request: pytest.FixtureRequest) -> Course:
    """Every property holds on a small course and on this one."""
    return Course.load(request.param)


def ids(course: Course) -> list[str]:
    return [exercise.id for exercise in course.exercises]


def python(texts: dict[str, str]) -> dict[str, str]:
    return {file: text for file, text in texts.items() if file.endswith(".py")}


def test_with_nothing_out_every_byte_is_the_references(course: Course) -> None:
    rendered = cuts.render(course, (), package=course.reference.name)
    assert rendered
    for file, text in rendered.items():
        assert (course.root / file).read_bytes() == text.encode()


def test_cuts_are_taken_in_any_order_and_put_back(course: Course) -> None:
    whole = cuts.render(course, ())
    starter = cuts.starter(course)
    for seed in range(30):
        order = random.Random(seed).sample(ids(course), len(ids(course)))
        half = order[: len(order) // 2]
        assert cuts.render(course, set(half)) == cuts.render(course, half[::-1])
        assert cuts.render(course, order) == starter
        assert cuts.render(course, ()) == whole


def test_every_text_with_blanks_is_python(course: Course) -> None:
    every = ids(course)
    states = [{one} for one in every] + [set(every) - {one} for one in every]
    states += [set(cuts.later(course, lesson)) for lesson in course.lessons]
    for seed in range(30):
        draw = random.Random(seed)
        states.append({one for one in every if draw.random() < 0.5})
    for state in states:
        for file, text in python(cuts.render(course, state)).items():
            ast.parse(text, file)


def test_each_cut_alone_changes_its_own_files_and_no_other(course: Course) -> None:
    whole = cuts.render(course, ())
    for exercise in course.exercises:
        without = cuts.render(course, [exercise.id])
        changed = {file for file in whole if without.get(file) != whole[file]}
        assert changed == {cut.file for cut in exercise.cuts}, exercise.id


def test_each_exercise_fills_its_blank_in_the_starter(course: Course) -> None:
    starter, every = cuts.starter(course), set(ids(course))
    for exercise in course.exercises:
        filled = cuts.render(course, every - {exercise.id})
        changed = {file for file in filled if starter.get(file) != filled[file]}
        assert changed <= {cut.file for cut in exercise.cuts}, exercise.id


def test_the_package_grows_lesson_by_lesson_into_the_reference(course: Course) -> None:
    states = [set(cuts.later(course, lesson)) for lesson in course.lessons]
    assert states[-1] == set()
    assert all(after < before for before, after in itertools.pairwise(states))
    last = cuts.package_at(course, course.lessons[-1], package=course.reference.name)
    assert last == cuts.render(course, (), package=course.reference.name)


@pytest.mark.parametrize("state", ["starter", "first", "last"])
def test_the_package_imports(course: Course, tmp_path: Path, state: str) -> None:
    lesson = course.lessons[0 if state == "first" else -1]
    texts = cuts.starter(course) if state == "starter" else cuts.package_at(course, lesson)
    root = tmp_path / "work"
    for file, text in texts.items():
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text(text, encoding="utf-8")
    head = f"{course.package}/"
    modules = [
        file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for file in python(texts)
        if file.startswith(head)
    ]
    run = subprocess.run(
        [sys.executable, "-B", "-c", "import " + ", ".join(modules)],
        cwd=root,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr


def test_the_starter_speaks_of_no_other_package(course: Course) -> None:
    name = course.reference.name
    for file, text in python(cuts.starter(course)).items():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ImportFrom):
                assert (node.module or "").split(".")[0] != name or node.level, file
            if isinstance(node, ast.Import):
                assert name not in {alias.name.split(".")[0] for alias in node.names}, file
