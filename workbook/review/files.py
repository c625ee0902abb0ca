"""The files of a project: which are read, and how they are called."""

from __future__ import annotations

import os
import re
from pathlib import Path

TEMPLATE = re.compile(rb"\{%-? .*? -?%\}|\{\{ .*? \}\}")
SKIPPED = {"node_modules", "site-packages", "venv", "env", "build", "dist"}


def python_files(path: Path) -> list[Path]:
    """The Python files at or below a path; hidden and installed ones left out."""
    if path.is_file():
        return [path] if path.suffix == ".py" else []
    found: list[Path] = []
    for folder, below, names in os.walk(path):
        below[:] = sorted(
            name
            for name in below
            if name not in SKIPPED and not name.startswith((".", "__pycache"))
        )
        found += [Path(folder, name) for name in sorted(names) if name.endswith(".py")]
    return found


def is_newer_python(file: Path) -> bool:
    """Whether a file this Python can't read is written for a later one."""
    import libcst  # only broken files need it, and it takes long to import

    content = file.read_bytes()
    if b"\0" in content:
        return False
    try:
        libcst.parse_module(content)
    except (libcst.ParserSyntaxError, SyntaxError, ValueError):
        return False
    return True


def is_template(file: Path) -> bool:
    """Whether a file this Python can't read is one that Python files are made from."""
    return TEMPLATE.search(file.read_bytes()) is not None


def shown(file: Path) -> str:
    """The path as a reader would type it: below the current folder if it is."""
    absolute = file.resolve()
    try:
        return absolute.relative_to(Path.cwd()).as_posix()
    except ValueError:
        return file.as_posix()
