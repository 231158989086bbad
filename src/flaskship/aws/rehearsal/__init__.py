"""The rehearsal: every stack applied, looked at, changed and destroyed, on this machine alone."""
