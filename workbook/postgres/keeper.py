"""Stops a server when the last process that uses it is gone.

One small process per server, started beside it. It sleeps on the files that the users
hold, so it sees every end, a `kill -9` included, without asking again and again.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from workbook.postgres.cluster import Cluster
from workbook.postgres.held import Held, holding, is_held


def living(folder: Path) -> list[Path]:
    """The files of processes that use the server now; the dead ones' are removed.

    The caller holds `folder/lock`.
    """
    users = []
    for user in sorted((folder / "users").iterdir()):
        if is_held(user):
            users.append(user)
        else:
            user.unlink(missing_ok=True)
    return users


def keep(folder: Path, linger: float) -> None:
    """Wait until nobody uses the server in `folder`, then stop it."""
    keeper = Held(folder / "keeper")
    if sys.platform != "win32" and os.fork():
        os._exit(0)  # whoever started us goes on; the child holds the file by now
    while True:
        with holding(folder / "lock"):
            users = living(folder)
        if users:
            Held(users[0]).let_go()
            continue
        time.sleep(linger)
        with holding(folder / "lock"):
            if not living(folder):
                Cluster(folder).stop()
                # Before the lock, or the next user could take us for awake.
                keeper.let_go()
                return


def main() -> None:
    keep(Path(sys.argv[1]), float(sys.argv[2]))
