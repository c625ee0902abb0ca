"""The routes: what a request says, as a call of a service; what that returns, as bytes."""

from .health import health_routes
from .resources import router

__all__ = ["health_routes", "router"]
