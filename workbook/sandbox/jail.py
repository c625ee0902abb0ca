"""What a warm process may see, and where its interpreter lives."""

import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

# Not the whole of /usr: containers often keep their own work in /usr/src.
SYSTEM = tuple(
    Path(path)
    for path in ("/usr/lib", "/usr/lib64", "/usr/lib32", "/usr/bin", "/usr/share/zoneinfo")
)
SHARED_PREFIXES = (Path("/"), Path("/usr"), Path("/usr/local"))


@dataclass(frozen=True, kw_only=True)
class Jail:
    """The folders a warm process is given; each is seen at its own path.

    `read` are read-only trees (the interpreter, the workbook, the probes),
    `staging` holds the staged submissions (read-only), `socket_dir` one PostgreSQL
    server's socket. Where a rung has mounts of its own, scratch is a tmpfs of
    `scratch_bytes`; elsewhere it is the folder `scratch`, which the caller makes,
    empty, and removes. Inside, `tempfile.gettempdir()` names it either way.
    """

    read: Sequence[Path]
    staging: Path
    scratch_bytes: int = 128 << 20
    scratch: Path | None = None
    socket_dir: Path | None = None

    def trees(self) -> list[Path]:
        """List all that is bound read-only, parents before children."""
        sockets = [self.socket_dir] if self.socket_dir else []
        return sorted({Path(os.path.abspath(p)) for p in (*self.read, self.staging, *sockets)})


def interpreter_trees() -> list[Path]:
    """List the folders this Python runs from: its own, its base's, its links'."""
    trees: set[Path] = set()
    for prefix in {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}:
        for path in {Path(prefix), Path(prefix).resolve()}:
            trees.update(
                [path / "lib", path / "lib64", path / "bin"] if path in SHARED_PREFIXES else [path]
            )
    hop = Path(sys.executable)
    while hop.is_symlink():
        trees.add(hop.parent)
        hop = hop.parent / hop.readlink()
    return outermost(path for path in trees if path.is_dir())


def outermost(paths: Iterable[Path]) -> list[Path]:
    """Drop every path that lies inside another one."""
    kept: list[Path] = []
    for path in sorted({Path(os.path.abspath(p)) for p in paths}):
        if not any(path.is_relative_to(other) for other in kept):
            kept.append(path)
    return kept
