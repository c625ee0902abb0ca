"""The judge as a process: suites collected once, then one submission after another.

`python -m workbook.judge.service COURSE DB [OPTION…]` reads jobs as JSON lines
(`{"target", "seed", "ids"}`) and writes one line for each outcome, then `{"done": true}`. The
options are those of the plugin.
"""

import json
import os
import signal
import sys
import time
import traceback
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

import pytest

from .outcome import Outcome
from .plugin import OUTCOME, check_id, room_of


class Service:
    """Serves jobs in place of pytest's own loop over the tests."""

    def __init__(self, jobs: TextIO, answers: TextIO) -> None:
        self.jobs, self.answers = jobs, answers

    def say(self, message: dict[str, Any]) -> None:
        """One line for the client."""
        self.answers.write(json.dumps(message) + "\n")
        self.answers.flush()

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Lets the witnesses' process warm up while the suites are collected."""
        room_of(session.config).furnish()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Runs the asked checks of each job, until there are no more jobs."""
        room = room_of(session.config)
        order = {check.id: place for place, check in enumerate(room.course.checks)}
        items = sorted(
            (item for item in session.items if check_id(item)),
            key=lambda item: order[str(check_id(item))],
        )
        self.say({"ready": len(items)})
        for line in self.jobs:
            job = json.loads(line)
            try:
                self._serve(job, items)
            except Exception as error:
                traceback.print_exc()
                self.say({"fault": f"{type(error).__name__}: {error}"})
        if items:
            session._setupstate.teardown_exact(None)
        return True

    def _serve(self, job: dict[str, Any], items: list[pytest.Item]) -> None:
        chosen = [item for item in items if check_id(item) in set(job["ids"])]
        if not items:
            self.say({"done": True})
            return
        room = room_of(items[0].config)
        room.config.option.target, room.config.option.seed = Path(job["target"]), job["seed"]
        if room.loop is not None:
            room.loop.run_until_complete(room.sit(Path(job["target"]), job["seed"]))
        for item in chosen:
            # Another item is always named as the next: the loop and the room outlive the job.
            other = next((one for one in items if one is not item), None)
            item.session._setupstate.teardown_exact(item)  # leaves the module before, if another
            began = time.monotonic()
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=other)
            outcome = item.stash.get(OUTCOME, None)
            if outcome is None:
                kind = item.callspec.params["work"]  # type: ignore[attr-defined]
                outcome = Outcome(str(check_id(item)), kind, "ours", "The check never ran.")
            else:
                del item.stash[OUTCOME]
            self.say(replace(outcome, seconds=time.monotonic() - began).as_dict())
        if room.config.getoption("--jail") and room.loop is not None:
            room.loop.run_until_complete(room.rise())
        self.say({"done": True})


def _interrupted(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def main() -> int:
    """Collects the suites and serves until stdin ends."""
    course, kind, *given = sys.argv[1:]
    jobs, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever prints by itself must not stand between the answers
    # With Python's own handler asyncio would look at it after each step, and for that write all
    # that the step saw out as text.
    signal.signal(signal.SIGINT, _interrupted)
    from workbook.course import Course

    suites = Course.load(Path(course)).suites
    options = ["--course", course, "--db", kind, *given]
    # Only what a check needs: other plugins that are installed take seconds to import.
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    plugins = ["--assert=plain", "-p", "pytest_asyncio.plugin", "-p", "workbook.judge.plugin"]
    quiet = ["-s", "-p", "no:terminal", "-p", "no:cacheprovider", "-p", "no:unraisableexception"]
    settings = {
        "addopts": "--import-mode=importlib",
        "asyncio_mode": "auto",
        "asyncio_default_fixture_loop_scope": "session",
        "asyncio_default_test_loop_scope": "session",
        "filterwarnings": "ignore",
    }
    ini = [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]
    return pytest.main(
        [str(suites), *plugins, *options, *quiet, *ini],
        plugins=[Service(jobs, answers)],
    )


if __name__ == "__main__":
    sys.exit(main())
