"""Promotion: the digests that one environment has proven become another's, and nothing else does."""
