"""Probes run beside a student's code: they call the contract and say what they saw."""
