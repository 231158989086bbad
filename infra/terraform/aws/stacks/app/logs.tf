resource "aws_cloudwatch_log_group" "application" {
  # checkov:skip=CKV_AWS_338:The environment says how long.
  # checkov:skip=CKV_AWS_158:Applications log no secrets (tested), and CloudWatch encrypts by itself.
  for_each = var.applications

  name              = "/${var.project}/${var.environment}/${each.key}"
  retention_in_days = var.log_retention_days
}

# The container that migrates is none of an application's own, and the collector names a group as the container.
resource "aws_cloudwatch_log_group" "migrations" {
  # checkov:skip=CKV_AWS_338:The environment says how long.
  # checkov:skip=CKV_AWS_158:Migrations log no secrets (tested), and CloudWatch encrypts by itself.
  name              = "/${var.project}/${var.environment}/migrate"
  retention_in_days = var.log_retention_days
}

locals {
  log_groups = [for name in sort(tolist(var.applications)) : aws_cloudwatch_log_group.application[name].name]
}

resource "aws_cloudwatch_log_metric_filter" "errors" {
  for_each = var.applications

  name           = "errors"
  log_group_name = aws_cloudwatch_log_group.application[each.key].name
  pattern        = "{ ($.event = \"request\") && ($.status >= 500) }"

  metric_transformation {
    name          = "${each.key}-5xx"
    namespace     = local.name
    value         = "1"
    default_value = "0"
  }
}

resource "aws_cloudwatch_log_metric_filter" "latency" {
  for_each = var.applications

  name           = "latency"
  log_group_name = aws_cloudwatch_log_group.application[each.key].name
  pattern        = "{ ($.event = \"request\") && ($.ms >= 0) }"

  metric_transformation {
    name      = "${each.key}-ms"
    namespace = local.name
    value     = "$.ms"
    unit      = "Milliseconds"
  }
}
