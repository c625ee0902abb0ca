"""What a client tells a judge about the jail that its witnesses live in."""

from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Confinement:
    """A rung's name, the folder of staged submissions, and the folders it works with.

    `server` is a PostgreSQL server of the grader's own. `scratch` is where submissions write on
    rungs that have no mounts; it is nobody else's.
    """

    rung: str
    staging: Path
    server: Path | None = None
    scratch: Path | None = None

    def options(self) -> list[str]:
        """As options of the judge's process."""
        given = {
            "--jail": self.rung,
            "--staging": self.staging,
            "--server": self.server,
            "--scratch": self.scratch,
        }
        return [f"{name}={value}" for name, value in given.items() if value is not None]

    @classmethod
    def of(cls, config: pytest.Config) -> "Confinement | None":
        """The one that the options name, or `None`: then it is one's own code."""
        rung, staging = config.getoption("--jail"), config.getoption("--staging")
        if rung is None:
            return None
        if staging is None:
            raise pytest.UsageError("--jail needs --staging, the folder that submissions lie in")
        return cls(rung, staging, config.getoption("--server"), config.getoption("--scratch"))


def add_options(group: pytest.OptionGroup) -> None:
    """Names the options."""
    group.addoption("--jail", help="the rung of the sandbox that witnesses live on")
    group.addoption("--staging", type=Path, help="the folder that a jail shows submissions of")
    group.addoption("--server", type=Path, help="the folder of a PostgreSQL server of one's own")
    group.addoption("--scratch", type=Path, help="where submissions write on rungs without mounts")
