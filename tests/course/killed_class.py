"""`python -m tests.course.killed_class [COUNT] [LESSON…]`: a large class, killed three times.

A class of right, wrong, hostile and broken submissions, packed in every way, is graded behind
walls twice: undisturbed, and with `kill -9` on the way and `--resume` after it. Prints what it
took and whether all that people open came out byte for byte the same.
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil

from tests.course.attacks import World, attacks
from tests.course.bank import right_answers, wrong_answers
from tests.course.packing import recipes
from workbook.course import Course
from workbook.cuts import render, starter
from workbook.grading.gradebook.book import FILE

COURSE = Course.load()
BROKEN = {
    "essay.docx": b"PK\x03\x04 no project",
    "cut.zip": b"PK\x03\x04",
    "empty.tar.gz": b"",
    "letter.rar": b"Rar!",
}


def hand_in(folder: Path, count: int, lessons: list[str], world: World) -> None:
    """Lays `count` submissions into a class folder, no two right ones the same."""
    folder.mkdir()
    for recipe in recipes():
        shutil.move(recipe.pack(folder), folder / f"archive-{recipe.pack(folder).name}")
    for name, content in BROKEN.items():
        (folder / f"broken-{name}").write_bytes(content)
    room = count - len(list(folder.iterdir()))
    for number, work in enumerate(itertools.islice(_works(folder, lessons, world), room)):
        _pack(work, number)


def _works(folder: Path, lessons: list[str], world: World) -> Iterator[Path]:
    """Every attack, every wrong answer of the lessons, a starter, then right answers."""
    for attack in attacks():
        yield attack.lay(COURSE, world, folder / f"hostile-{attack.kind}-{attack.name}")
    for answer in wrong_answers():
        if answer.lesson.partition("_")[2] in lessons:
            answer.lay(work := folder / f"wrong-{answer.name}")
            yield work
    yield _written(folder / "starter", starter(COURSE))
    for number in itertools.count():
        for right in right_answers():
            right.lay(work := folder / f"right-{right.name}{number}")
            yield _signed(work, number)
        work = _written(folder / f"right-reference{number}", render(COURSE, [], package="app"))
        yield _signed(work, number)


def _written(work: Path, texts: dict[str, str]) -> Path:
    for name, text in texts.items():
        path = work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return work


def _signed(work: Path, number: int) -> Path:
    with (work / "app" / "database.py").open("a", encoding="utf-8") as file:
        file.write(f"\n# {number}\n")
    return work


def _pack(work: Path, number: int) -> None:
    """A folder, a zip or a tar, in turns."""
    if number % 3 == 1:
        with zipfile.ZipFile(f"{work}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(path for path in work.rglob("*") if path.is_file()):
                archive.write(path, path.relative_to(work))
    elif number % 3 == 2:
        with tarfile.open(f"{work}.tgz", "w:gz") as packed:
            packed.add(work, "task-api")
    if number % 3:
        shutil.rmtree(work)


def start(folder: Path, out: Path, lessons: list[str], *more: str) -> subprocess.Popen[bytes]:
    """The command an instructor types."""
    chosen = [word for lesson in lessons for word in ("--lesson", lesson)]
    command = ["grade", str(folder), "--out", str(out), *chosen, *more]
    return subprocess.Popen(
        [sys.executable, "-c", "from workbook.commands import main; main()", *command]
    )


def settled(out: Path) -> int:
    """How many results the gradebook holds."""
    try:
        with closing(sqlite3.connect(f"file:{out / FILE}?mode=ro", uri=True)) as book:
            return int(book.execute("SELECT count(*) FROM result").fetchone()[0])
    except sqlite3.Error:
        return 0


def memory(run: subprocess.Popen[bytes]) -> int:
    """The bytes that the run and all it started hold for themselves."""
    try:
        family = [psutil.Process(run.pid), *psutil.Process(run.pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    total = 0
    for one in family:
        try:
            total += one.memory_full_info().uss
        except psutil.Error:
            continue
    return total


def wait(run: subprocess.Popen[bytes], out: Path, until: int | None = None) -> int:
    """Waits for the end, or for a number of results and then kills; the most memory seen."""
    most = 0
    while run.poll() is None:
        most = max(most, memory(run))
        if until is not None and settled(out) >= until:
            os.kill(run.pid, signal.SIGKILL)
            run.wait()
            print(f"killed after {settled(out)} results", flush=True)
        time.sleep(0.5)
    return most


def files(out: Path) -> dict[str, bytes]:
    """All that people open, apart from the page of times."""
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and path.name not in ("timing.html", ".lock") and FILE not in path.name
    }


def main() -> int:
    """Grades the class twice and compares."""
    count = int(sys.argv[1]) if sys.argv[1:] else 300
    lessons = sys.argv[2:] or ["engine"]
    place = Path(tempfile.mkdtemp(prefix="killed-class-"))
    whole, killed = place / "whole", place / "killed"
    with World.laid_out() as world:
        hand_in(place / "class", count, lessons, world)
        began = time.monotonic()
        most = wait(start(place / "class", whole, lessons), whole)
        took = time.monotonic() - began
        results = settled(whole)
        print(
            f"undisturbed: {count} handed in, {results} graded in {took:.0f} s,"
            f" {60 * results / took:.0f} a minute, {most / 2**20:.0f} MB at most"
        )
        for part in (1, 2, 3):
            wait(start(place / "class", killed, lessons, "--resume"), killed, results * part // 4)
        wait(start(place / "class", killed, lessons, "--resume"), killed)
    one, other = files(whole), files(killed)
    differing = sorted(name for name in {*one, *other} if one.get(name) != other.get(name))
    print(f"{len(one)} files of the undisturbed run, {len(differing)} differ: {differing[:20]}")
    print(f"left in {place}" if differing else "the same, byte for byte")
    if not differing:
        shutil.rmtree(place)
    return bool(differing)


if __name__ == "__main__":
    sys.exit(main())
