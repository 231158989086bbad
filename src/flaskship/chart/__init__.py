"""From flaskship.yaml and layers of values to the manifests that Helm renders; every value has its origin."""
