"""Tenants."""

TENANT = 1
