"""A pytest plugin for comparison: probes run in pytest's own process, without a witness.

This is what a course without a judge does: the student's code beside the assertions.
"""

import io
import sys
from pathlib import Path
from typing import Any

import pytest

from workbook.judge import nurseries
from workbook.witness import child, limits


class NoChannel:
    """Answers as a witness does, by calling one."""

    ended = False

    def __init__(self, witness: child.Witness) -> None:
        self._witness = witness

    async def ask(self, request: dict[str, Any], *, cpu: float, wall: float) -> dict[str, Any]:
        return await self._witness._answer(request | {"id": 0, "cpu": cpu})

    async def confirm(self, *, wall: float) -> str:
        return ""

    async def end(self, *, gone: bool = False) -> dict[str, Any]:
        await self._witness.kit.close()
        return {}


class NoNursery:
    """Opens witnesses that are no processes."""

    def __init__(self, probes: Path) -> None:
        child.load_probes(probes)
        self._tools = child.Tools()

    def start(self) -> None: ...

    async def open(self, opening: dict[str, Any]) -> NoChannel:
        # The package keeps an engine; another database needs it imported anew.
        package = opening["name"]
        for name in [name for name in sys.modules if name.partition(".")[0] == package]:
            del sys.modules[name]
        return NoChannel(child.Witness(opening, self._tools, _Nothing()))

    async def sweep(self) -> None: ...

    def close(self) -> None: ...


class _Nothing(io.BytesIO):
    """Output that nobody reads."""

    def fileno(self) -> int:
        return 0


def pytest_configure(config: pytest.Config) -> None:
    limits.allow_cpu = lambda seconds: None  # type: ignore[assignment]
    child.Witness._printed_since = lambda self, start: ""  # type: ignore[method-assign]
    nurseries.nursery = lambda probes, *rest: NoNursery(probes)  # type: ignore[assignment]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One database after the other: there is one package and one environment here."""
    items.sort(key=lambda item: item.callspec.params["work"] != "sqlite")  # type: ignore[attr-defined]
