data "aws_ssm_parameter" "network" {
  name = "/flaskship/${var.project}/${var.environment}/network"
}

data "aws_ssm_parameter" "platform" {
  name = "/flaskship/${var.project}/${var.environment}/platform"
}

locals {
  network  = jsondecode(nonsensitive(data.aws_ssm_parameter.network.value))
  platform = jsondecode(nonsensitive(data.aws_ssm_parameter.platform.value))

  versions = merge(
    {
      aws-load-balancer-controller = "1.14.0"
      external-secrets             = "1.0.0"
      vpa                          = "4.7.2"
      # Supports Kubernetes up to 1.35: raise it before the cluster.
      karpenter               = "1.11.1"
      argo-cd                 = "9.1.0"
      argo-rollouts           = "2.40.5"
      opentelemetry-collector = "0.136.0"
    },
    var.versions,
  )
}
