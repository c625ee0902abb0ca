"""The rungs, strongest first, and the choice of the strongest this machine can do."""

from workbook.sandbox.errors import SandboxError
from workbook.sandbox.other_user import is_root
from workbook.sandbox.rung import Rung

# Without mounts, paths and names outside stay visible though their contents don't.
NO_MOUNTS = frozenset({"sees that a file outside exists", "reaches a socket outside by its path",
                       "fills the disk", "sees processes of the machine"})  # fmt: skip
NO_SECCOMP = frozenset({"starts a process", "starts a program", "uses kernel calls without need",
                        "signals the warm process", "reads the limits of the warm process",
                        "makes itself the owner of another's signals",
                        "opens sockets of other families"})  # fmt: skip

RUNGS = (
    Rung(
        name="bubblewrap+landlock+seccomp",
        isolation="isolated",
        summary="own mounts, pids, network; Landlock and seccomp in every child",
        mounts=True,
        landlock=True,
        seccomp=True,
    ),
    Rung(
        name="bubblewrap+seccomp",
        isolation="isolated",
        summary="own mounts, pids, network for each submission; seccomp in every child",
        mounts=True,
        seccomp=True,
    ),
    Rung(
        name="bubblewrap",
        isolation="isolated",
        summary="own mounts, pids, network for each submission; it can start processes there",
        mounts=True,
        gaps=NO_SECCOMP,
    ),
    Rung(
        name="user+landlock+seccomp",
        isolation="confined",
        summary="another user; Landlock and seccomp in every child; no mounts of its own",
        other_user=True,
        landlock=True,
        seccomp=True,
        gaps=NO_MOUNTS - {"sees processes of the machine"},
    ),
    Rung(
        name="landlock+seccomp",
        isolation="partly confined",
        summary="your own user; Landlock and seccomp in every child; threads are not counted",
        landlock=True,
        seccomp=True,
        gaps=(NO_MOUNTS | {"starts threads without end"}) - {"sees processes of the machine"},
    ),
)
PLAIN = Rung(
    name="nothing",
    isolation="NOT ISOLATED",
    summary="a plain process with limits: it can do all that you can",
)


def rungs() -> list[Rung]:
    """List the ladder, strongest first; the last one isolates nothing."""
    return [*RUNGS, PLAIN]


def named(name: str) -> Rung:
    """Look one rung up; raises SandboxError that lists the names there are."""
    for rung in rungs():
        if rung.name == name:
            return rung
    raise SandboxError(
        f"no rung is called {name!r}; choose from {', '.join(rung.name for rung in rungs())}"
    )


def choose(name: str | None = None, *, unsafe: bool = False) -> Rung:
    """Take the strongest rung this machine can do, or the one that is named.

    Code of others never runs on the last rung unless `unsafe` says so, and never
    as root. (One's own code may: use `PLAIN` for it.)
    """
    wanted = [named(name)] if name else list(RUNGS)
    reasons = []
    for rung in wanted:
        if rung is PLAIN:
            return _unsafe(unsafe, "")
        reason = rung.available()
        if reason is None:
            return rung
        reasons.append(f"{rung.name}: {reason}")
    if name:
        raise SandboxError(
            f"The rung {name} can't be used here: {reasons[0].split(': ', 1)[1]}."
            " See which can: python -m workbook.sandbox"
        )
    return _unsafe(
        unsafe, "Nothing on this machine can isolate code (" + "; ".join(reasons) + "). "
    )


def _unsafe(agreed: bool, why: str) -> Rung:
    if is_root():
        raise SandboxError(
            f"{why}Without isolation, submissions could do all that root can."
            " Run as an ordinary user, or install bubblewrap."
        )
    if not agreed:
        raise SandboxError(
            f"{why}Without isolation, submissions can read and change all that you can."
            " Install bubblewrap, grade in a container or WSL2, or type --unsafe."
        )
    return PLAIN
