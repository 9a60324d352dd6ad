"""Measurements: pure functions from a bench, a text and settings to evidence."""
