"""Hostile archives, packed from a recipe: each must be refused with a reason."""

from __future__ import annotations

import io
import tarfile
import tomllib
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "hostile" / "archives"
MODES = {"tar": "w", "tar.gz": "w:gz"}


@dataclass(frozen=True)
class Recipe:
    """How to pack one archive, and what its refusal says."""

    name: str
    story: str
    says: str
    form: str
    members: list[dict[str, Any]]
    cut: int | None = None

    def pack(self, folder: Path) -> Path:
        """Writes the archive into a folder."""
        path = folder / f"{self.name}.{'zip' if self.form == 'raw' else self.form}"
        if self.form == "zip":
            _zip(path, self.members)
        elif self.form == "raw":
            path.write_bytes(_content(self.members[0]))
        else:
            _tar(path, MODES[self.form], self.members)
        if self.cut is not None:
            path.write_bytes(path.read_bytes()[: self.cut])
        return path


def recipes() -> list[Recipe]:
    """Every archive of the bank."""
    return [
        Recipe(name=path.stem, **tomllib.loads(path.read_text(encoding="utf-8")))
        for path in sorted(HERE.glob("*.toml"))
    ]


def _content(member: dict[str, Any]) -> bytes:
    if "hex" in member:
        return bytes.fromhex(member["hex"])
    return bytes(member["size"]) if "size" in member else str(member.get("text", "")).encode()


def _each(members: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for member in members:
        for number in range(member.get("times", 1)):
            yield member | {"name": member["name"].replace("{}", str(number))}


def _zip(path: Path, members: list[dict[str, Any]]) -> None:
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")  # of names that are there twice
        for member in _each(members):
            info = zipfile.ZipInfo(member["name"])
            info.compress_type = zipfile.ZIP_DEFLATED
            if "link" in member:
                info.create_system, info.external_attr = 3, 0o120777 << 16
            archive.writestr(info, member.get("link") or _content(member))


def _tar(path: Path, mode: str, members: list[dict[str, Any]]) -> None:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for member in _each(members):
            info = tarfile.TarInfo(member["name"])
            content = _content(member)
            for key, kind in (
                ("link", tarfile.SYMTYPE),
                ("hard", tarfile.LNKTYPE),
                ("device", tarfile.CHRTYPE),
                ("fifo", tarfile.FIFOTYPE),
            ):
                if key in member:
                    info.type, info.linkname = kind, str(member[key])
            info.size = len(content) if info.isreg() else 0
            archive.addfile(info, io.BytesIO(content) if info.isreg() else None)
