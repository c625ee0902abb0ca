"""Bubblewrap: a view of the machine that holds the jail's folders and no more.

The warm process gets its own users, pids, network, mounts and names; the root is
read-only and one tmpfs of a fixed size is its scratch. Started by root, the walls
are put up by another user: an outer bubblewrap makes the folders reachable for
that user, `setpriv` becomes it, and the inner one builds the jail, so that nothing
inside is root to the kernel and process limits count.
"""

import shutil
import subprocess
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from workbook.sandbox.jail import SYSTEM, Jail
from workbook.sandbox.other_user import free_uid, is_root

SCRATCH = Path("/scratch")
UNSHARE = (
    *("--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"),
    *("--unshare-cgroup-try", "--disable-userns", "--uid", "1000", "--gid", "1000"),
    *("--hostname", "jail", "--die-with-parent", "--new-session", "--cap-drop", "ALL"),
    # The first process inside is ours, not bubblewrap's: one that nobody in there can
    # trace, signal, read the environment of or take descriptors from.
    "--as-pid-1",
)
PROGRAMS = {"bwrap": "bubblewrap", "setpriv": "util-linux"}
CLEAN = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}


def command(jail: Jail, argv: Sequence[str]) -> list[str]:
    """Say how to start `argv` inside the jail, from this account."""
    inner = [
        _program("bwrap"),
        *UNSHARE,
        *_view(jail),
        *("--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev"),
        *("--size", str(jail.scratch_bytes), "--tmpfs", str(SCRATCH)),
        *("--remount-ro", "/", "--chdir", str(SCRATCH), "--", *argv),
    ]
    if not is_root():
        return inner
    uid = str(free_uid())
    become = [_program("setpriv"), "--reuid", uid, "--regid", uid, "--clear-groups"]
    return [
        # Pids of its own here too: a dying parent may not signal another user's process,
        # but all of a namespace ends with its first one.
        *(_program("bwrap"), "--unshare-pid", "--die-with-parent", *_view(jail)),
        *("--bind", "/proc", "/proc", "--dev-bind", "/dev", "/dev", "--dir", "/tmp", "--"),
        *(*become, "--inh-caps=-all", "--", *inner),
    ]


def _program(name: str) -> str:
    return shutil.which(name, path="/usr/local/bin:/usr/bin:/bin") or name


def _view(jail: Jail) -> list[str]:
    """The arguments that bind the system's and the jail's folders, read-only."""
    arguments: list[str] = []
    for name in ("/lib", "/lib64", "/lib32", "/bin"):
        link = Path(name)
        if link.is_symlink():
            arguments += ["--symlink", str(link.readlink()), name]
        elif link.is_dir():
            arguments += ["--ro-bind", name, name]
    system = [path for path in SYSTEM if path.is_dir()]
    for tree in sorted({*system, *jail.trees()}):
        # Bubblewrap makes missing parents for its own user alone; these are for all.
        for parent in reversed(tree.parents[:-1]):
            arguments += ["--dir", str(parent)]
        arguments += ["--ro-bind", str(tree), str(tree)]
    return arguments


@cache
def missing() -> str | None:
    """Say why this machine can't build such a jail, or None."""
    wanted = ["bwrap", "setpriv"] if is_root() else ["bwrap"]
    for name in wanted:
        if shutil.which(name, path="/usr/local/bin:/usr/bin:/bin") is None:
            return f"no program {name}; install {PROGRAMS[name]}"
    empty = Jail(read=[], staging=Path("/usr/bin"), scratch_bytes=1 << 20)
    return _fails(command(empty, ["/usr/bin/true"]))


def _fails(arguments: Iterable[str]) -> str | None:
    tried = subprocess.run(
        list(arguments), env=CLEAN, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    if tried.returncode == 0:
        return None
    said = tried.stderr.decode(errors="replace").strip().splitlines()
    if said and "Unknown option" in said[-1]:
        return "this bubblewrap is too old; install 0.8 or newer"
    return said[-1][:200] if said else f"bwrap ended with code {tried.returncode}"
