"""A small world for the self-test: files and listeners that nobody inside may reach."""

import contextlib
import os
import secrets
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import workbook
from workbook.sandbox import bubblewrap
from workbook.sandbox.jail import Jail, interpreter_trees
from workbook.sandbox.rung import Rung

SCRATCH_BYTES = 8 << 20
PACKAGE = Path(workbook.__file__).parent


@dataclass(frozen=True)
class World:
    """What was laid out: the jail, what the attacks aim at, the socket of datagrams."""

    jail: Jail
    target: dict[str, Any]
    datagrams: socket.socket

    def datagram_arrived(self) -> bool:
        """Tell whether anything reached the port of this machine."""
        try:
            return bool(self.datagrams.recv(64))
        except BlockingIOError:
            return False


@contextlib.contextmanager
def laid_out(place: Path, rung: Rung) -> Iterator[World]:
    """Lay the world out in an empty folder; all modes are open, so that only walls hold."""
    place.chmod(0o755)
    token = "wb" + secrets.token_hex(8)
    # Where submissions don't share a warm process, a neighbour is never in the same jail.
    neighbours = place / ("staging" if rung.shared else "elsewhere")
    own = _file(place / "staging" / "own" / "app.py", "own = True\n")
    neighbour = _file(neighbours / "neighbour" / "app.py", "own = False\n")
    secret = _file(place / "outside" / "secret", "secret\n")
    for folder in ("scratch", "sockets"):
        (place / folder).mkdir()
    jail = Jail(
        read=[*interpreter_trees(), PACKAGE],
        staging=place / "staging",
        scratch_bytes=SCRATCH_BYTES,
        scratch=place / "scratch",
        socket_dir=place / "sockets",
    )
    folders = [secret.parent, own.parent, *jail.read, place / "sockets", Path.home()]
    system = ["/", "/usr/lib", "/etc", "/var/tmp", "/tmp", "/dev", "/dev/shm", "/run"]
    with contextlib.ExitStack() as stack:
        listen = _Listeners(stack)
        target = {
            "rung": rung.name,
            "token": token,
            "variable": token,
            "environment": _environment(),
            "secret": str(secret),
            "outside": str(secret.parent),
            "own": str(own),
            "neighbour": str(neighbour),
            "read": [str(path) for path in jail.read],
            "folders": [*map(str, folders), *system],
            "pid": os.getpid(),
            "started": _started(os.getpid()),
            "tcp": listen.on(socket.AF_INET, ("127.0.0.1", 0)).getsockname()[1],
            "abstract": token,
            "socket": str(secret.parent / "socket"),
            "database": str(place / "sockets" / "database"),
            "memory": 4 << 30,
            "file": 128 << 20,
            "disk": SCRATCH_BYTES,
        }
        listen.on(socket.AF_UNIX, "\0" + token)
        for name in ("socket", "database"):
            listen.on(socket.AF_UNIX, target[name])
            os.chmod(target[name], 0o777)
        datagrams = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        datagrams.bind(("127.0.0.1", 0))
        datagrams.setblocking(False)
        target["udp"] = datagrams.getsockname()[1]
        yield World(jail, target, datagrams)


def _file(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True)
    path.write_text(text)
    path.chmod(0o666)
    path.parent.chmod(0o777)
    return path


def _environment() -> list[str]:
    """Digests of what this process was started with, and the jail was not."""
    entries = {e for e in Path("/proc/self/environ").read_bytes().split(b"\0") if b"=" in e}
    given = {f"{name}={value}".encode() for name, value in bubblewrap.CLEAN.items()}
    return [sha256(entry).hexdigest() for entry in sorted(entries - given)]


def _started(pid: int) -> str:
    """When a process began, in the kernel's ticks: with its pid, a name nobody else has."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]


@dataclass(frozen=True)
class _Listeners:
    stack: contextlib.ExitStack

    def on(self, family: int, address: Any) -> socket.socket:
        listener = self.stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
        listener.bind(address)
        listener.listen()
        return listener
