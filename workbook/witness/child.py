"""One witness: it imports the student's package and runs probes until the judge hangs up."""

import asyncio
import contextlib
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import inspect
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO

from . import frames, inspector, limits
from .bench import Bench
from .recording import Recording
from .seal import Seal
from .serving import Send, settle

_PRINTED = 4_000


class PackageFinder(importlib.abc.MetaPathFinder):
    """Imports the student's package under the course's name, whatever its folder is called."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.folder = name, folder

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The package itself; its modules are found through its folder as always."""
        if name != self.name:
            return None
        return importlib.util.spec_from_file_location(
            name, self.folder / "__init__.py", submodule_search_locations=[str(self.folder)]
        )


def load_probes(folder: Path) -> None:
    """Imports a course's probes as the package `probes`: trusted code, no student's."""
    sys.meta_path.insert(0, PackageFinder("probes", folder))
    for path in sorted(folder.glob("*.py")):
        stem = path.stem
        importlib.import_module("probes" if stem == "__init__" else f"probes.{stem}")


@dataclass(frozen=True)
class Tools:
    """What is made once libraries and probes are loaded, before there is a student."""

    recording: Recording = field(default_factory=Recording)
    seal: Seal = field(default_factory=Seal)


def _probes() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every probe by its name: `services.get`."""
    for name, module in list(sys.modules.items()):
        if name.startswith("probes."):
            for probe, found in vars(module).items():
                if inspect.isfunction(found):
                    yield f"{name.removeprefix('probes.')}.{probe}", found


class Witness:
    """Runs probes on one project root, one at a time, on one event loop."""

    def __init__(self, opening: dict[str, Any], tools: Tools, printed: BinaryIO) -> None:
        self.root = Path(opening["root"])
        package = Path(opening["package"])
        recording = tools.recording
        walls = opening.get("lockdown")
        own = [self.root, *map(Path, walls["write"])] if walls else []
        self.bench = Bench(self.root, package, opening["name"], recording, own)
        self.recording = recording
        self.printed = printed
        sys.meta_path.insert(0, PackageFinder(opening["name"], package))
        sys.path.append(str(self.root))
        os.chdir(self.root)
        self.probes = dict(_probes())
        kit = importlib.import_module("probes.kit")
        self.kit = kit.Kit(self.bench)
        self.seal, self._broken = tools.seal, ""

    def serve(self, stream: BinaryIO, send: Send) -> None:
        """Answers requests until the stream ends.

        The judge has each answer confirmed. So the seal is looked at before each probe too: what
        is put back at the end of one was seen at the end of that before.
        """
        # With Python's own handler asyncio would look at it after each probe, and for that write
        # the whole answer out as text.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        with asyncio.Runner() as runner:
            while (request := frames.read(stream)) is not None:
                if request["do"] == "confirm":
                    self._broken = self._broken or self._changed()
                    send(frames.pack({**request, "broken": self._broken}))
                else:
                    name = request.get("probe")
                    if name and not self.seal.holds(self.probes.get(name)):
                        self._broken = self._broken or f"probes.{name}"
                    send(self._packed(runner.run(self._answer(request))))

    def _changed(self) -> str:
        """The name of something of ours that is another now, or nothing."""
        return self.seal.broken((self, self.kit, self.bench, self.recording))

    def _packed(self, answer: dict[str, Any]) -> bytes:
        try:
            return frames.pack(answer)
        except (frames.FrameError, TypeError, ValueError, RecursionError) as error:
            return frames.pack({"id": answer["id"], "error": self.bench.told(error)})

    async def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        limits.allow_cpu(request["cpu"])
        self.recording.reset()
        start = self.printed.tell() if self.printed.seekable() else 0
        answer: dict[str, Any] = {"id": request["id"], "value": None}
        try:
            answer["value"] = await self._work(request)
        except BaseException as error:
            answer["error"] = self.bench.told(error)
        answer["windows"] = self.recording.windows
        answer["beside"] = self.recording.beside
        answer["printed"] = self._printed_since(start)
        return answer

    async def _work(self, request: dict[str, Any]) -> Any:
        if request["do"] == "import":
            for name in request["modules"]:
                importlib.import_module(name)
            return None
        if request["url"] != self.bench.url:
            await self.kit.close()
            self.bench.url, self.bench.database = request["url"], request["database"]
            os.environ["DATABASE_URL"] = request["url"]
        self.bench.turn += 1
        result = self.probes[request["probe"]](self.kit, **request["inputs"])
        return await result if inspect.isawaitable(result) else result

    def _printed_since(self, start: int) -> str:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):  # a student may have replaced or closed it
                stream.flush()
        end = os.fstat(self.printed.fileno()).st_size
        self.printed.seek(max(start, end - _PRINTED))
        text = self.printed.read(max(0, end - self.printed.tell()))
        self.printed.seek(0, os.SEEK_END)
        return text.decode(errors="backslashreplace")


def run(opening: dict[str, Any], tools: Tools, channel: socket.socket) -> None:
    """Becomes the witness of one project root; returns when the judge hangs up."""
    stream = channel.makefile("rb")
    try:
        printed = settle(opening, channel.fileno())
        witness = None if opening.get("inspector") else Witness(opening, tools, printed)
    except Exception as error:
        channel.sendall(frames.pack({"fault": f"{type(error).__name__}: {error}"}))
        raise
    channel.sendall(frames.pack({"ready": True}))  # before any of the student's code
    if witness is None:
        inspector.serve(stream, channel.sendall)
    else:
        witness.serve(stream, channel.sendall)
