"""Tells an exception as data: its types, its words, and the student's own frames."""

import traceback
from functools import lru_cache
from pathlib import Path
from typing import Any

_WORDS = 1_000


def tell(error: BaseException, root: Path, package: Path, name: str) -> dict[str, Any]:
    """An exception as plain data.

    `types` lists the class names of its MRO, nearest first; `cause` the same for what it came
    from; `frames` the student's own lines as `app/module.py:12`, innermost last; `called` names
    the function of the outermost.
    """
    own = [
        (code.co_qualname, f"{place}:{line}")
        for frame, line in traceback.walk_tb(error.__traceback__)
        if (place := own_place((code := frame.f_code).co_filename, root, package, name))
    ]
    told: dict[str, Any] = {
        "types": _types(error),
        "message": _message(error),
        "frames": [place for _, place in own],
        "called": own[0][0] if own else "",
    }
    context = None if error.__suppress_context__ else error.__context__
    cause = error.__cause__ or context or getattr(error, "orig", None)
    if isinstance(cause, BaseException):
        told["cause"] = {"types": _types(cause), "message": _message(cause)}
    if isinstance(error, SyntaxError) and error.filename:
        place = own_place(error.filename, root, package, name)
        if place:
            told["frames"].append(f"{place}:{error.lineno or 1}")
    return told


@lru_cache(maxsize=2_000)
def own_place(filename: str, root: Path, package: Path, name: str) -> str | None:
    """`app/models/task.py` for a file of the student's, `None` for any other."""
    path = Path(filename)
    if path.is_relative_to(package):
        return f"{name}/{path.relative_to(package).as_posix()}"
    if path.is_relative_to(root / "alembic"):
        return path.relative_to(root).as_posix()
    return None


def _types(error: BaseException) -> list[str]:
    return [kind.__name__ for kind in type(error).__mro__ if kind is not object][:12]


def _message(error: BaseException) -> str:
    try:
        return str(error)[:_WORDS]
    except Exception:  # a student's __str__ may raise anything
        return "(its text could not be read)"
