"""Tell an error the sandbox made from one the code made itself."""

import errno
import os
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path

REASONS = {
    errno.EPERM: "the sandbox does not let a submission do this",
    errno.EACCES: "the sandbox does not let a submission open this",
    errno.EROFS: "the sandbox lets a submission write in its own folder only",
    errno.EFBIG: "the sandbox limits the size of a file",
    errno.ENOSPC: "the sandbox limits what a submission may store",
    errno.EMFILE: "the sandbox limits the number of open files",
    errno.ENETUNREACH: "the sandbox has no network",
}
# What libraries say in their own words, without an error number.
WORDS = {
    "can't start new thread": "the sandbox limits the number of threads",
    "database or disk is full": "the sandbox limits what a submission may store",
    "attempt to write a readonly database": "the sandbox lets a submission write in its own"
    " folder only",
}


def refusal_of(error: BaseException, *, own: Sequence[Path] = ()) -> str | None:
    """Say what the sandbox refused when it, or its limits, caused this error.

    Looks through causes, contexts, groups and the wrapped driver errors of
    SQLAlchemy. With `own`, the folders of the submission, a file that is missing
    anywhere else counts too: mounts hide what they don't let through. Memory is not
    a refusal: MemoryError has a verdict of its own.
    """
    return next((reason for each in _behind(error) if (reason := _reason(each, own))), None)


def _reason(error: BaseException, own: Sequence[Path]) -> str | None:
    if isinstance(error, socket.gaierror):
        return REASONS[errno.ENETUNREACH]
    if isinstance(error, OSError) and error.errno in REASONS:
        return REASONS[error.errno]
    if own and isinstance(error, FileNotFoundError) and isinstance(error.filename, str):
        # A link of its own may lead to what it is not shown.
        path = Path(os.path.realpath(error.filename))
        inside = any(path.is_relative_to(os.path.realpath(folder)) for folder in own)
        return None if inside else "the sandbox shows a submission its own files only"
    # Only these types: a student's own message may hold the same words.
    if type(error).__module__ in ("builtins", "sqlite3"):
        try:
            said = str(error)
        except Exception:
            return None
        return next((reason for words, reason in WORDS.items() if said == words), None)
    return None


def _behind(error: BaseException) -> Iterator[BaseException]:
    waiting = [error]
    seen: set[int] = set()
    while waiting and len(seen) < 100:
        current = waiting.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        inner = current.exceptions if isinstance(current, BaseExceptionGroup) else ()
        further = (current.__cause__, current.__context__, getattr(current, "orig", None), *inner)
        waiting += [each for each in further if isinstance(each, BaseException)]
