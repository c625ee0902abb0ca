"""Given: tenants share an application and never see each other's rows."""

from ..context import current_tenant, required_tenant, tenant_context
from .databases import create_tenant_database, dispose_tenant_engines, tenant_engine
from .middleware import TenantMiddleware
from .schemas import create_tenant_schema, drop_tenant_schema, tenant_schema_session
from .sessions import tenant_session_factory

__all__ = [
    "TenantMiddleware",
    "create_tenant_database",
    "create_tenant_schema",
    "current_tenant",
    "dispose_tenant_engines",
    "drop_tenant_schema",
    "required_tenant",
    "tenant_context",
    "tenant_engine",
    "tenant_schema_session",
    "tenant_session_factory",
]
