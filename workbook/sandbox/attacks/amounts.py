"""More of the machine than a submission is given."""

import mmap
import os
import resource
import signal
import threading
from pathlib import Path

from workbook.sandbox.attacks import Target, attack


@attack("starts processes without end")
def _(target: Target) -> object:
    children: list[int] = []
    try:
        while len(children) < 200:
            if (child := os.fork()) == 0:
                signal.pause()
                os._exit(0)
            children.append(child)
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    return len(children)


@attack("starts threads without end")
def _(target: Target) -> object:
    go, before = threading.Event(), threading.stack_size(64 << 10)
    started: list[threading.Thread] = []
    try:
        while len(started) < 400:
            thread = threading.Thread(target=go.wait)
            thread.start()
            started.append(thread)
    finally:
        go.set()
        for thread in started:
            thread.join()
        threading.stack_size(before)
    return len(started)


@attack("takes more memory than allowed")
def _(target: Target) -> object:
    # Asked for, never touched: where it is granted, the machine loses none.
    with mmap.mmap(-1, target["memory"], flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as taken:
        return len(taken)


@attack("writes a file larger than allowed")
def _(target: Target) -> object:
    path = Path(target["scratch"], "large")
    try:
        with path.open("wb") as file:
            file.truncate(target["file"])
    finally:
        path.unlink(missing_ok=True)
    return target["file"]


@attack("fills the disk")
def _(target: Target) -> object:
    paths = [Path(target["scratch"], f"part{number}") for number in range(6)]
    try:
        for path in paths:
            path.write_bytes(bytes(target["disk"] // 4))
    finally:
        for path in paths:
            path.unlink(missing_ok=True)
    return target["disk"] * 6 // 4


@attack("opens files without end")
def _(target: Target) -> object:
    opened: list[int] = []
    try:
        while len(opened) < 1000:
            opened.append(os.open("/dev/null", os.O_RDONLY))
    finally:
        for number in opened:
            os.close(number)
    return len(opened)


@attack("raises its own limits")
def _(target: Target) -> object:
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard == resource.RLIM_INFINITY:
        return "there is none"
    try:
        resource.setrlimit(resource.RLIMIT_AS, (hard + 1, hard + 1))
    except ValueError as error:  # how Python says that the kernel refused
        raise PermissionError(str(error)) from error
    return hard + 1
