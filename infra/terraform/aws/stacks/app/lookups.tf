data "aws_caller_identity" "this" {}
data "aws_partition" "this" {}

data "aws_ssm_parameter" "network" {
  name = "/flaskship/${var.project}/${var.environment}/network"
}

data "aws_ssm_parameter" "platform" {
  name = "/flaskship/${var.project}/${var.environment}/platform"
}

locals {
  name      = "${var.project}-${var.environment}"
  namespace = var.namespace == "" ? local.name : var.namespace
  account   = data.aws_caller_identity.this.account_id
  partition = data.aws_partition.this.partition
  network   = jsondecode(nonsensitive(data.aws_ssm_parameter.network.value))
  platform  = jsondecode(nonsensitive(data.aws_ssm_parameter.platform.value))

  # One table for the chart and for this: infra/secrets.yaml.
  table = yamldecode(file("${path.module}/../../../../secrets.yaml"))
  # None of these variables is ever null: naming them makes Terraform say what is wrong with them before it asks AWS for
  # random values.
  judged  = [var.database, var.certificate_arn, var.alarm_emails, var.applications, var.anomaly_monitor_arn]
  entries = anytrue([for value in local.judged : value == null]) ? {} : lookup(local.table.environments, var.environment, {})

  protected = var.environment == "prod"
}
