"""From Kubernetes' objects to a snapshot: pure functions over what was listed and watched."""
