# What the charts and app stacks need, where they can read it without a right to this stack's state.
locals {
  handover = {
    cluster           = module.cluster.name
    endpoint          = module.cluster.endpoint
    certificate       = module.cluster.certificate
    oidc_provider_arn = module.cluster.oidc_provider_arn
    node_role         = aws_iam_role.nodes.name
    interruptions     = module.karpenter.queue
    roles = {
      load_balancer_controller = module.load_balancer_controller_role.arn
      argo_rollouts            = module.rollouts_role.arn
      collector                = module.collector_role.arn
      karpenter                = module.karpenter.role_arn
    }
  }
}

resource "aws_ssm_parameter" "handover" {
  # checkov:skip=CKV2_AWS_34:Names and ARNs of the platform, no secrets.
  name        = "/flaskship/${var.project}/${var.environment}/platform"
  description = "Names and ARNs that the charts and app stacks read"
  type        = "String"
  value       = jsonencode(local.handover)
}
