"""Workers: people and agents.

``create_worker`` adds one. A worker that isn't there, or is another tenant's, is a
``NotFoundError``.
"""

from fastapi import APIRouter

from ..errors import NotFoundError
from ..models import Worker
from ..problems import problems
from ..schemas import RowId, WorkerRead
from ..services.worker_service import create_worker
from .bodies import NewWorker
from .dependencies import Session

router = APIRouter(prefix="/workers", tags=["workers"])


@router.post("", status_code=201, response_model=WorkerRead, responses=problems(400, 409, 422))
async def add_worker(body: NewWorker, session: Session) -> Worker:
    """Add a worker; the handle must be free."""
    return await create_worker(session, body)


@router.get("/{worker_id}", response_model=WorkerRead, responses=problems(404, 422))
async def read_worker(worker_id: RowId, session: Session) -> Worker:
    """Read a worker."""
    worker = await session.get(Worker, worker_id)
    if worker is None:
        raise NotFoundError(f"There is no worker {worker_id}.")
    return worker
