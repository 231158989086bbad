"""Admin: look at the reminders."""
