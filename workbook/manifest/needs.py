"""What needs what: ids are unique, needs are known, and none waits for itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter

from workbook.manifest.lesson import Exercise, Lesson


def faults(lessons: Iterable[Lesson]) -> Iterator[str]:
    """One line for each id used twice, need nobody has, and circle of needs."""
    lessons = tuple(lessons)
    exercises = {each.id: (lesson, each) for lesson in lessons for each in lesson.exercises}
    known = set(exercises) | {check.id for lesson in lessons for check in lesson.checks}
    twice = list(_twice(lessons))
    yield from twice
    unknown = False
    for lesson, exercise in exercises.values():
        for need in exercise.needs:
            if need not in exercises:
                unknown = True
                yield f"{lesson.file}: {exercise.id}: needs {need}, which is no exercise"
            elif exercises[need][0].number > lesson.number:
                yield f"{lesson.file}: {exercise.id}: needs {need}, which a later lesson holds"
            elif exercise.core and not exercises[need][1].core:
                yield f"{lesson.file}: {exercise.id}: is core, and needs {need}, which is not"
        for check in exercise.checks:
            for need in check.needs:
                if need not in known and need not in exercise.needs:
                    unknown = True
                    yield f"{lesson.file}: {check.id}: needs {need}, which nothing is called"
    if not twice and not unknown:
        yield from _circle(lessons)


def before(exercise: Exercise, exercises: tuple[Exercise, ...]) -> tuple[Exercise, ...]:
    """All that must pass before this exercise can, directly or not, in order."""
    by_id = {each.id: each for each in exercises}
    found: set[str] = set()
    waiting = [exercise]
    while waiting:
        for need in waiting.pop().needs:
            if need not in found:
                found.add(need)
                waiting.append(by_id[need])
    return tuple(each for each in exercises if each.id in found)


def _twice(lessons: tuple[Lesson, ...]) -> Iterator[str]:
    for kind, ids in (
        ("lesson number", [str(lesson.number) for lesson in lessons]),
        ("lesson", [lesson.slug for lesson in lessons]),
        ("exercise", [each.id for lesson in lessons for each in lesson.exercises]),
        ("check", [check.id for lesson in lessons for check in lesson.checks]),
    ):
        for id, count in Counter(ids).items():
            if count > 1:
                files = [lesson.file for lesson in lessons if _holds(lesson, kind, id)]
                yield f"{', '.join(files)}: {id}: {count} times the same {kind} id"


def _holds(lesson: Lesson, kind: str, id: str) -> bool:
    return str(lesson.number) == id if kind == "lesson number" else lesson.slug == id.split(".")[0]


def _circle(lessons: tuple[Lesson, ...]) -> Iterator[str]:
    """An exercise holds when its checks do, a check when its needs do."""
    graph: dict[str, set[str]] = {}
    for lesson in lessons:
        for exercise in lesson.exercises:
            graph[exercise.id] = {check.id for check in exercise.checks}
            graph |= {check.id: set(check.needs) for check in exercise.checks}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = error.args[1]
        exercises = [id for id in circle if id.count(".") == 1]
        shown = exercises if len(set(exercises)) > 1 else circle
        (lesson,) = (each for each in lessons if each.slug == circle[0].split(".")[0])
        yield f"{lesson.file}: {shown[0]}: the needs go in a circle: {' → '.join(shown)}"
