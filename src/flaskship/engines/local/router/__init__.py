"""The data path: a small process of its own that forwards requests to ready replicas."""
