"""Lesson 9: runs the student's own tests, and reads the student's skill."""

import asyncio
import os
import pkgutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from workbook.assembling import parse

from .kit import Kit
from .review_changes import apply

TESTS, SKILL = "tests/test_database.py", "skill/SKILL.md"
QUIET = ["terminal", "cacheprovider", "faulthandler", "unraisableexception", "threadexception"]
SETTINGS = ["asyncio_mode=auto", "filterwarnings=ignore"]


class Reports:
    """How each test of a run ended: names, and the first that failed with its place."""

    def __init__(self) -> None:
        self.passed: list[str] = []
        self.failed: list[str] = []
        self.first: dict[str, Any] | None = None

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._fail(report.nodeid, report.longrepr)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._fail(report.nodeid, report.longrepr)
        elif report.when == "call" and report.passed:
            self.passed.append(_name(report.nodeid))

    def _fail(self, id: str, told: Any) -> None:
        self.failed.append(_name(id))
        if self.first is None:
            crash = getattr(told, "reprcrash", None)
            words = str(crash.message if crash else told).strip()
            inside = [entry.reprfileloc for entry in _entries(told) if entry.reprfileloc]
            lines = [at.lineno for at in inside if str(at.path).endswith(Path(TESTS).name)]
            self.first = {
                "types": ["TestFailed"],
                "message": words[:600],
                "frames": [f"{TESTS}:{lines[-1]}"] if lines else [TESTS],
            }


def _name(id: str) -> str:
    return id.rpartition("::")[2] or id


def _entries(told: Any) -> list[Any]:
    return list(getattr(getattr(told, "reprtraceback", None), "reprentries", []))


@contextmanager
def _as_a_project(kit: Kit) -> Iterator[None]:
    """While it is open the package has the name that the tests beside it know it by."""
    plugins, cached = os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD"), sys.dont_write_bytecode
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"], sys.dont_write_bytecode = "1", True
    folder = kit.bench.package.name
    if folder != kit.bench.name:  # the reference's tests call it as its folder is called
        package = import_module(kit.bench.name)
        for found in pkgutil.walk_packages(package.__path__, f"{kit.bench.name}."):
            import_module(found.name)
        head = f"{kit.bench.name}."
        known = {n: m for n, m in sys.modules.items() if f"{n}.".startswith(head)}
        sys.modules |= {folder + name.removeprefix(kit.bench.name): m for name, m in known.items()}
    try:
        yield
    finally:
        sys.dont_write_bytecode = cached
        if plugins is None:
            del os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"]


async def runs(kit: Kit, *, change: str = "", until: int = 0) -> dict[str, Any]:
    """How the student's tests ended, with one promise of the package broken or none."""
    root = kit.bench.root
    if not (root / TESTS).is_file():
        return {"there": False}
    if change:
        apply(kit, change)
    reports = Reports()
    options = [f"--rootdir={root}", f"--confcutdir={root / 'tests'}", f"-c{os.devnull}", "-s"]
    options += ["--import-mode=importlib", "-ppytest_asyncio.plugin", f"--maxfail={until}"]
    options += [f"-pno:{name}" for name in QUIET]
    options += [f"-o{setting}" for setting in SETTINGS]
    with _as_a_project(kit):
        work = asyncio.to_thread(pytest.main, [str(root / TESTS), *options], plugins=[reports])
        code = int(await work)
    told = {"there": True, "code": code, "passed": reports.passed, "failed": reports.failed}
    return told | ({"first": {"error": reports.first}} if reports.first else {})


async def skill(kit: Kit) -> dict[str, Any] | None:
    """The skill's name, description and code blocks that say their file."""
    path = kit.bench.root / SKILL
    if not path.is_file():
        return None
    answer = parse(path.read_text(encoding="utf-8-sig"))
    blocks = [{"path": b.path, "text": b.text, "line": b.line} for b in answer.blocks if b.path]
    return {**answer.front, "blocks": blocks, "unnamed": len(answer.blocks) - len(blocks)}
