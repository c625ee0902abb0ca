"""What a submission's folder holds: a project, or attempts at one."""

import os
import re
from pathlib import Path

from workbook.grading.cleaning import line
from workbook.grading.intake.archives import archived
from workbook.grading.intake.entries import listed, natural, stem_of

_NUMBERED = re.compile(r"(?i)(attempt|submission|try|v)?[-_ ]?\d[\d_T:Z.-]*")


def is_project(path: Path) -> bool:
    """Whether the folder is a project root."""
    return os.path.isdir(path / "app")


def is_whole(path: Path) -> bool:
    """Whether the folder is a project root, or a course whose exercises are one."""
    return is_project(path) or is_project(path / "exercises")


def lying_in(path: Path) -> list[Path]:
    """All that lies in a folder, in the order people number it; nothing where it can't be seen."""
    try:
        return sorted(path.iterdir(), key=lambda child: natural(child.name))
    except OSError:
        return []


def children(path: Path) -> list[Path]:
    """What lies in a folder, links aside."""
    return [child for child in lying_in(path) if not child.is_symlink()]


def attempts_in(path: Path) -> list[Path]:
    """A submission's attempts: itself, or the numbered folders or the archives it holds."""
    if not path.is_dir() or path.is_symlink() or is_whole(path):
        return [path]
    inside = children(path)
    folders = [child for child in inside if child.is_dir()]
    folders = [child for child in folders if child.name not in (".git", "__MACOSX")]
    packed = [child for child in inside if child.is_file() and archived(child.name)]
    if folders and not packed and all(_NUMBERED.fullmatch(child.name) for child in folders):
        return [attempt for child in folders for attempt in attempts_in(child)]
    if packed:
        return [child for child in inside if child in packed or _holds_project(child)]
    return [path]


def doubts_about(attempts: list[Path]) -> tuple[str, ...]:
    """A flag for each folder whose attempts may as well be the work of several people."""
    flags = []
    for folder in dict.fromkeys(attempt.parent for attempt in attempts):
        held = [attempt for attempt in attempts if attempt.parent == folder]
        if len(held) > 1 and not all(_NUMBERED.fullmatch(stem_of(attempt)) for attempt in held):
            names = listed([attempt.name for attempt in held])
            flags.append(
                f"{folder.name} holds {names}, which were taken for attempts of one person"
            )
    return tuple(line(flag, 300) for flag in flags)


def _holds_project(path: Path, deep: int = 2) -> bool:
    if is_project(path):
        return True
    return (
        deep > 0
        and path.is_dir()
        and any(_holds_project(child, deep - 1) for child in children(path))
    )
