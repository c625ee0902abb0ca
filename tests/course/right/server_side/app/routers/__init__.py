"""Requests come in, problems and rows go out."""
