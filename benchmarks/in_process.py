"""A pytest plugin for comparison: probes run in pytest's own process, without a witness.

This is what a course without a judge does: the student's code beside the assertions.
"""

import io
from pathlib import Path
from typing import Any

import pytest

from workbook.judge import witnesses
from workbook.witness import child, limits
from workbook.witness.recording import Recording


class NoChannel:
    """Answers as a witness does, by calling one."""

    ended = False

    def __init__(self, witness: child.Witness) -> None:
        self._witness = witness

    async def ask(self, request: dict[str, Any], *, cpu: float, wall: float) -> dict[str, Any]:
        return await self._witness._answer(request | {"id": 0, "cpu": cpu})

    async def end(self, *, gone: bool = False) -> dict[str, Any]:
        await self._witness.kit.close()
        return {}


class NoNursery:
    """Opens witnesses that are no processes."""

    def __init__(self, probes: Path) -> None:
        child.load_probes(probes)
        self._recording = Recording()

    async def open(self, opening: dict[str, Any]) -> NoChannel:
        return NoChannel(child.Witness(opening, self._recording, _Nothing()))

    async def sweep(self) -> None: ...

    def close(self) -> None: ...


class _Nothing(io.BytesIO):
    """Output that nobody reads."""

    def fileno(self) -> int:
        return 0


def pytest_configure(config: pytest.Config) -> None:
    limits.allow_cpu = lambda seconds: None  # type: ignore[assignment]
    child.Witness._printed_since = lambda self, start: ""  # type: ignore[method-assign]
    witnesses.nursery = lambda probes, *rest: NoNursery(probes)  # type: ignore[assignment]
