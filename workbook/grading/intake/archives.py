"""The members of a zip or tar, counted as they stream and never believed.

Nothing here writes a file, so no name in an archive can reach the disk.
"""

import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from workbook.grading.cleaning import line
from workbook.grading.intake.limits import DEFAULT, Limits, Refused, read_all, size
from workbook.grading.intake.members import Kind, Member, plain_path, pruned
from workbook.grading.intake.streams import Counted, Unpacked

SUFFIXES = (".zip", ".tar", ".tgz", ".tar.gz", ".tar.xz", ".txz", ".tar.bz2", ".tbz2", ".tbz")
UNREAD = (".rar", ".7z", ".tar.zst", ".tzst", ".zst", ".gz", ".xz", ".bz2")
_DAMAGE = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError,
    NotImplementedError, RuntimeError, ValueError, struct.error, OverflowError,
)  # fmt: skip
_MAGIC = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ": "xz"}


def archived(name: str) -> bool:
    """Whether the name is one an archive has."""
    return name.lower().endswith(SUFFIXES + UNREAD)


@dataclass(frozen=True)
class Archive:
    """A zip or tar file, told apart by its content and not by its name."""

    path: Path
    limits: Limits = DEFAULT

    def members(self) -> Iterator[Member]:
        """Every member once; raises `Refused` for what is damaged, too much or a trick."""
        if self.path.stat().st_size > self.limits.archive:
            raise Refused(f"the archive is larger than {size(self.limits.archive)}")
        with _told_as_damage(self.path.name), self.path.open("rb") as file:
            head = file.read(6)
            file.seek(0)
            if head.startswith(b"PK"):
                yield from _zipped(file, self.limits)
            else:
                yield from _tarred(file, head, self.limits)


@contextmanager
def _told_as_damage(name: str = "") -> Iterator[None]:
    """Refuse what can't be read; a name that no archive read here has is told first."""
    try:
        yield
    except _DAMAGE as error:
        said = ascii(str(error))[1:-1][:100]
        raise Refused(
            _other_kind(name) or f"the archive is damaged or of a kind not read here ({said})"
        ) from error


def _other_kind(name: str) -> str:
    if not name or name.lower().endswith(SUFFIXES):
        return ""
    if archived(name):
        return f"{line(name, 60)}: a kind of archive that isn't read here; hand in a zip"
    shown = line(name, 60)
    return f"{shown} is neither a project folder nor an archive; hand in a zip of the project"


def _zipped(file: IO[bytes], limits: Limits) -> Iterator[Member]:
    if _directory_size(file) > limits.directory:
        raise Refused(f"the archive lists more than {limits.members:,} members")
    with zipfile.ZipFile(file) as opened:
        listed = opened.infolist()
        kept = [info for info in listed if not pruned(info.filename)]
        if len(kept) > limits.members:
            raise Refused(f"the archive lists more than {limits.members:,} members")
        if sum(info.file_size for info in kept) > limits.unpacked:
            raise Refused(f"the archive unpacks to more than {size(limits.unpacked)}")
        for info in listed:
            path = plain_path(info.orig_filename, limits)
            kind = _kind(info.external_attr >> 16)
            if pruned(path) or (kind == "file" and (info.is_dir() or path == "")):
                continue
            if info.flag_bits & 0x1:
                raise Refused(f"{path} is encrypted: zip it again without a password")
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise Refused(f"{path} is packed in an unusual way: zip it again")

            def read(limit: int, info: zipfile.ZipInfo = info, path: str = path) -> bytes:
                with _told_as_damage(), opened.open(info) as stream:
                    return read_all(stream, limit, path)

            yield Member(path, kind, read)


def _directory_size(file: IO[bytes]) -> int:
    """What the zip library would read at once: the size of the list of members."""
    end = file.seek(0, 2)
    file.seek(max(0, end - 66_000))
    tail = file.read()
    file.seek(0)
    where = tail.rfind(b"PK\x05\x06")
    if where < 0 or len(tail) < where + 22:
        raise zipfile.BadZipFile("it ends before its list of members")
    claimed = int(struct.unpack_from("<L", tail, where + 12)[0])
    wide = tail.rfind(b"PK\x06\x06", 0, where)
    if wide >= 0 and len(tail) >= wide + 56:
        claimed = max(claimed % 0xFFFFFFFF, struct.unpack_from("<Q", tail, wide + 40)[0])
    return claimed


def _tarred(file: IO[bytes], head: bytes, limits: Limits) -> Iterator[Member]:
    packing = next((name for magic, name in _MAGIC.items() if head.startswith(magic)), "")
    stream = Counted(Unpacked(file, packing) if packing else file, limits.unpacked)
    count = 0
    with tarfile.open(fileobj=cast(IO[bytes], stream), mode="r|") as opened:
        for info in opened:
            path = plain_path(info.name, limits)
            if pruned(path) or info.isdir():
                continue
            count += 1
            if count > limits.members:
                raise Refused(f"the archive holds more than {limits.members:,} members")
            link = info.issym() or info.islnk()
            kind: Kind = "link" if link else "file" if info.isreg() else "special"

            def read(limit: int, info: tarfile.TarInfo = info, path: str = path) -> bytes:
                with _told_as_damage():
                    opening = opened.extractfile(info)
                    if opening is None:
                        raise Refused(f"{path} isn't a file")
                    return read_all(opening, limit, path)

            yield Member(path, kind, read)


def _kind(mode: int) -> Kind:
    if stat.S_ISLNK(mode):
        return "link"
    return "file" if stat.S_IFMT(mode) in (0, stat.S_IFREG, stat.S_IFDIR) else "special"
