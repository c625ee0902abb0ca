"""A course is read from a folder, and every fault of it is one clear line."""

from pathlib import Path

import pytest

from workbook.course import Course, CourseError, LessonId, UnknownId

FIRST = """
slug = "engine"
title = "Engine"
promise = "One engine."
minutes = 10
[objectives]
opens = "Open an engine."
[[exercises]]
id = "url"
title = "the async form of a URL"
minutes = 5
objective = "opens"
hints = ["where", "which", "shape"]
cuts = [ { file = "app/database.py", body = "async_url" } ]
checks = [ { id = "converts", points = 2 },
           { id = "keeps_passwords", points = 1, databases = ["postgresql"], boxes = ["a.b"] } ]
"""
SECOND = """
title = "Services"
promise = "Each one transaction."
minutes = 10
imports = ["app.services"]
extension = true
[objectives]
reads = "Read."
[[exercises]]
id = "get"
title = "one task"
minutes = 5
objective = "reads"
needs = ["engine.url"]
hints = ["where", "which", "shape"]
checks = [ { id = "loads", points = 2, needs = ["engine.url.converts"] } ]
[[exercises]]
id = "delete"
title = "no task"
minutes = 5
objective = "reads"
needs = ["services.get"]
hints = ["where", "which", "shape"]
checks = [ { id = "deletes", points = 2 } ]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lessons = tmp_path / "tool" / "lessons"
    lessons.mkdir(parents=True)
    (lessons / "course.toml").write_text('title = "Tiny"\nfiles = ["alembic.ini"]\n')
    (lessons / "01_engine.toml").write_text(FIRST)
    (lessons / "03_services.toml").write_text(SECOND)
    (tmp_path / "solution").mkdir()
    (tmp_path / "solution" / "database.py").write_text("def async_url(url):\n    return url\n")
    return lessons


def edit(folder: Path, file: str, old: str, new: str) -> None:
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1))


def test_a_folder_of_lessons_is_a_course(folder: Path) -> None:
    course = Course.load(folder)
    assert [(lesson.number, lesson.slug) for lesson in course.lessons] == [
        (1, "engine"),
        (3, "services"),
    ]
    assert [each.id for each in course.exercises] == [
        "engine.url",
        "services.get",
        "services.delete",
    ]
    url, get, delete = course.exercises
    assert url.checks[0].id == "engine.url.converts"
    assert url.checks[0].databases == ("sqlite", "postgresql")
    assert url.checks[1].databases == ("postgresql",)
    assert get.checks[0].needs == ("engine.url", "engine.url.converts")
    assert (url.lesson, url.points, course.lessons[1].extension) == ("engine", 3, True)
    assert course.prerequisites(delete) == (url, get)


def test_the_places_of_a_course_hang_on_its_root(folder: Path) -> None:
    course = Course.load(folder)
    root = folder.parent.parent
    assert (course.root, course.package, course.title) == (root, "app", "Tiny")
    assert course.reference == root / "solution"
    assert course.starter == root / "exercises"
    assert course.suites == root / "tests/graded"
    assert course.source("app/models/task.py") == root / "solution/models/task.py"
    assert course.source("alembic/env.py") == root / "alembic/env.py"


@pytest.mark.parametrize(
    ("ids", "checks"),
    [
        (["engine.url.converts"], ["converts"]),
        (["engine.url"], ["converts", "keeps_passwords"]),
        (["services"], ["loads", "deletes"]),
        (["3"], ["loads", "deletes"]),
        (["03"], ["loads", "deletes"]),
        (["03_services"], ["loads", "deletes"]),
        (["services", "engine.url.converts", "services.get"], ["converts", "loads", "deletes"]),
        ([], ["converts", "keeps_passwords", "loads", "deletes"]),
    ],
)
def test_every_kind_of_id_selects_checks(folder: Path, ids: list[str], checks: list[str]) -> None:
    assert [check.id.split(".")[2] for check in Course.load(folder).select(ids)] == checks


def test_core_selects_what_holds_once_the_core_exercises_are_done(folder: Path) -> None:
    with pytest.raises(UnknownId):
        Course.load(folder).select(["core"])
    for file, id in (("01_engine.toml", "url"), ("03_services.toml", "get")):
        edit(folder, file, f'id = "{id}"', f'id = "{id}"\ncore = true')
    selected = [check.id.split(".")[2] for check in Course.load(folder).select(["core"])]
    assert selected == ["converts", "keeps_passwords", "loads"]


def test_an_unknown_id_is_answered_with_close_ones(folder: Path) -> None:
    course = Course.load(folder)
    with pytest.raises(UnknownId, match=r"servces\.get") as caught:
        course.select(["servces.get"])
    assert caught.value.close[0] == "services.get"
    with pytest.raises(UnknownId, match=r'"7"; the lessons are: engine, services$'):
        course.select(["7"])


@pytest.mark.parametrize("id", ["services", "3", "03", "03_services"])
def test_a_lesson_where_one_exercise_is_needed_is_answered_with_its_exercises(
    folder: Path, id: str
) -> None:
    with pytest.raises(LessonId) as caught:
        Course.load(folder).exercise(id)
    assert str(caught.value) == (
        f'"{id}" is a lesson; name one of its exercises: services.get, services.delete'
    )


def test_a_check_belongs_to_its_exercise_and_what_is_called_alike_does_not(folder: Path) -> None:
    course = Course.load(folder)
    assert course.exercise("services.get.loads").id == "services.get"
    with pytest.raises(UnknownId, match=r"close to it: services\.get"):
        course.exercise("services.get.lods")


@pytest.mark.parametrize(
    ("file", "old", "new", "fault"),
    [
        (
            "03_services.toml",
            '"engine.url"]\n',
            '"engine.uri"]\n',
            "services.get: needs engine.uri",
        ),
        ("03_services.toml", "engine.url.converts", "engine.url.x", "loads: needs engine.url.x"),
        (
            "01_engine.toml",
            "hints",
            'needs = ["services.get"]\nhints',
            "which a later lesson holds",
        ),
        ("03_services.toml", 'id = "delete"', 'id = "get"', "services.get: 2 times the same"),
        ("01_engine.toml", '"keeps_passwords"', '"converts"', "2 times the same check id"),
        (
            "03_services.toml",
            'needs = ["engine.url"]',
            'needs = ["services.delete"]',
            "the needs go in a circle: services.",
        ),
        ("01_engine.toml", '"which", ', "", "engine.url: hints: an exercise has three hints"),
        ("01_engine.toml", '"which"', '" "', "engine.url: hints: an exercise has three hints"),
        ("01_engine.toml", "points = 2", "points = 0", "engine.url.converts: points: "),
        ("01_engine.toml", "points = 2", 'points = "2"', "engine.url.converts: points: "),
        ("01_engine.toml", "points = 2", "point = 2", "engine.url.converts: point: unknown key"),
        ("01_engine.toml", "minutes = 5", "minute = 5", "engine.url: minute: unknown key"),
        ("01_engine.toml", "promise", "promises", "engine: promises: unknown key"),
        ("01_engine.toml", '["postgresql"]', '["mysql"]', "engine.url.keeps_passwords: databases"),
        ("01_engine.toml", '= "opens"', '= "shuts"', "engine.url: objective shuts is not among"),
        (
            "01_engine.toml",
            "database.py",
            "data.py",
            "engine.url: the reference has no app/data.py",
        ),
        (
            "03_services.toml",
            'id = "get"',
            'id = "get"\ncore = true',
            "services.get: is core, and needs engine.url, which is not",
        ),
        ("01_engine.toml", "body =", "boy =", "engine.url: cuts.0: a cut names one of"),
        ("01_engine.toml", '", body', '", was = "", body', "a body cut has no key was"),
        ("01_engine.toml", "app/database.py", "../x.py", "a path inside the project"),
        ("01_engine.toml", 'slug = "engine"', 'slug = "motor"', "slug is 'motor'"),
        ("01_engine.toml", "[objectives]", "[objectives", "01_engine.toml: "),
        ("course.toml", "title", "name", "course.toml: name: unknown key"),
    ],
)
def test_a_fault_is_one_line_that_names_file_and_id(
    folder: Path, file: str, old: str, new: str, fault: str
) -> None:
    edit(folder, file, old, new)
    with pytest.raises(CourseError) as caught:
        Course.load(folder)
    assert [line for line in caught.value.faults if fault in line], caught.value
    assert all(line.startswith(file) for line in caught.value.faults), caught.value
    assert not any("\n" in line for line in caught.value.faults)


def test_all_faults_are_named_at_once(folder: Path) -> None:
    edit(folder, "01_engine.toml", "points = 2", "points = 0")
    edit(folder, "03_services.toml", "points = 2", "points = -1")
    with pytest.raises(CourseError) as caught:
        Course.load(folder)
    assert len(caught.value.faults) == 2


def test_a_course_without_a_reference_loads(folder: Path) -> None:
    reference = folder.parent.parent / "solution"
    (reference / "database.py").unlink()
    reference.rmdir()
    assert Course.load(folder).exercises


def test_a_folder_without_a_course_is_named(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match=r"course\.toml: there is no such file"):
        Course.load(tmp_path)
