"""A class run in the jail, killed three times on its way, ends as one that nobody disturbed."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tarfile
import time
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from workbook.grading.gradebook.book import FILE

TALLY = Path(__file__).parent / "tally"
ADD, STORE = "    return left + right", "    await connection.commit()"
COUNT = 60
ANSWERS = {
    "right": (ADD, ADD),
    "subtracts": (ADD, "    return left - right"),
    "forgets": (STORE, "    pass"),
    "raises": (STORE, "    raise OverflowError(repr(connection))"),
    "spells": (ADD, "    return left +"),
    "ends": (STORE, "    import os; os._exit(0)"),
    "loops": (ADD, "    while True: pass"),
    "hoards": (ADD, "    return len(bytearray(2**34))"),
    "reads": (ADD, "    return open('/etc/shadow').read()"),
    "forks": (ADD, "    import os; os.fork(); return left + right"),
    "shouts": (ADD, "    raise ValueError('<script>alert(1)</script>\\x1b[31m=cmd()')"),
    "blank": (ADD, '    raise NotImplementedError("exercise tally.add")'),
}


def hand_in(folder: Path) -> None:
    """A class of sixty: each answer five times, each another text, packed in each way."""
    whole = (TALLY / "reference" / "tally.py").read_text()
    for number in range(COUNT):
        name, (old, new) = list(ANSWERS.items())[number % len(ANSWERS)]
        assert whole.count(old) == 1
        work = folder / f"{name}{number:02}"
        (work / "app").mkdir(parents=True)
        (work / "app" / "__init__.py").write_text("")
        (work / "app" / "tally.py").write_text(f"{whole.replace(old, new)}\n# {number}\n")
        if number % 3 == 1:
            with zipfile.ZipFile(f"{work}.zip", "w") as archive:
                for path in sorted(work.rglob("*.py")):
                    archive.write(path, path.relative_to(work))
        elif number % 3 == 2:
            with tarfile.open(f"{work}.tgz", "w:gz") as packed:
                packed.add(work, "task-api")
        if number % 3:
            shutil.rmtree(work)
    (folder / "zz_broken.zip").write_bytes(b"PK not a zip")


def start(folder: Path, out: Path, *more: str) -> "subprocess.Popen[bytes]":
    command = ["grade", str(folder), "--out", str(out), "--course", str(TALLY / "lessons")]
    program = "from workbook.commands import main; main()"
    return subprocess.Popen(
        [sys.executable, "-c", program, *command, "--jobs", "2", *more],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
    )


def settled(out: Path) -> int:
    """How many results the gradebook holds."""
    try:
        with closing(sqlite3.connect(f"file:{out / FILE}?mode=ro", uri=True)) as book:
            found = book.execute("SELECT count(*) FROM result").fetchone()
    except sqlite3.Error:
        return 0
    return int(found[0])


def files(out: Path) -> dict[str, bytes]:
    """All that people open, apart from the page of times."""
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and FILE not in path.name and path.name != "timing.html"
    }


@pytest.mark.proof
def test_three_kills_on_the_way_change_no_byte(tmp_path: Path) -> None:
    hand_in(tmp_path / "class")
    assert start(tmp_path / "class", tmp_path / "whole").wait() == 0
    for count in (8, 24, 45):
        run = start(tmp_path / "class", tmp_path / "killed", "--resume")
        while settled(tmp_path / "killed") < count:
            assert run.poll() is None, "the run ended before its time"
            time.sleep(0.05)
        os.kill(run.pid, signal.SIGKILL)
        run.wait()
    assert start(tmp_path / "class", tmp_path / "killed", "--resume").wait() == 0
    assert files(tmp_path / "killed") == files(tmp_path / "whole")
    marks = (tmp_path / "whole" / "grades.csv").read_text().splitlines()
    assert len(marks) == COUNT + 2
