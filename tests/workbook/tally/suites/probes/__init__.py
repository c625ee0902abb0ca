"""Probes of the small course."""
