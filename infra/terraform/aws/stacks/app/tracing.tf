# CloudWatch's agent indexes where a trace comes from as Application Signals names it: the cluster and the namespace.
resource "aws_xray_group" "slow_or_failed" {
  group_name        = "${local.name}-slow-or-failed"
  filter_expression = "annotation[aws.local.environment] = \"eks:${local.platform.cluster}/${local.namespace}\" AND (fault = true OR responsetime > 0.5)"

  insights_configuration {
    insights_enabled      = true
    notifications_enabled = false
  }
}

resource "aws_xray_sampling_rule" "this" {
  rule_name      = local.name
  priority       = 100
  version        = 1
  reservoir_size = 1
  fixed_rate     = var.trace_share
  service_name   = "my-tomorrows-*"
  service_type   = "*"
  host           = "*"
  http_method    = "*"
  url_path       = "*"
  resource_arn   = "*"
}

# Probes would be most of the traces, and tell nothing.
resource "aws_xray_sampling_rule" "probes" {
  for_each = toset(["/health", "/ready", "/startup", "/metrics"])

  rule_name      = "${local.name}-no${replace(each.key, "/", "-")}"
  priority       = 10 + index(["/health", "/ready", "/startup", "/metrics"], each.key)
  version        = 1
  reservoir_size = 0
  fixed_rate     = 0
  service_name   = "my-tomorrows-*"
  service_type   = "*"
  host           = "*"
  http_method    = "*"
  url_path       = each.key
  resource_arn   = "*"
}
