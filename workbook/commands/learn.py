"""`workbook status`, `hint` and `reset`: a student's own way through the lessons."""

from typing import Annotated

import typer

from workbook.cards import Map
from workbook.course import Course
from workbook.judge.target import find_target
from workbook.notebook.progress import Progress
from workbook.starter import reset as put_back

from .place import CourseOption, TargetOption, console

Exercise = Annotated[str, typer.Argument(help="An exercise, as services.get.")]


def status(course: CourseOption = None) -> None:
    """Shows the map of the lessons with what you have done in your own project."""
    found = Course.load(course)
    progress = Progress.of(found)
    console.print(Map.of(found, progress.passed, progress.partly(found)))
    ahead = [
        exercise
        for exercise in found.exercises
        if not {check.id for check in exercise.checks} <= progress.passed
    ]
    if ahead:
        console.print(f"\n  next  workbook check {ahead[0].id}", style="dim")


def hint(id: Exercise, course: CourseOption = None) -> None:
    """Shows the next of an exercise's three hints."""
    found = Course.load(course)
    exercise = found.exercise(id)
    given = Progress.of(found).next_hint(exercise.id, len(exercise.hints))
    console.print(f"{exercise.id}   {exercise.title}", style="bold")
    for number, text in enumerate(exercise.hints[:given], 1):
        console.print(f"\nhint {number} of {len(exercise.hints)}", style="dim")
        console.print(text, markup=False)
    if given == len(exercise.hints):
        console.print(
            f"\nThat was the last one. Check with: workbook check {exercise.id}", style="dim"
        )


def reset(id: Exercise, target: TargetOption = None, course: CourseOption = None) -> None:
    """Puts one exercise back to its blank; your text is kept beside it."""
    found = Course.load(course)
    exercise = found.exercise(id)
    kept = put_back(found, find_target(found, target or found.starter).root, exercise.id)
    if not kept:
        console.print(f"{exercise.id} is as the starter has it; nothing was changed.")
    for file, copy in kept.items():
        console.print(f"{file} has the blank of {exercise.id} again; your text is in {copy.name}")
