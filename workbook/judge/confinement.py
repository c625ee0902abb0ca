"""What a client tells a judge about the jail that its witnesses live in."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Confinement:
    """A rung's name, the folder of staged submissions, and the folders it works with.

    `server` is a PostgreSQL server of the grader's own. `scratch` is where submissions write on
    rungs that have no mounts; it is nobody else's.
    """

    rung: str
    staging: Path
    server: Path | None = None
    scratch: Path | None = None

    def options(self) -> list[str]:
        """As options of the judge's process."""
        given = {
            "--jail": self.rung,
            "--staging": self.staging,
            "--server": self.server,
            "--scratch": self.scratch,
        }
        return [f"{name}={value}" for name, value in given.items() if value is not None]
