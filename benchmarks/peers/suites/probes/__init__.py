"""Probes of the notes."""
