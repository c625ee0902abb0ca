"""A locked-down child does its lesson's work, and is told what it may not do."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import workbook
from workbook.sandbox import Jail, Rung, interpreter_trees
from workbook.sandbox.ladder import RUNGS

PACKAGE = Path(workbook.__file__).parent
WARM = """
import json, os, socket, sys, tempfile
from pathlib import Path
from workbook.sandbox import Lockdown, lockdown, refusal_of, shield, sweep

shield()
channel = socket.socket(fileno=int(sys.argv[1]))
while request := channel.recv(1 << 20):
    asked = json.loads(request)
    read_end, write_end = os.pipe()
    if (child := os.fork()) == 0:
        answer = {"value": None, "error": "", "refused": None}
        try:
            scratch = Path(tempfile.gettempdir())
            lockdown(Lockdown(rung=asked["rung"], read=[Path(p) for p in asked["read"]],
                              write=[scratch], keep_fds=[write_end], **asked["limits"]))
            own = [scratch, Path(asked["read"][-1])]
            names = {"scratch": scratch, "value": None}
            exec(asked["code"], names)
            answer["value"] = names["value"]
        except BaseException as error:
            answer["error"] = f"{type(error).__name__}: {error}"
            answer["refused"] = refusal_of(error, own=own)
        os.write(write_end, json.dumps(answer).encode())
        os._exit(0)
    os.close(write_end)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    sweep()  # before the end of the pipe is awaited: what is left running holds it open
    with os.fdopen(read_end, "rb") as pipe:
        said = pipe.read()
    answer = json.loads(said) if said else {"value": None, "error": "", "refused": None}
    channel.sendall(json.dumps({**answer, "status": status}).encode())
"""


class Warm:
    """One warm process of a test, inside one rung."""

    def __init__(self, rung: Rung, jail: Jail, channel: socket.socket, process: Any) -> None:
        self.rung, self.jail, self.channel, self.process = rung, jail, channel, process

    def run(self, code: str, **limits: Any) -> dict[str, Any]:
        """Run one child to its end; give its value, its error, what was refused."""
        read = [*map(str, self.jail.read), str(self.jail.staging)]
        asked = {"rung": self.rung.name, "code": code, "read": read, "limits": limits}
        self.channel.sendall(json.dumps(asked).encode())
        received = self.channel.recv(1 << 20)
        assert received, "the warm process ended"
        answer: dict[str, Any] = json.loads(received)
        return answer


@contextmanager
def started(rung: Rung, **jail: Any) -> Iterator[Warm]:
    """Start a warm process with a staged submission in a folder that all may read."""
    with tempfile.TemporaryDirectory(prefix="wb-") as name:
        place = Path(name)
        place.chmod(0o755)
        for folder in ("staging", "scratch"):
            (place / folder).mkdir()
        (place / "staging" / "app.py").write_text("answer = 42\n")
        inside = Jail(
            read=[*interpreter_trees(), PACKAGE],
            staging=place / "staging",
            scratch=place / "scratch",
            **jail,
        )
        ours, theirs = socket.socketpair()
        process = rung.popen(
            [sys.executable, "-P", "-c", WARM, str(theirs.fileno())],
            inside,
            pass_fds=[theirs.fileno()],
            env={"PYTHONPATH": str(PACKAGE.parent)},
        )
        theirs.close()
        ours.settimeout(60)
        try:
            yield Warm(rung, inside, ours, process)
        finally:
            ours.close()
            process.kill()
            process.wait()


HERE = [rung for rung in RUNGS if rung.available() is None]


@pytest.fixture(params=HERE, ids=[rung.name for rung in HERE])
def warm(request: pytest.FixtureRequest) -> Iterator[Warm]:
    """A warm process in each rung that this account can use."""
    with started(request.param) as process:
        yield process


@pytest.fixture
def strongest() -> Rung:
    """The first rung that works here."""
    return HERE[0]


def test_a_child_imports_its_submission_and_keeps_files(warm: Warm) -> None:
    """The positive side: a lesson's own work is untouched."""
    code = f"""
import sys; sys.path.insert(0, {str(warm.jail.staging)!r})
import app
(scratch / "note").write_text("kept")
value = [app.answer, (scratch / "note").read_text()]
"""
    assert warm.run(code)["value"] == [42, "kept"]


def test_a_sibling_sees_what_a_child_left_in_scratch(warm: Warm) -> None:
    """So the database of a submission can be looked into by a process that never ran it."""
    warm.run("(scratch / 'app.db').write_bytes(b'rows')")
    assert warm.run("value = (scratch / 'app.db').read_text()")["value"] == "rows"


def test_sqlalchemy_works_inside_on_sqlite_with_its_threads(warm: Warm) -> None:
    """aiosqlite starts a thread and SQLite locks, syncs and renames."""
    code = """
import asyncio
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy import text
async def main():
    engine = create_async_engine(f"sqlite+aiosqlite:///{scratch}/app.db")
    async with engine.begin() as connection:
        await connection.execute(text("create table t (n integer)"))
        await connection.execute(text("insert into t values (1), (2)"))
    async with engine.connect() as connection:
        total = (await connection.execute(text("select sum(n) from t"))).scalar_one()
    await engine.dispose()
    return total
value = asyncio.run(main())
"""
    assert warm.run(code) == {"value": 3, "error": "", "refused": None, "status": 0}


