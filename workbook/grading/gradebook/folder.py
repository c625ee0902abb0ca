"""The folder that holds a gradebook: found, and written to by one run at a time."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workbook.grading.gradebook.book import FILE, Gradebook, GradebookError, unusable


@contextmanager
def in_folder(out: Path) -> Iterator[Gradebook]:
    """The gradebook of a folder; raises `GradebookError` where there is none."""
    if not (out / FILE).is_file():
        raise GradebookError(f"there is no gradebook in {out}: name its folder with --out")
    with Gradebook(out / FILE) as book:
        yield book


@contextmanager
def only_one(out: Path) -> Iterator[None]:
    """Hold the folder; raises `GradebookError` while another process holds it."""
    out.mkdir(parents=True, exist_ok=True)
    held = sqlite3.connect(out / ".lock", isolation_level=None, timeout=0)
    try:
        held.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        held.close()
        if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise unusable(out / FILE, error, "written") from error
        raise GradebookError(f"another run is writing to {out}: wait for it, or stop it") from error
    try:
        yield
    finally:
        held.close()
