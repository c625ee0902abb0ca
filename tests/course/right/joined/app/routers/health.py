"""For those who keep the application running: is it alive, can it work."""

from fastapi import APIRouter
from starlette.exceptions import HTTPException

from ..database import get_engine
from ..problems import problems
from ..production.health import check_health

router = APIRouter(prefix="/health", tags=["health"])

#: Seconds until a silent database counts as away.
PATIENCE = 2.0


@router.get("/live")
async def live() -> dict[str, str]:
    """Answer while the process can.

    Asks nobody: whoever restarts what isn't alive would restart it for the database's fault.
    """
    return {"status": "alive"}


@router.get("/ready", responses=problems(503))
async def ready() -> dict[str, str]:
    """Answer whether requests can be served now: 503 while the database is away or silent.

    One ``SELECT 1`` within ``PATIENCE``. Nothing is remembered, so it is ready again as soon as
    the database is back.
    """
    health = await check_health(get_engine(), timeout=PATIENCE)
    if health.error is not None:
        raise HTTPException(health.status, "The database can't be reached now.")
    return {"status": "ready"}
