"""Rules over the rendered objects of an environment: pure functions from objects to findings."""
