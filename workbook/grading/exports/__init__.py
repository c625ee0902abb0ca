"""Grades in the formats other systems import, each written whole or not at all."""
