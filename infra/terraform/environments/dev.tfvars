# Development: API and Worker, on the Kubernetes of Docker Desktop. Another cluster:
#   terraform apply -var-file="environments/dev.tfvars" -var kube_context=minikube
environment  = "dev"
kube_context = "docker-desktop"
