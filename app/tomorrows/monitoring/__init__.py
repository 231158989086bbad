"""Monitoring: how the siblings are."""
