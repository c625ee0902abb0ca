"""The hostile bank: submissions that attack the grader, each with its right verdict.

An attack is one TOML file. Its story says what it tries. Its code goes into `app/database.py` of
a whole answer (`base = "reference"`, where every other check stays earned) or of the bare starter
(`base = "starter"`, where no check may be earned that the starter doesn't earn).
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import socket
import tempfile
import textwrap
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from workbook.course import Course
from workbook.cuts import render
from workbook.grading.intake.folders import Folder
from workbook.grading.intake.staging import bundle, stage, unbundle

HERE = Path(__file__).parent / "hostile"
FILE = "app/database.py"
PLACES = {
    "tables": ("    async with (engine or get_engine()).begin() as connection:\n", "    "),
    "factory": ("    return async_sessionmaker(engine", "    "),
    "url": ("    if isinstance(url, str) and not url.strip():\n", "    "),
}


@dataclass(frozen=True)
class Attack:
    """One submission: `spoils` says which verdicts the checks of an exercise may have."""

    kind: str
    name: str
    story: str
    base: str = "reference"
    at: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    spoils: Mapping[str, list[str]] = field(default_factory=dict)
    on: tuple[str, ...] = ("sqlite", "postgresql")
    weaker: bool = False
    """Whether it is one of those that are tried on every rung."""

    @classmethod
    def read(cls, path: Path) -> Attack:
        """The attack in a file `kind/name.toml`."""
        found = tomllib.loads(path.read_text(encoding="utf-8"))
        found["on"] = tuple(found.get("on", cls.on))
        return cls(kind=path.parent.name, name=path.stem, **found)

    def lay(self, course: Course, world: World, folder: Path) -> Path:
        """Writes the project root into a new folder."""
        blank = [exercise.id for exercise in course.exercises] if self.base == "starter" else []
        texts = render(course, blank, package="app")
        for place, code in self.at.items():
            code = textwrap.dedent(world.aim(code))
            if place == "import":
                texts[FILE] += f"\n\n{code}"
                continue
            anchor, indent = PLACES[place]
            assert texts[FILE].count(anchor) == 1, f"{self.name}: {anchor} isn't there"
            inside = textwrap.indent(code, indent)
            texts[FILE] = texts[FILE].replace(anchor, f"{inside}\n{anchor}")
        texts |= {name: world.aim(text) for name, text in self.files.items()}
        for name, text in texts.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode("utf-8", "surrogateescape"))
        return folder


def attacks() -> list[Attack]:
    """The whole bank."""
    return [
        Attack.read(path)
        for path in sorted(HERE.glob("*/*.toml"))
        if path.parent.name != "archives"
    ]


@dataclass
class World:
    """What nobody inside may reach: a secret, a folder, listeners, a word in our environment."""

    place: Path
    word: str
    listeners: dict[str, socket.socket]

    @classmethod
    @contextlib.contextmanager
    def laid_out(cls) -> Iterator[World]:
        """Made with all modes open, so that only walls hold; gone at the end."""
        word = f"secret{secrets.token_hex(12)}"
        place = Path(tempfile.mkdtemp(prefix="wb-world-"))
        place.chmod(0o777)
        (place / "secret").write_text(word)
        (place / "gradebook.sqlite").write_text(word)
        for path in place.iterdir():
            path.chmod(0o666)
        os.environ["WORKBOOK_TEST_WORD"] = word
        try:
            with contextlib.ExitStack() as stack:
                listeners = {}
                for name, family, address in (
                    ("tcp", socket.AF_INET, ("127.0.0.1", 0)),
                    ("abstract", socket.AF_UNIX, f"\0{word}"),
                    ("unix", socket.AF_UNIX, str(place / "socket")),
                ):
                    listener = stack.enter_context(socket.socket(family))
                    listener.bind(address)  # type: ignore[arg-type]
                    listener.listen()
                    listener.setblocking(False)
                    listeners[name] = listener
                (place / "socket").chmod(0o777)
                yield cls(place, word, listeners)
        finally:
            del os.environ["WORKBOOK_TEST_WORD"]
            shutil.rmtree(place)

    def aim(self, code: str) -> str:
        """The code with the names of its targets."""
        targets = {
            "@PLACE@": str(self.place),
            "@REPO@": str(Path(__file__).parents[2]),
            "@PID@": str(os.getpid()),
            "@PORT@": str(self.listeners["tcp"].getsockname()[1]),
            # Its own name for the abstract socket, so that reading it here is no find.
            "@ABSTRACT@": "".join(f"\\x{ord(c):02x}" for c in self.word),
        }
        for name, target in targets.items():
            code = code.replace(name, target)
        return code

    def faults(self, result: Mapping[str, Any]) -> list[str]:
        """What was read or reached that should not have been."""
        found = []
        if self.word in json.dumps(result):
            found.append("the secret is in the result")
        answers = ("Give SQLite transactions that savepoints", "POSTGRES, SQLITE =")
        if any(phrase in json.dumps(result) for phrase in answers):
            found.append("the reference or a suite is in the result")
        names = sorted(path.name for path in self.place.iterdir())
        if names != ["gradebook.sqlite", "secret", "socket"]:
            found.append(f"outside there is now {names}")
        kept = [(self.place / name).read_text() for name in ("gradebook.sqlite", "secret")]
        if kept != [self.word, self.word]:
            found.append("a file outside was written to")
        for name, listener in self.listeners.items():
            with contextlib.suppress(BlockingIOError):
                listener.accept()[0].close()
                found.append(f"somebody connected to the {name} socket")
        return found


def faults(attack: Attack, result: Mapping[str, Any], bare: Mapping[str, Any]) -> list[str]:
    """What the judge should have said, and did not; `bare` is the starter's own result."""
    before = {row["id"]: row["verdict"] for row in bare["checks"]}
    found = []
    for row in result["checks"]:
        id, verdict = row["id"], row["verdict"]
        told = f"{id} is {verdict} {row['databases']}: {row['story']}"
        allowed = attack.spoils.get(row["id"].rpartition(".")[0], attack.spoils.get("*"))
        if verdict == "ours":
            found.append(told)
        elif attack.base == "starter":
            if verdict == "ok" and before[id] != "ok":
                found.append(f"stolen: {told}")
        elif allowed is None or not set(attack.on) & set(row["databases"]):
            if verdict not in ("ok", "not checked"):
                found.append(told)
        elif verdict not in allowed:
            found.append(f"{told} (expected {' or '.join(allowed)})")
    return found


def staged(root: Path, folder: Path) -> Path:
    """The project root as a class run would lay it out."""
    return unbundle(bundle(stage(Folder(root)).files), folder)


def company() -> list[str]:
    """The names of all processes we started, and of those they started."""
    return sorted(one.name() for one in psutil.Process().children(recursive=True))
