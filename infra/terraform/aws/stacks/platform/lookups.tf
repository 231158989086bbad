data "aws_caller_identity" "this" {}
data "aws_partition" "this" {}
data "aws_region" "this" {}

data "aws_ssm_parameter" "network" {
  name = "/flaskship/${var.project}/${var.environment}/network"
}

locals {
  name    = "${var.project}-${var.environment}"
  network = jsondecode(nonsensitive(data.aws_ssm_parameter.network.value))
  account = data.aws_caller_identity.this.account_id
  subnets = [for zone in sort(keys(local.network.private_subnets)) : local.network.private_subnets[zone]]

  tags = {
    Project     = var.project
    Environment = var.environment
    Stack       = "platform"
    ManagedBy   = "terraform"
  }
}
