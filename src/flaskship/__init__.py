"""Flaskship: a team's Flask applications from a laptop to production, with the same files."""

__version__ = "0.1.0"
