"""Tenants share an application, and see nothing of each other."""

from ..whose import current_tenant, tenant_context
from .door import TenantMiddleware
from .session import tenant_session_factory
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
    "tenant_context",
    "tenant_engine",
    "tenant_schema_session",
    "tenant_session_factory",
]
