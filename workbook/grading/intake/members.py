"""What a submission is made of, before anything of it is read."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

from workbook.grading.intake.limits import Limits, Refused

Kind = Literal["file", "link", "special"]

PRUNED = frozenset(
    {".git", ".hg", ".svn", ".venv", "venv", "env", "node_modules", "__pycache__", "__MACOSX"}
    | {".ipynb_checkpoints", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".workbook", ".idea"}
    | {".tox", ".nox", ".vscode"}
)
"""Folders that come along with every project; nobody looks inside."""


@dataclass(frozen=True)
class Member:
    """One thing in a submission: where it lies, what it is, how to read it."""

    path: str
    kind: Kind
    read: Callable[[int], bytes]


class Source(Protocol):
    """Somewhere members come from; it can be gone through more than once."""

    def members(self) -> Iterator[Member]: ...


def pruned(path: str) -> bool:
    """Whether the path lies in a folder nobody looks inside."""
    return not PRUNED.isdisjoint(path.split("/"))


def plain_path(name: str, limits: Limits) -> str:
    """The name as a relative path with forward slashes, or a refusal of the trick in it."""
    shown = ascii(name[:80])
    if "\0" in name:
        raise Refused(f"a name holds a NUL byte: {shown}")
    name = unicodedata.normalize("NFC", name.replace("\\", "/"))
    if name.startswith("/") or re.match(r"[A-Za-z]:", name):
        raise Refused(f"a name is an absolute path: {shown}")
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise Refused(f"a name climbs out of its folder: {shown}")
    try:
        long = len(name.encode()) > limits.path
    except UnicodeEncodeError:
        raise Refused(f"a name isn't UTF-8 text: {shown}") from None
    if long or len(parts) > limits.depth:
        raise Refused(f"a name is too long or too deep: {shown}")
    return "/".join(parts)
