"""Reminders: tell me tomorrow. One code base, four roles: api, worker, admin, monitoring."""

__version__ = "1.0.0"
