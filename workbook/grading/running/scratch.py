"""A grader's own folder, gone when the grader is, however it ended."""

import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from workbook.postgres.held import holding

_KEEPER = (
    "import sys; sys.path.insert(0, sys.argv[2]);"
    "from workbook.grading.running.scratch import remove_at_the_end; remove_at_the_end(sys.argv[1])"
)


class Place:
    """A new folder that others can enter; a process beside us removes it when we end.

    That process waits on a pipe, so it sees a `kill -9` too.
    """

    def __init__(self, wanted: Path | None = None) -> None:
        """Made in `wanted` where there is such a folder, else where temporary files go."""
        above = wanted if wanted is not None and wanted.is_dir() else None
        self.folder = Path(tempfile.mkdtemp(prefix="workbook-grader-", dir=above))
        self.folder.chmod(0o755)  # another user reads what is staged in it

    def __enter__(self) -> Self:
        above = str(Path(__file__).parents[3])
        self._keeper = subprocess.Popen(
            [sys.executable, "-c", _KEEPER, str(self.folder), above],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._keeper.stdin is not None
        self._keeper.stdin.close()
        self._keeper.wait()


def remove_at_the_end(folder: str) -> None:
    """Removes the folder once nobody holds our input open any more."""
    sys.stdin.read()
    server = Path(folder) / "server"
    if (server / "keeper").exists():
        # The keeper of a PostgreSQL server holds this file until the server has stopped.
        with holding(server / "keeper"):
            pass
    # Not `shutil.rmtree`: a submission may nest folders deeper than Python recurses.
    subprocess.run(["rm", "-rf", "--", folder], check=False)
