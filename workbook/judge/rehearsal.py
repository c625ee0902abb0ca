"""Other checks of the course, held against the same work with some of its files replaced."""

import inspect
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from workbook.course import Check
from workbook.cuts import render

from .channel import WitnessEndedError
from .options import confinement_of
from .outcome import Outcome, judge
from .sitting import Sitting
from .steady import steady
from .target import Target
from .work import Work

BESIDE = ("alembic", "alembic.ini")


class Rehearsal:
    """Lays files over the work under check, and runs checks on what comes of it."""

    def __init__(self, request: pytest.FixtureRequest, work: Work) -> None:
        self._items: dict[str, Any] = {}
        for item in request.session.items:
            mark = item.get_closest_marker("check")
            if mark and item.callspec.params.get("work") == work.kind:  # type: ignore[attr-defined]
                self._items[str(mark.args[0])] = item
        confined = confinement_of(request.config)
        self._work, self._staging = work, confined.staging if confined else None

    async def hold(self, files: Mapping[str, str], ids: Sequence[str]) -> list[Outcome]:
        """How these checks end, on the database of the work, until the first that is not ok."""
        outer = self._work.stand.sitting
        outcomes: list[Outcome] = []
        with _laid(outer, files, self._staging) as target:
            sitting = Sitting(
                outer.course,
                target,
                outer.seed,
                outer.nursery,
                outer.databases,
                outer.opening,
                slow=outer.slow,
            )
            try:
                for check in outer.course.select(ids):
                    held = self._work.kind in check.databases
                    if held and (not outcomes or outcomes[-1].verdict == "ok"):
                        outcomes.append(await self._one(check, sitting, target))
            finally:
                await sitting.close()
        return outcomes

    async def _one(self, check: Check, sitting: Sitting, target: Target) -> Outcome:
        """One check's outcome; nothing of it counts for the sitting around."""
        item, lesson = self._items[check.id], sitting.course.lesson(check.id.split(".")[0])
        work, caught = None, None
        try:
            work = await sitting.work(lesson, check, self._work.kind)
            await item.function(**{name: await _given(item, name, work) for name in _asked(item)})
        except Exception as error:
            caught = error
        if isinstance(caught, WitnessEndedError):
            sitting.note_end(check, caught)
        outcome = judge(check.id, self._work.kind, caught, work)
        return steady(outcome, target.root, work.databases) if work else outcome


def _asked(item: Any) -> list[str]:
    return list(inspect.signature(item.function).parameters)


async def _given(item: Any, name: str, work: Work) -> Any:
    """A fixture of a suite, made for another work than pytest would make it for."""
    if name == "work":
        return work
    made = item._fixtureinfo.name2fixturedefs[name][-1].func  # pytest names it nowhere else
    asked = inspect.signature(made).parameters
    value = made(**{other: await _given(item, other, work) for other in asked})
    return await value if inspect.isawaitable(value) else value


@contextmanager
def _laid(sitting: Sitting, files: Mapping[str, str], staging: Path | None) -> Iterator[Target]:
    """A copy of the project with these files in place of its own, gone afterwards."""
    course, work = sitting.course, sitting.target
    root = Path(tempfile.mkdtemp(prefix="laid-", dir=staging)).resolve()
    try:
        if work.package == course.reference:
            files = {**render(course, ()), **files}
        else:
            shutil.copytree(work.package, root / course.package, ignore=_no_work)
            for name in (name for name in BESIDE if (work.root / name).exists()):
                _copy(work.root / name, root / name)
        for file, text in files.items():
            path = (root / file).resolve()
            if not path.is_relative_to(root):
                raise ValueError(f"{file} is no file of a project")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        for path in (root, *root.rglob("*")):  # the user inside a jail has to read it
            path.chmod(0o755 if path.is_dir() else 0o644)
        yield Target(root, root / course.package, root)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _copy(place: Path, to: Path) -> None:
    if place.is_symlink():
        return
    if place.is_dir():
        shutil.copytree(place, to, ignore=_no_work)
    else:
        shutil.copyfile(place, to)


def _no_work(folder: str, names: list[str]) -> set[str]:
    """What is only a trace of running, and links, which lead out of the copy."""
    traces = {name for name in names if name == "__pycache__" or name.endswith((".pyc", ".db"))}
    return traces | {name for name in names if Path(folder, name).is_symlink()}
