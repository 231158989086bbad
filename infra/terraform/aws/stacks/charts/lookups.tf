data "aws_ssm_parameter" "network" {
  name = "/flaskship/${var.project}/${var.environment}/network"
}

data "aws_ssm_parameter" "platform" {
  name = "/flaskship/${var.project}/${var.environment}/platform"
}

locals {
  network  = jsondecode(nonsensitive(data.aws_ssm_parameter.network.value))
  platform = jsondecode(nonsensitive(data.aws_ssm_parameter.platform.value))

  tags = {
    Project     = var.project
    Environment = var.environment
    Stack       = "charts"
    ManagedBy   = "terraform"
  }

  # Read from each chart's repository on 2026-11-26, and rendered there with the values of this stack for Kubernetes
  # 1.35. All of them know 1.36, too, so that the cluster may follow (variable kubernetes_version of `platform`).
  versions = merge(
    {
      # aws/eks-charts, 2026-08-03; Kubernetes 1.22 and later; the same IAM policy as 2.14.
      aws-load-balancer-controller = "3.5.0"
      # external-secrets/external-secrets, docs/introduction/stability-support.md: tested with 1.35 and 1.36.
      external-secrets = "2.8.0"
      # FairwindsOps/charts, 2026-08-11: VPA 1.7.1; Kubernetes 1.28 and later.
      vpa = "5.0.0"
      # aws/karpenter-provider-aws, 2026-08-21; its compatibility matrix: 1.35 from 1.9 on, 1.36 from 1.13 on.
      karpenter = "1.14.1"
      # argoproj/argo-helm, 2026-07-02: Argo CD 3.4.4 (Kubernetes 1.25 and later), Argo Rollouts 1.9.0.
      argo-cd       = "10.1.1"
      argo-rollouts = "2.41.0"
      # open-telemetry/opentelemetry-helm-charts, 2026-08-14: collector 0.158.0.
      opentelemetry-collector = "0.170.0"
    },
    var.versions,
  )
}
