"""Two ways to do the same work, in turns, and the ratio of their medians."""

import statistics
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

Work = Callable[[], Awaitable[object]]


@dataclass
class Ratio:
    """One comparison: medians in milliseconds, and the most their ratio may be."""

    kind: str
    name: str
    ours: float
    floor: float
    target: float

    @property
    def value(self) -> float:
        return self.ours / self.floor


async def compare(
    ours: Work, floor: Work, *, rounds: int, before: Work | None = None
) -> tuple[float, float]:
    """Run both in turns, once to warm up; return the two medians in milliseconds."""
    times: tuple[list[float], list[float]] = ([], [])
    for turn in range(rounds + 1):
        order = ((0, ours), (1, floor)) if turn % 2 else ((1, floor), (0, ours))
        for side, work in order:
            if before is not None:
                await before()
            start = time.perf_counter()
            await work()
            if turn:
                times[side].append((time.perf_counter() - start) * 1000)
    return statistics.median(times[0]), statistics.median(times[1])


def show(ratios: Iterable[Ratio]) -> None:
    """Print the ratios as a table."""
    table = Table("database", "work", "ours, ms", "the other, ms", "ratio", "at most")
    for each in ratios:
        table.add_row(
            each.kind,
            each.name,
            *(f"{number:.1f}" for number in (each.ours, each.floor)),
            *(f"{number:.2f}" for number in (each.value, each.target)),
        )
    Console().print(table)
