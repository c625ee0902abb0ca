"""How a long run is going: a bar on a terminal, now and then a line elsewhere."""

import time
from collections import Counter
from collections.abc import Callable
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bar

from workbook.grading.cleaning import line
from workbook.grading.running.events import Event, Faulted, Settled, Started, Stopping
from workbook.grading.wording import counted, last_words

EVERY = 30.0
"""Seconds between two lines where there is no terminal."""


class Progress:
    """Shows a run's events on a console; a with block around the run."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._console, self._clock = console, clock
        self._counts: Counter[str] = Counter()
        self._attempts = self._graded = 0
        self._began = self._spoke = clock()
        self._bar = Bar(
            TextColumn("grading"), BarColumn(bar_width=28), MofNCompleteColumn(),
            TextColumn("{task.fields[said]}"),
            console=console, transient=True, disable=not console.is_terminal,
        )  # fmt: skip
        self._task = self._bar.add_task("grading", total=None, said="starting graders")

    def __enter__(self) -> "Progress":
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def show(self, event: Event) -> None:
        """Take one event in."""
        if isinstance(event, Started):
            self._attempts, self._began = event.attempts, self._clock()
            self._bar.update(self._task, total=event.attempts)
            submissions = counted(event.attempts, "submission")
            self._say(f"{submissions}, {counted(event.graders, 'grader')}")
        elif isinstance(event, Faulted):
            self._counts["faults of ours"] += 1
            self._print(f"a grader was replaced: {line(last_words(event.message), 200)}")
        elif isinstance(event, Stopping):
            self._print("stopping: what is graded is kept, what is under way is left")
        elif isinstance(event, Settled):
            self._settled(event)

    def _settled(self, event: Settled) -> None:
        self._counts["settled"] += 1
        self._graded += event.state == "graded" and not event.known
        if event.state != "graded":
            self._counts[event.state] += 1
            if self._console.is_terminal:
                self._print(line(f"{event.state}  {event.label}: {event.reason}", 200))
        self._bar.update(self._task, advance=1, said=self._standing())
        late = self._clock() - self._spoke >= EVERY
        if late or self._counts["settled"] == self._attempts:
            settled = f"{self._counts['settled']} of {counted(self._attempts, 'submission')}"
            self._say(", ".join(filter(None, (settled, self._standing()))))

    def _standing(self) -> str:
        """The rate, the time that is left, and what failed."""
        rate = 60 * self._graded / max(self._clock() - self._began, 1e-9)
        left = self._attempts - self._counts["settled"]
        said = []
        if rate:
            said.append(f"{rate:.0f} a minute" if rate >= 9.95 else f"{rate:.1f} a minute")
        if left and rate:
            said.append(f"{_spoken(60 * left / rate)} left")
        said += [
            f"{self._counts[name]} {name}" for name in ("refused", "ours") if self._counts[name]
        ]
        if faults := self._counts["faults of ours"]:
            said.append(counted(faults, "fault of ours", "faults of ours"))
        return ", ".join(said)

    def _say(self, said: str) -> None:
        if not self._console.is_terminal:
            self._spoke = self._clock()
            self._print(said)

    def _print(self, said: str) -> None:
        self._console.print(said, markup=False, highlight=False, soft_wrap=True)


def _spoken(seconds: float) -> str:
    """A duration as people guess one."""
    if seconds < 90:
        return f"{max(1, round(seconds / 10)) * 10} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
