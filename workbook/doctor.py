"""What this machine can do for the workbook, in words."""

from __future__ import annotations

import platform
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import cache_from_source, find_spec
from pathlib import Path

import psutil
from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
from packaging.requirements import Requirement

from workbook.cores import cores
from workbook.postgres import DatabaseUnavailable, Server
from workbook.postgres.account import shared_folder
from workbook.walls import Seen, State, see_account, see_bubblewrap, see_landlock, see_seccomp

LOCK = Path(__file__).parent.parent / "requirements.lock"
SET_UP = "Run make lab again: it installs what is missing."
LINUX = sys.platform == "linux"


@dataclass(frozen=True)
class Finding:
    """One thing looked at: `limited` works in part, `missing` takes something away."""

    name: str
    state: State
    says: str
    cure: str = ""


def examine() -> list[Finding]:
    """Look at all that the workbook leans on; takes a second or two, never raises."""
    findings = []
    for name, look in LOOKS.items():
        try:
            state, says, *cure = look()
        except Exception as error:  # on a broken machine the other looks still count
            state, says, cure = "missing", f"The look at it ended with {error!r}.", []
        findings.append(Finding(name, state, says, *cure))
    return findings


def _python() -> Seen:
    says = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}."
    if (3, 11) <= sys.version_info[:2] <= (3, 14):
        return "ok", says
    return "limited", says, "The workbook is tried on Python 3.11 to 3.14: make lab PYTHON=…"


def _packages() -> Seen:
    absent, other = [], []
    listed = requires("task-api-workbook") or ()
    needed = {Requirement(line).name for line in listed if "extra ==" not in line}
    locked = LOCK.read_text().splitlines() if LOCK.exists() else sorted(needed)
    for requirement in map(Requirement, locked):
        if requirement.marker is None or requirement.marker.evaluate():
            try:
                if not requirement.specifier.contains(version(requirement.name)):
                    other.append(requirement.name)
            except PackageNotFoundError:
                if requirement.name in needed:
                    absent.append(requirement.name)
    if absent:
        return "missing", f"Not installed: {', '.join(absent)}.", SET_UP
    if other:
        return "limited", f"Another version than the locked one: {', '.join(other)}.", SET_UP
    locked_to = "have the versions of requirements.lock" if LOCK.exists() else "are installed"
    return "ok", f"All packages {locked_to}."


def _compiled() -> Seen:
    for name in ("sqlalchemy", "sqlmodel", "alembic", "pydantic", "_pytest"):
        spec = find_spec(name)
        if spec and spec.origin and not Path(cache_from_source(spec.origin)).exists():
            return "limited", f"{name} isn't compiled, so a start takes twice as long.", SET_UP
    return "ok", "The packages are compiled."


def _warm_start() -> Seen:
    if LINUX:
        return "ok", "Each check starts as a fork of a warm process."
    return "limited", "Checks start in spawned processes here, which takes a little longer."


def _postgresql() -> Seen:
    without = "Pass a server with --db-url, or work on SQLite alone: --db sqlite."
    try:
        server = Server.shared()
    except DatabaseUnavailable as error:
        return "missing", str(error), without
    major = (server.folder / "data" / "PG_VERSION").read_text().strip()
    return "ok", f"PostgreSQL {major} starts and answers; its data is in {server.folder}."


def _sqlite() -> Seen:
    says = f"SQLite {sqlite3.sqlite_version}."
    if sqlite3.sqlite_version_info >= (3, 35):  # RETURNING
        return "ok", says
    return "missing", f"{says} The exercises need 3.35 or later.", "Use a newer Python."


def _cache() -> Seen:
    folder = shared_folder().parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return "ok", f"{folder} can be written."
    except OSError as error:
        cure = "Make it writable, or set XDG_CACHE_HOME to another folder."
        return "missing", f"{folder} can't be written: {error.strerror}.", cure


def _kernel() -> Seen:
    try:
        KernelSpecManager().get_kernel_spec("python3")
    except NoSuchKernel:
        return "missing", "Jupyter has no Python kernel.", SET_UP
    return "ok", "Jupyter has its Python kernel."


def _machine() -> Seen:
    ours, free = cores(), psutil.virtual_memory().available / 2**30
    says = f"{ours} {'core' if ours == 1 else 'cores'}, {free:.1f} GB of memory free."
    if free < 1:
        return "limited", says, "Close something: checks on both databases take about 1 GB."
    return "ok", says


def _browser() -> Seen:
    for name in ("chromium", "chromium-browser", "google-chrome", "chrome"):
        if shutil.which(name):
            return "ok", f"{name} is there for the browser tests."
    cure = "On Debian and Ubuntu: apt install chromium. Students don't need it."
    return "limited", "No Chromium, so make proof can't open the notebooks in a browser.", cure


LOOKS: dict[str, Callable[[], Seen]] = {
    "python": _python,
    "packages": _packages,
    "compiled": _compiled,
    "account": see_account,
    "cache": _cache,
    "machine": _machine,
    "warm start": _warm_start,
    "sqlite": _sqlite,
    "postgresql": _postgresql,
    "jupyter": _kernel,
    "bubblewrap": see_bubblewrap,
    "landlock": see_landlock,
    "seccomp": see_seccomp,
    "browser": _browser,
}
