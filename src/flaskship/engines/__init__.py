"""Where a release can run."""
