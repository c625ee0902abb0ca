"""Stage a project root, and nothing that lies beside it."""

import hashlib
import io
import zipfile
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from workbook.grading.cleaning import line
from workbook.grading.intake.limits import DEFAULT, LINK, Limits, Refused, size
from workbook.grading.intake.members import Member, Source
from workbook.grading.intake.roots import belongs, find_root, notes_about, within


@dataclass(frozen=True)
class Staged:
    """The files of one project root by path, and what was noticed on the way."""

    files: dict[str, bytes]
    notes: tuple[str, ...] = ()
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", digest_of(self.files))


def digest_of(files: dict[str, bytes]) -> str:
    """A hash of paths and contents, the same in whatever order they came."""
    total = hashlib.sha256()
    for path in sorted(files):
        total.update(f"{len(path.encode())}:{path}:".encode())
        total.update(hashlib.sha256(files[path]).digest())
    return total.hexdigest()


def stage(source: Source, limits: Limits = DEFAULT) -> Staged:
    """The project root found in the source; raises `Refused` with the reason there is none."""
    listed = [(member.path, member.kind) for member in source.members()]
    special = next((path for path, kind in listed if kind == "special"), None)
    if special is not None:
        raise Refused(f"{line(special, 80)} is a device, pipe or socket")
    links = [path for path, kind in listed if kind == "link"]
    try:
        root = find_root([path for path, _ in listed])
    except Refused:
        if not links:
            raise
        raise Refused(f"no app/ folder, and {line(links[0], 80)} {LINK}") from None
    linked = next((path for path in links if within(path, root)), None)
    if linked is not None:
        raise Refused(f"{line(linked, 80)} {LINK}")
    _refuse_collisions([path for path, _ in listed if belongs(path, root)])
    files: dict[str, bytes] = {}
    total = 0
    for member in source.members():
        if (kept := belongs(member.path, root)) is None:
            continue
        files[kept] = _content(member, kept, limits)
        total += len(files[kept])
        if total > limits.staged or len(files) > limits.staged_members:
            raise Refused(f"the project holds more than {size(limits.staged)} or too many files")
    return Staged(dict(sorted(files.items())), notes_about([path for path, _ in listed], root))


def bundle(files: dict[str, bytes]) -> bytes:
    """The files as one blob that travels to a grader and rests in the gradebook."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(files):
            archive.writestr(zipfile.ZipInfo(path), files[path], zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def unbundle(blob: bytes, folder: Path) -> Path:
    """Write a bundle of ours into the folder, which must be new, and return it."""
    folder.mkdir(parents=True)
    with zipfile.ZipFile(io.BytesIO(blob)) as archive:
        for name in archive.namelist():
            target = folder / PurePosixPath(name)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(archive.read(name))
    return folder


def unpacked(blob: bytes, name: str) -> bytes:
    """One file of a bundle of ours; empty where it has none of that name."""
    with zipfile.ZipFile(io.BytesIO(blob)) as archive:
        return archive.read(name) if name in archive.namelist() else b""


def _content(member: Member, path: str, limits: Limits) -> bytes:
    content = member.read(limits.file)
    if path.endswith(".py"):
        try:
            content.decode("utf-8")
        except UnicodeDecodeError as error:
            before = content[: error.start].count(b"\n") + 1
            raise Refused(f"{path} isn't UTF-8 text (line {before}): save it as UTF-8") from None
    return content


def _refuse_collisions(paths: list[str]) -> None:
    """Refuse names that are one file on some machines and two on others."""
    seen: set[str] = set()
    folders: set[str] = set()
    for path in paths:
        folded = path.casefold()
        if folded in seen:
            raise Refused(f"{line(path, 80)} is there twice, or differs in case alone")
        seen.add(folded)
        folders |= {str(parent) for parent in PurePosixPath(folded).parents}
    if clash := seen & folders:
        raise Refused(f"{line(min(clash), 80)} is a file and a folder")
    spelled: dict[str, str] = {}
    for path in paths:
        for parent in PurePosixPath(path).parents:
            if spelled.setdefault(str(parent).casefold(), str(parent)) != str(parent):
                raise Refused(f"{line(str(parent), 80)} differs from a sibling in case alone")
