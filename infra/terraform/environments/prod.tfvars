# Production: API, Worker, Admin and Monitoring. The context is that of flaskship.yaml.
environment  = "prod"
kube_context = "prod"

# Up to twenty replicas of the API, one after another, with up to 35 seconds of grace.
timeout_seconds = 1200
