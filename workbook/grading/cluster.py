"""A crew on many machines: Dask carries staged bytes there and JSON back.

A worker never imports what a student wrote; it drives graders in processes of their own, as the
local crew does. Dask speaks pickle, so whoever reaches its port runs code: use TLS between
machines (docs/teach.md).
"""

import importlib
import pickle
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbook.grading.crew import CannotStart, Graded, Seats
from workbook.grading.grader import GraderFactory

_SEATS: dict[bytes, Seats] = {}
_LOCK = threading.Lock()


@dataclass(frozen=True)
class Tls:
    """The files of a mutual TLS connection: an authority, our certificate and its key."""

    authority: Path
    certificate: Path
    key: Path


class DaskCrew:
    """The graders of every worker of a Dask cluster."""

    def __init__(
        self,
        address: str,
        factory: GraderFactory,
        tls: Tls | None = None,
        patience: str = "20s",
    ) -> None:
        try:
            distributed: Any = importlib.import_module("distributed")
        except ImportError as error:
            raise CannotStart(
                "Dask isn't installed: pip install 'task-api-workbook[dask]'"
            ) from error
        if address.startswith("tls://") and tls is None:
            raise CannotStart(f"{address} asks for TLS: give --tls-ca, --tls-cert and --tls-key")
        security = distributed.Security() if tls is None else distributed.Security(
            tls_ca_file=str(tls.authority), tls_client_cert=str(tls.certificate),
            tls_client_key=str(tls.key), require_encryption=True,
        )  # fmt: skip
        try:
            self._client = distributed.Client(address, security=security, timeout=patience)
        except (OSError, TimeoutError, ValueError) as error:
            raise CannotStart(f"no Dask scheduler answers at {address}: {error}") from error
        self.size = sum(self._client.nthreads().values())
        if not self.size:
            self.close()
            raise CannotStart(f"the Dask scheduler at {address} has no workers")
        self._factory = pickle.dumps(factory)

    def submit(self, files: bytes, seed: int) -> "Future[Graded]":
        """Grade one bundle on whichever worker is free."""
        handed: Future[Graded] = Future()
        handed.set_running_or_notify_cancel()
        task = self._client.submit(grade_on_worker, self._factory, files, seed, pure=False)
        task.add_done_callback(lambda done: _hand_over(done, handed))
        return handed

    def close(self) -> None:
        """Leave the cluster; it drops what was not finished."""
        self._client.close(timeout=5)


def grade_on_worker(factory: bytes, files: bytes, seed: int) -> Graded:
    """Grade one bundle with this worker's own graders."""
    with _LOCK:
        if factory not in _SEATS:
            _SEATS[factory] = Seats(pickle.loads(factory))
        seats = _SEATS[factory]
    return seats.grade(files, seed)


def _hand_over(task: Any, handed: "Future[Graded]") -> None:
    if task.status == "finished":
        handed.set_result(task.result())
        return
    error = task.exception() if task.status == "error" else None
    if type(error).__name__ == "KilledWorker":
        handed.set_result(Graded(None, faults=(f"its worker was killed: {error}",)))
    else:
        handed.set_exception(CannotStart(f"the cluster gave the work back: {error or task.status}"))
