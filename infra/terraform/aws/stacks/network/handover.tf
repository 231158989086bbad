# What later stacks need, where they can read it without a right to this stack's state.
locals {
  handover = {
    vpc_id           = module.network.vpc_id
    vpc_cidr         = module.network.vpc_cidr
    public_subnets   = module.network.public_subnets
    private_subnets  = module.network.private_subnets
    database_subnets = module.network.database_subnets
    security_groups = {
      load_balancer = module.security_groups.load_balancer
      control_plane = module.security_groups.control_plane
      nodes         = module.security_groups.nodes
      database      = module.security_groups.database
    }
  }
}

resource "aws_ssm_parameter" "handover" {
  # checkov:skip=CKV2_AWS_34:Ids of the network, no secrets.
  name        = "/flaskship/${var.project}/${var.environment}/network"
  description = "Ids that the platform and app stacks read"
  type        = "String"
  value       = jsonencode(local.handover)
}
