provider "aws" {
  region = var.region

  default_tags {
    tags = local.tags
  }
}

# A token of a few minutes for each run, from the credentials of whoever runs it: none is kept.
provider "helm" {
  kubernetes = {
    host                   = local.platform.endpoint
    cluster_ca_certificate = base64decode(local.platform.certificate)
    exec = {
      api_version = "client.authentication.k8s.io/v1"
      command     = "aws"
      args        = ["eks", "get-token", "--region", var.region, "--cluster-name", local.platform.cluster]
    }
  }
}
