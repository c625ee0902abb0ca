"""For machines: is it alive, can it work, what has it done. Plain Starlette, no tenant."""

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..database import get_engine
from ..problems import problem
from ..production.health import check_health

NO_STORE = {"Cache-Control": "no-store"}


async def live(_: Request) -> Response:
    return Response(b'{"status":"ok"}', headers=NO_STORE, media_type="application/json")


async def ready(_: Request) -> Response:
    health = await check_health(get_engine())
    if health.status == 200:
        return Response(b'{"status":"ok"}', headers=NO_STORE, media_type="application/json")
    return problem(503, "The database does not answer.", headers=NO_STORE)


async def metrics(request: Request) -> Response:
    content = generate_latest(request.app.state.metrics)
    return Response(content, headers={"Content-Type": CONTENT_TYPE_LATEST})


health_routes = [
    Route("/health/live", live),
    Route("/health/ready", ready),
    Route("/health/metrics", metrics),
]
