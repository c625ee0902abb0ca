"""How a long run is going: a bar on a terminal, now and then a line elsewhere."""

import time
from collections import Counter
from collections.abc import Callable
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from workbook.grading.cleaning import line
from workbook.grading.events import Event, Faulted, Settled, Started

EVERY = 30.0
"""Seconds between two lines where there is no terminal."""


class Progress:
    """Shows a run's events on a console; a with block around the run."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._console, self._clock = console, clock
        self._counts: Counter[str] = Counter()
        self._attempts = self._fresh = 0
        self._began = self._spoke = clock()
        self._bar = Bar(
            TextColumn("grading"), BarColumn(bar_width=28), MofNCompleteColumn(),
            TextColumn("{task.fields[said]}"), TimeRemainingColumn(compact=True),
            console=console, transient=True, disable=not console.is_terminal,
        )  # fmt: skip
        self._task = self._bar.add_task("grading", total=None, said="")

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
            self._attempts = event.attempts
            self._bar.update(self._task, total=event.attempts)
            self._say(f"{event.attempts} submissions, {event.graders} graders")
        elif isinstance(event, Faulted):
            self._counts["faults of ours"] += 1
            said = line(event.message, 200)
            self._console.print(f"a grader was replaced: {said}", markup=False, highlight=False)
        elif isinstance(event, Settled):
            self._settled(event)

    def _settled(self, event: Settled) -> None:
        self._counts["settled"] += 1
        self._fresh += not event.known
        if event.state != "graded":
            self._counts[event.state] += 1
        self._bar.update(self._task, advance=1, said=self._trouble())
        late = self._clock() - self._spoke >= EVERY
        if late or self._counts["settled"] == self._attempts:
            rate = 60 * self._fresh / max(self._clock() - self._began, 1e-9)
            self._say(
                f"{self._counts['settled']} of {self._attempts}, {rate:.0f} a minute"
                + self._left(rate) + (f"; {self._trouble()}" if self._trouble() else "")
            )  # fmt: skip

    def _left(self, rate: float) -> str:
        left = self._attempts - self._counts["settled"]
        return f", {left / rate:.1f} minutes left" if left and rate else ""

    def _trouble(self) -> str:
        named = ("refused", "ours", "faults of ours")
        return ", ".join(f"{self._counts[name]} {name}" for name in named if self._counts[name])

    def _say(self, said: str) -> None:
        if not self._console.is_terminal:
            self._spoke = self._clock()
            self._console.print(said, markup=False, highlight=False, soft_wrap=True)
