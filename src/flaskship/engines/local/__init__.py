"""The engine of one machine: supervised processes with their Kubernetes meaning."""
