"""Tenants share an application and never see each other's rows."""

from ..context import current_tenant, required_tenant, tenant_context
from .host import TenantMiddleware
from .sessions import tenant_session_factory
from .walls import (
    create_tenant_database,
    create_tenant_schema,
    dispose_tenant_engines,
    drop_tenant_schema,
    tenant_engine,
    tenant_schema_session,
)

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
