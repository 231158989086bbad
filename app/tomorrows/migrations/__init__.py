"""The schema's history. README.md holds the rule that every step must keep."""
