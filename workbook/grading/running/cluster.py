"""A crew on many machines: Dask carries staged bytes there and JSON back.

A worker never imports what a student wrote; it drives graders in processes of their own, as the
local crew does. Dask speaks pickle, so whoever reaches its port runs code: use TLS between
machines (docs/teach.md).
"""

import importlib
import pickle
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbook.grading.grader import GraderFactory
from workbook.grading.running.crew import CannotStart, Graded, Seats

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
        patience: str = "60s",
    ) -> None:
        try:
            distributed: Any = importlib.import_module("distributed")
        except ImportError as error:
            raise CannotStart("Dask isn't installed: run .ci/set-up dask in this clone") from error
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
            self._client.close(timeout=5)
            raise CannotStart(f"the Dask scheduler at {address} has no workers")
        self._factory = pickle.dumps(factory)
        self._threads = ThreadPoolExecutor(2 * self.size, "waiting")

    def submit(self, files: bytes, seed: int) -> "Future[Graded]":
        """Grade one bundle on whichever worker is free."""
        return self._threads.submit(self._grade, files, seed)

    def _grade(self, files: bytes, seed: int) -> Graded:
        task = self._client.submit(grade_on_worker, self._factory, files, seed, pure=False)
        try:
            # Waits, also where a worker dies with a result nobody has fetched yet.
            graded: Graded = task.result()
        except CannotStart:
            raise
        except Exception as error:
            if type(error).__name__ == "KilledWorker":
                return Graded(None, faults=(f"its worker was killed: {error}",))
            raise CannotStart(f"the cluster gave the work back: {error}") from error
        return graded

    def close(self) -> None:
        """Leave the cluster; it drops what was not finished."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._client.close(timeout=5)
        self._threads.shutdown(wait=True)


def grade_on_worker(factory: bytes, files: bytes, seed: int) -> Graded:
    """Grade one bundle with this worker's own graders."""
    with _LOCK:
        if factory not in _SEATS:
            _SEATS[factory] = Seats(pickle.loads(factory))
        seats = _SEATS[factory]
    return seats.grade(files, seed)
