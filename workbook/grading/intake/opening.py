"""The folder of a class, or the one archive of it unpacked for the while."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workbook.grading.intake.archives import Archive, archived
from workbook.grading.intake.entries import stem_of
from workbook.grading.intake.limits import MIB, Limits, Refused

BULK = Limits(
    archive=4096 * MIB, unpacked=4096 * MIB, file=256 * MIB, members=200_000, directory=64 * MIB
)


class IntakeError(ValueError):
    """The class folder can't be read; the message says what to give instead."""


@contextmanager
def opened(folder: Path) -> Iterator[Path]:
    """The class folder, unpacked for the while if it is one archive of a whole class."""
    if folder.is_dir():
        yield folder
        return
    if not folder.exists():
        raise IntakeError(f"there is no class folder at {folder}")
    if not folder.is_file() or not archived(folder.name):
        raise IntakeError(
            f"{folder.name} is no folder and no archive: give the class as a folder or a zip"
        )
    with tempfile.TemporaryDirectory(prefix="workbook-class-") as made:
        # The archive of one project names the person, so the folder has to keep its name.
        top = Path(made, stem_of(folder).strip(". ") or "class")
        top.mkdir()
        try:
            _unpack(Archive(folder, BULK), top)
        except (Refused, OSError) as error:
            raise IntakeError(f"{folder} can't be unpacked: {error}") from error
        yield top


def _unpack(archive: Archive, top: Path) -> None:
    """Write the files, and in place of each link one that leads nowhere, to be refused by name."""
    links: list[Path] = []
    for member in archive.members():
        target = top / member.path
        if member.kind == "file":
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(member.read(BULK.file))
        elif member.kind == "link":
            links.append(target)
    for target in links:
        if not os.path.lexists(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to("nowhere")
