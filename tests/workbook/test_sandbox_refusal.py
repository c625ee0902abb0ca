"""What the sandbox stopped is told apart from what the code got wrong itself."""

import errno
import sqlite3
from pathlib import Path

import pytest

from workbook.sandbox import refusal_of


class OfADriver(Exception):
    """An error as SQLAlchemy raises it: the driver's own is its `orig`."""

    def __init__(self, orig: BaseException) -> None:
        super().__init__("(OperationalError)")
        self.orig = orig


@pytest.mark.parametrize(
    "number", [errno.EPERM, errno.EACCES, errno.EROFS, errno.ENOSPC, errno.EFBIG, errno.EMFILE]
)
def test_the_kernels_no_is_a_refusal(number: int) -> None:
    """Each with a sentence for the student."""
    assert str(refusal_of(OSError(number, "no"))).startswith("the sandbox")


@pytest.mark.parametrize(
    "error",
    [
        KeyError("title"),
        MemoryError(),
        FileNotFoundError(2, "none", "app.db"),
        ConnectionRefusedError(111, "refused"),
        ValueError("can't start new thread"[::-1]),
        sqlite3.OperationalError("no such table: task"),
    ],
)
def test_an_error_of_the_code_is_not(error: Exception) -> None:
    """Memory has a verdict of its own."""
    assert refusal_of(error) is None


def test_a_refusal_is_found_behind_the_errors_that_hide_it() -> None:
    """As a cause, as what was being handled, in a group, in a driver's wrapper."""
    caused, handled = RuntimeError("a"), RuntimeError("b")
    caused.__cause__ = PermissionError(1, "no")
    handled.__context__ = PermissionError(1, "no")
    full = OfADriver(sqlite3.OperationalError("database or disk is full"))
    assert all(map(refusal_of, (caused, handled, ExceptionGroup("c", [handled]), full)))
    assert refusal_of(RuntimeError("can't start new thread"))


def test_errors_that_point_at_each_other_come_to_an_end() -> None:
    """A submission can build such a ring."""
    one, two = RuntimeError("one"), RuntimeError("two")
    one.__cause__, two.__cause__ = two, one
    assert refusal_of(one) is None


def test_a_file_that_mounts_hide_is_refused_and_a_missing_own_file_is_not() -> None:
    """Known by the folders of the submission."""
    own = [Path("/scratch"), Path("/staging/7")]
    assert refusal_of(FileNotFoundError(2, "none", "/etc/passwd"), own=own)
    assert refusal_of(FileNotFoundError(2, "none", "/staging/7/../8/app.py"), own=own)
    assert not refusal_of(FileNotFoundError(2, "none", "/staging/7/app/seed.json"), own=own)
    assert not refusal_of(FileNotFoundError(2, "none", "/etc/passwd"))
