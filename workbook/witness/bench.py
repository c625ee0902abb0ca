"""What a probe gets: the database's address, the student's folder, a recorder of SQL."""

from collections.abc import Awaitable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from workbook.sandbox import refusal_of

from .recording import Recording
from .telling import tell


class Bench:
    """The witness's side of a check; a course's kit builds on it."""

    def __init__(
        self, root: Path, package: Path, name: str, recording: Recording, own: Sequence[Path] = ()
    ) -> None:
        """`own` are the folders that a jail lets the submission read or write."""
        self.root = root
        self.own = own
        self.package = package
        self.name = name
        self.url = ""
        self.database = ""
        self.turn = 0  # which probe this is
        self._recording = recording

    def recording(self, window: str = "") -> AbstractContextManager[list[dict[str, Any]]]:
        """Keeps the SQL that runs inside it; the judge reads it as `seen.sql(window)`."""
        return self._recording.window(window)

    def told(self, error: BaseException) -> dict[str, Any]:
        """An exception as data: types, message, the student's own frames, a jail's refusal."""
        told = tell(error, self.root, self.package, self.name)
        if self.own and (reason := refusal_of(error, own=self.own)):
            told["refused"] = reason
        return told

    async def outcome(self, work: Awaitable[Any]) -> dict[str, Any]:
        """What awaiting gave: `{"value": …}`, or `{"error": …}` for any exception."""
        try:
            return {"value": await work}
        except Exception as error:
            return {"error": self.told(error)}
