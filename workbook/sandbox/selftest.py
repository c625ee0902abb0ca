"""Prove a rung by attacking it: what held is seen, not assumed."""

import json
import os
import socket
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from workbook.sandbox.errors import SandboxError
from workbook.sandbox.ladder import PLAIN
from workbook.sandbox.rung import Rung
from workbook.sandbox.sentinels import PACKAGE, World, laid_out

SECONDS = 30
DATAGRAM = "sends a datagram to the machine"


@dataclass(frozen=True)
class Proof:
    """One thing the self-test tried: a refusal that held, or a need that was met."""

    name: str
    held: bool
    promised: bool
    detail: str

    @property
    def kept(self) -> bool:
        """Whether this is as the rung promises."""
        return self.held or not self.promised


def prove(rung: Rung) -> list[Proof]:
    """Run the self-test; raises SandboxError when the rung breaks a promise."""
    proofs = selftest(rung)
    if broken := [f"{proof.name} ({proof.detail})" for proof in proofs if not proof.kept]:
        raise SandboxError(
            f"The sandbox {rung.name} does not keep its promise on this machine."
            f" A submission there: {'; '.join(broken[:3])}."
            " See all of it with: python -m workbook.sandbox"
        )
    return proofs


def selftest(rung: Rung, *, even_without_walls: bool = False) -> list[Proof]:
    """Let a locked-down child try every attack on sentinels of ours.

    Takes about a third of a second. The last rung has no walls to test, so nothing
    is tried there and the list is empty; `even_without_walls` tries it all the same,
    without limits too, to show on a machine of its own that each attack can succeed.
    """
    if rung is PLAIN and not even_without_walls:
        return []
    with tempfile.TemporaryDirectory(prefix="wb-") as place, laid_out(Path(place), rung) as world:
        answers = _rehearse(rung, world)
        if DATAGRAM in answers and answers[DATAGRAM][1].startswith("got"):
            arrived = world.datagram_arrived()
            answers[DATAGRAM] = (not arrived, "it arrived" if arrived else "it never arrived")
    return [
        Proof(name, held, name not in rung.gaps, detail) for name, (held, detail) in answers.items()
    ]


def _rehearse(rung: Rung, world: World) -> dict[str, tuple[bool, str]]:
    """Collect what the child says of each attack; what it never came to did not hold."""
    # Imported here: the attacks name modules that only POSIX has.
    from workbook.sandbox.rehearsal import ATTACKS, NEEDS

    ours, theirs = socket.socketpair()
    variable = world.target["variable"]
    with ours, tempfile.TemporaryFile() as errors:
        os.environ[variable] = "secret"
        try:
            warm = rung.popen(
                [sys.executable, "-P", "-m", "workbook.sandbox.rehearsal", str(theirs.fileno())],
                world.jail,
                pass_fds=[theirs.fileno()],
                env={"PYTHONPATH": str(PACKAGE.parent)},
                stderr=errors,
            )
        finally:
            del os.environ[variable]
            theirs.close()
        ours.settimeout(SECONDS)
        try:
            lines = _talk(ours, world)
        finally:
            warm.kill()
            warm.wait()
        errors.seek(0)
        said = errors.read().decode(errors="replace").strip().splitlines() or ["it said nothing"]
    answers = {name: (bool(held), str(detail)) for name, held, detail in map(json.loads, lines)}
    for name in (*NEEDS, *ATTACKS):
        answers.setdefault(name, (False, f"not reached: {said[-1][:150]}"))
    return answers


def _talk(ours: socket.socket, world: World) -> list[bytes]:
    received = b""
    try:
        ours.sendall(json.dumps(world.target).encode())
        while part := ours.recv(1 << 16):
            received += part
    except (TimeoutError, ConnectionError, BrokenPipeError):
        pass  # what did not come counts as not held
    return [line for line in received.split(b"\n") if line.endswith(b"]")]
