"""This workbook and plain pytest on the job; what they need is laid out before the clock runs."""

import csv
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.peers.job import ASSERTS, HERE

Grade = Callable[[], dict[str, int]]
"""Grades all and returns how many checks each student passed."""


def run(command: list[object], where: Path | None = None, *, failing: bool = False) -> str:
    """What a command says; it may fail where that is a grade."""
    words = [str(word) for word in command]
    found = f"{Path(words[0]).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        words, cwd=where, capture_output=True, text=True, env=os.environ | {"PATH": found}
    )
    if done.returncode and not failing:
        raise SystemExit(f"{command}\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return done.stdout


def by_workbook(texts: dict[str, str], place: Path, *more: str) -> Grade:
    """`workbook grade`, as an instructor types it, walls and reports and all."""
    for name, text in texts.items():
        app = place / "class" / name / "app"
        app.mkdir(parents=True)
        (app / "__init__.py").write_text("")
        (app / "notes.py").write_text(text)
    program = "from workbook.commands import main; main()"
    command = [sys.executable, "-c", program, "grade", place / "class", *more]
    command += ["--course", HERE / "lessons", "--out", place / "out"]

    def grade() -> dict[str, int]:
        shutil.rmtree(place / "out", ignore_errors=True)
        run(command)
        with (place / "out" / "grades.csv").open(encoding="utf-8") as file:
            return {row["student"]: int(row["earned"]) for row in csv.DictReader(file)}

    return grade


def by_pytest(texts: dict[str, str], place: Path) -> Grade:
    """One `python -m pytest` process for each."""
    for name, text in texts.items():
        (place / name / "app").mkdir(parents=True)
        (place / name / "app" / "__init__.py").write_text("")
        (place / name / "app" / "notes.py").write_text(text)
        (place / name / "asserts.py").write_text(ASSERTS)
        (place / name / "pytest.ini").write_text("[pytest]\nasyncio_mode = auto\n")
        (place / name / "test_notes.py").write_text(
            "import asserts\nimport pytest\n\nfrom app import notes\n\n\n"
            "@pytest.mark.parametrize('check', asserts.CHECKS)\n"
            "async def test_notes(check):\n"
            "    async with asserts.Desk(notes) as desk:\n        await check(desk)\n"
        )

    def grade() -> dict[str, int]:
        found = {}
        for name in texts:
            command = [sys.executable, "-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider"]
            said = run(command, place / name, failing=True)
            passed = re.search(r"(\d+) passed", said)
            found[name] = int(passed[1]) if passed else 0
        return found

    return grade
