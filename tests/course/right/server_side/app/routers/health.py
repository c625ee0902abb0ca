"""For those who keep the application running: is it alive, can it work, what does it do."""

from fastapi import APIRouter, HTTPException, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from ..database import get_engine
from ..problems import problems
from ..production import check_health

router = APIRouter(prefix="/health", tags=["health"])

#: Seconds until a silent database counts as away.
PATIENCE = 2.0


@router.get("/live")
async def live() -> dict[str, str]:
    """Answer while the process can; the database is not asked, no restart would bring it back."""
    return {"status": "alive"}


@router.get("/ready", responses=problems(503))
async def ready() -> dict[str, str]:
    """Answer whether requests can be served now."""
    health = await check_health(get_engine(), timeout=PATIENCE)
    if health.status != 200:
        raise HTTPException(health.status, "The database can't be reached at the moment.")
    return {"status": "ready"}


@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request) -> Response:
    """What the database was asked, for Prometheus."""
    return Response(
        generate_latest(request.app.state.monitor.registry), media_type=CONTENT_TYPE_LATEST
    )
