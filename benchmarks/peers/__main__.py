"""`python -m benchmarks.peers [ROUNDS] [COUNT] [VENV] [TOOL…]`: the same job, in turns, medians.

The other tools go into an environment of their own, made for the run (or the one named). Of
TOOL the names that hold one of the words are measured, beside our own.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.peers.job import judged_rightly, submissions
from benchmarks.peers.notebooks import by_nbgrader, by_otter, environment
from benchmarks.peers.tools import by_pytest, by_workbook


def main() -> None:
    """Grades with each tool in turns, and shows seconds a submission."""
    given = sys.argv[1:]
    rounds, count = (int(given[0]) if given else 3), (int(given[1]) if given[1:] else 20)
    texts = submissions(count)
    with tempfile.TemporaryDirectory(prefix="peers-") as made:
        place = Path(made)
        python = environment(Path(given[2]) if given[2:] else place / "venv")
        tools = {
            "workbook grade, walls and reports": by_workbook(
                texts, place / "ours", "--db", "sqlite"
            ),
            "the same, one grader": by_workbook(
                texts, place / "alone", "--db", "sqlite", "--jobs", "1"
            ),
            "one pytest process each": by_pytest(texts, place / "pytest"),
            "nbgrader, all in one call": by_nbgrader(texts, place / "nbgrader", python),
            "otter run": by_otter(texts, place / "otter", python),
        }
        wanted = ["reports", *given[3:]] if given[3:] else [""]
        tools = {name: tool for name, tool in tools.items() if any(w in name for w in wanted)}
        times: dict[str, list[float]] = {name: [] for name in tools}
        for turn in range(rounds):
            for name in sorted(tools, reverse=bool(turn % 2)):
                start = time.perf_counter()
                passed = tools[name]()
                times[name].append((time.perf_counter() - start) / count)
                assert len(passed) == count, (name, passed)
                assert judged_rightly(passed), (name, passed)
    ours = statistics.median(next(iter(times.values())))
    table = Table("tool", "s a submission", "× ours", "all rounds")
    for name, took in times.items():
        median = statistics.median(took)
        each = " ".join(f"{seconds:.2f}" for seconds in took)
        table.add_row(name, f"{median:.3f}", f"{median / ours:.1f}", each)
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
