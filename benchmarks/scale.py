"""`python -m benchmarks.scale [COUNT…]`: ten times the class, ten times as long, no more memory.

Classes of the peers' small course are graded by `workbook grade`, walls and reports and all.
"""

import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from benchmarks.peers.job import judged_rightly, submissions
from benchmarks.peers.tools import by_workbook

MEGABYTE = 1024 * 1024


class Memory(threading.Thread):
    """Looks, every half second, what this process's children hold for themselves."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.run_itself: list[int] = []
        self.in_all: list[int] = []
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(0.5):
            try:
                run, *_ = psutil.Process().children()
                family = [run, *run.children(recursive=True)]
                held = [one.memory_full_info().uss for one in family]
            except (psutil.Error, ValueError):
                continue
            self.run_itself.append(held[0])
            self.in_all.append(sum(held))

    def end(self) -> None:
        """Look no more."""
        self._over.set()
        self.join()


def main() -> None:
    """Grades each class once and shows what it took."""
    counts = [int(word) for word in sys.argv[1:]] or [10, 100, 1000]
    table = Table("submissions", "s", "s a submission", "MB: the run", "MB: all, median", "most")
    for count in counts:
        with tempfile.TemporaryDirectory(prefix="scale-") as made:
            grade = by_workbook(submissions(count), Path(made), "--db", "sqlite")
            memory = Memory()
            memory.start()
            start = time.perf_counter()
            passed = grade()
            took = time.perf_counter() - start
            memory.end()
            assert len(passed) == count, passed
            assert judged_rightly(passed), passed
        figures = (max(memory.run_itself), statistics.median(memory.in_all), max(memory.in_all))
        table.add_row(
            str(count),
            f"{took:.1f}",
            f"{took / count:.3f}",
            *(f"{f / MEGABYTE:.0f}" for f in figures),
        )
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
