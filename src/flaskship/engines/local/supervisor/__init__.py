"""The process that keeps every environment of a project at what was asked for."""
