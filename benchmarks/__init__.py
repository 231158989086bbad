"""What Flaskship costs, measured beside what it stands for: python -m benchmarks [NAME ...]."""