def test_a_web_application_answers_inside(strongest: Rung) -> None:
    """FastAPI runs a plain function in a thread; no network is needed."""
    code = """
import asyncio, httpx
from fastapi import FastAPI
app = FastAPI()
@app.get("/")
def home(): return {"ok": True}
async def main():
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return (await client.get("/")).json()
value = asyncio.run(main())
"""
    with started(strongest) as warm:
        assert warm.run(code)["value"] == {"ok": True}


@pytest.mark.parametrize(
    "code",
    [
        "open('/etc/hostname')",
        "open('/scratch/../usr/lib/x', 'w')",
        "import socket; socket.create_connection(('127.0.0.1', 9))",
        "import urllib.request; urllib.request.urlopen('http://localhost:9')",
        "import os; os.fork()",
        "import subprocess; subprocess.run(['true'])",
        "import os; os.kill(os.getppid(), 9)",
        "(scratch / 'big').write_bytes(bytes(70 << 20))",
        "import threading\nfor n in range(500): threading.Thread(target=threading.Event().wait,"
        " daemon=True).start()",
    ],
)
def test_a_refusal_is_told_apart_from_an_error_of_the_code(strongest: Rung, code: str) -> None:
    """What the sandbox stopped has a sentence of its own."""
    with started(strongest) as warm:
        answer = warm.run(code)
    assert answer["refused"], answer


def test_an_error_of_the_code_is_no_refusal(warm: Warm) -> None:
    """A missing key, and memory, which has its own verdict."""
    assert warm.run("{}['missing']")["refused"] is None
    memory = warm.run("bytearray(2 << 30)", memory_bytes=512 << 20)
    assert (memory["error"], memory["refused"]) == ("MemoryError: ", None)


def test_a_child_is_killed_when_its_processor_time_is_spent(strongest: Rung) -> None:
    """Even one that ignores the first signal."""
    code = "import signal; signal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass"
    with started(strongest) as warm:
        assert warm.run(code, cpu_seconds=1)["status"] == -signal.SIGKILL
        assert warm.run("value = 1")["value"] == 1


def test_a_child_may_end_itself_and_only_itself(warm: Warm) -> None:
    """os.abort and a signal to oneself are a crash, not a refusal."""
    assert warm.run("import os; os.abort()")["status"] == -signal.SIGABRT
    assert warm.run("import os; os.kill(os.getpid(), 9)")["status"] == -signal.SIGKILL
    assert warm.run("value = 1")["value"] == 1


def test_the_channel_of_the_warm_process_is_closed_to_the_child(warm: Warm) -> None:
    """A child can't speak in the name of the warm process."""
    code = "import os; value = sorted(n for n in map(int, os.listdir('/proc/self/fd')))"
    answer = warm.run(code)
    if answer["error"]:  # /proc is closed where there is Landlock
        code = """
import os
value = []
for n in range(64):
    try: os.fstat(n); value.append(n)
    except OSError: pass
"""
        answer = warm.run(code)
    assert len([n for n in answer["value"] if n > 2]) <= 2


def test_what_a_submission_left_running_is_swept_away(warm: Warm) -> None:
    """No process of a submission is there when its database is looked into."""
    left = "import os\nif os.fork() == 0:\n    os.setsid()\n    while True: pass"
    can_start_processes = not warm.rung.seccomp
    assert (warm.run(left)["error"] == "") is can_start_processes
    assert len(_inside(warm.process.pid)) == 1  # the warm process alone


def test_nothing_inside_is_root_to_the_kernel(warm: Warm) -> None:
    """Started by root, the jail belongs to a user that owns nothing."""
    assert warm.run("value = 1")["value"] == 1
    assert {uid for _, uid in _inside(warm.process.pid)} - {0}
    assert 0 not in {uid for _, uid in _inside(warm.process.pid)}


def _inside(pid: int) -> list[tuple[str, int]]:
    """Name and user of each Python that descends from a process, itself included."""
    children: dict[int, list[int]] = {}
    about: dict[int, tuple[str, int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            lines = (folder / "status").read_text().splitlines()
        except OSError:
            continue
        said = {name: value.split() for name, _, value in (li.partition(":") for li in lines)}
        about[int(folder.name)] = (said["Name"][0], int(said["Uid"][0]))
        children.setdefault(int(said["PPid"][0]), []).append(int(folder.name))
    waiting, found = [pid], []
    while waiting:
        current = waiting.pop()
        waiting += children.get(current, [])
        if about[current][0].startswith("python"):
            found.append(about[current])
    return found


def test_the_jail_ends_with_the_process_that_started_it(strongest: Rung) -> None:
    """A grader that is killed leaves nothing running."""
    script = f"""
import sys, time
from pathlib import Path
from workbook.sandbox import Jail, interpreter_trees
from workbook.sandbox.ladder import named
rung = named({strongest.name!r})
jail = Jail(read=interpreter_trees(), staging=Path('/usr/bin'), scratch=Path('/tmp'))
warm = rung.popen([sys.executable, '-c', 'print("up", flush=True); import time; time.sleep(60)'],
                  jail, stdout=1)
time.sleep(60)
"""
    read_end, write_end = os.pipe()
    grader = subprocess.Popen([sys.executable, "-c", script], stdout=write_end)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as output:
        assert output.readline() == b"up\n"
        grader.kill()
        grader.wait()
        waiting, _, _ = select.select([output], [], [], 20)
        assert waiting, "the jail outlived its grader"
        assert output.read() == b""  # the last writer is gone
