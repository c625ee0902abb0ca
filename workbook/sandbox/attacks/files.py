"""Files a submission has no business with."""

import contextlib
import os
from functools import partial
from pathlib import Path

from workbook.sandbox.attacks import Target, attack, first


@attack("reads a file outside")
def _(target: Target) -> object:
    secret = target["secret"]
    link = Path(target["scratch"], "link")
    with contextlib.suppress(OSError):
        link.symlink_to(secret)
    paths = [secret, link, *(f"/proc/{pid}/root{secret}" for pid in (1, os.getppid()))]
    return first(partial(Path.read_text, Path(path)) for path in paths)


@attack("lists a folder outside")
def _(target: Target) -> object:
    return os.listdir(target["outside"])


@attack("sees that a file outside exists")
def _(target: Target) -> object:
    return os.stat(target["secret"]).st_size


@attack("reads another submission")
def _(target: Target) -> object:
    return Path(target["neighbour"]).read_text()


@attack("writes outside its scratch folder")
def _(target: Target) -> object:
    def write(folder: str) -> str:
        path = Path(folder, target["token"])
        path.write_text("written")
        path.unlink()
        return folder

    return first(partial(write, folder) for folder in target["folders"])


@attack("changes its own submission")
def _(target: Target) -> object:
    own = Path(target["own"])
    return first(
        (
            partial(own.open, "a"),
            partial(own.unlink),
            partial(own.chmod, 0o666),
            partial(os.utime, own, (1, 1)),
        )
    )


@attack("finds descriptors left open")
def _(target: Target) -> object:
    found = []
    for number in range(3, 256):
        with contextlib.suppress(OSError):
            if number not in target["kept"] and os.fstat(number):
                found.append(number)
    if not found:
        raise FileNotFoundError("none")
    return found
