"""The self-test's own warm process: one locked-down child tries every attack.

`python -m workbook.sandbox.rehearsal FD` reads one target from the socket, forks,
and sends back a line of JSON for each attack and each need, as they end.
"""

import json
import os
import socket
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workbook.sandbox.attacks import ATTACKS, Target, amounts, files, network, processes
from workbook.sandbox.attacks import calls as calls  # last: one of them can't be undone
from workbook.sandbox.ladder import PLAIN
from workbook.sandbox.lockdown import Lockdown, lockdown, shield
from workbook.sandbox.needs import NEEDS

__all__ = [
    "ATTACKS", "NEEDS", "amounts", "calls", "files", "main", "network", "processes",
]  # fmt: skip


def main(descriptor: int) -> None:
    """Serve one rehearsal and end."""
    channel = socket.socket(fileno=descriptor)
    target: Target = json.loads(channel.recv(1 << 20))
    if target["rung"] != PLAIN.name:
        shield()
    target["scratch"] = tempfile.gettempdir()
    read_end, write_end = os.pipe()
    if (child := os.fork()) == 0:
        try:
            _rehearse(target, write_end)
        finally:
            os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as answers:
        for line in answers:
            channel.sendall(line)
    os.waitpid(child, 0)


def _rehearse(target: Target, out: int) -> None:
    target["kept"] = [out]
    if target["rung"] != PLAIN.name:
        _lock(target, out)
    for name, need in NEEDS.items():
        _tell(out, name, *_tried(need, target, expected=True))
    for name, attack in ATTACKS.items():
        _tell(out, name, *_tried(attack, target, expected=False))


def _lock(target: Target, out: int) -> None:
    own = Path(target["own"])
    lockdown(
        Lockdown(
            rung=target["rung"],
            read=[*map(Path, target["read"]), own.parent],
            write=[Path(target["scratch"])],
            keep_fds=[out],
            sockets=True,
            file_bytes=target["file"] // 2,
            memory_bytes=target["memory"] // 4,
        )
    )


def _tried(go: Callable[[Target], Any], target: Target, *, expected: bool) -> tuple[bool, str]:
    try:
        got = go(target)
    except (OSError, MemoryError) as error:
        return not expected, f"{type(error).__name__}: {error}"
    except RuntimeError as error:
        return not expected and "start new thread" in str(error), str(error)
    except Exception as error:
        return False, f"the attack itself failed: {type(error).__name__}: {error}"
    return expected, "" if expected else f"got {got!r}"


def _tell(out: int, name: str, held: bool, detail: str) -> None:
    os.write(out, json.dumps([name, held, detail[:200]]).encode() + b"\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
