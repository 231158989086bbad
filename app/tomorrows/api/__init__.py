"""The API: create, list, read and cancel reminders."""
