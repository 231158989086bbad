"""What each supported minor takes, from a table made by scripts/generate_kubernetes_schemas.py."""
