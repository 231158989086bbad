# Staging: API, Worker and Admin. The context is that of flaskship.yaml.
environment  = "staging"
kube_context = "staging"

# Two replicas each, one after another, with up to 35 seconds of grace.
timeout_seconds = 600
