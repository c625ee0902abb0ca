"""The options of a judge's process, as pytest reads them."""

from pathlib import Path

import pytest

from workbook.judge.confinement import Confinement


def confinement_of(config: pytest.Config) -> Confinement | None:
    """The jail that the options name, or `None`: then it is one's own code."""
    rung, staging = config.getoption("--jail"), config.getoption("--staging")
    if rung is None:
        return None
    if staging is None:
        raise pytest.UsageError("--jail needs --staging, the folder that submissions lie in")
    return Confinement(rung, staging, config.getoption("--server"), config.getoption("--scratch"))


def add_options(group: pytest.OptionGroup) -> None:
    """Names the options."""
    group.addoption("--jail", help="the rung of the sandbox that witnesses live on")
    group.addoption("--staging", type=Path, help="the folder that a jail shows submissions of")
    group.addoption("--server", type=Path, help="the folder of a PostgreSQL server of one's own")
    group.addoption("--scratch", type=Path, help="where submissions write on rungs without mounts")
