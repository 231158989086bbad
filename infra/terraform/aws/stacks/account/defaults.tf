# What nobody has to think of any more: disks are encrypted, buckets are closed, images are scanned.
resource "aws_ebs_encryption_by_default" "this" {
  enabled = true
}

resource "aws_s3_account_public_access_block" "this" {
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_ecr_registry_scanning_configuration" "this" {
  scan_type = "ENHANCED"

  rule {
    scan_frequency = "CONTINUOUS_SCAN"

    repository_filter {
      filter      = "${var.project}/*"
      filter_type = "WILDCARD"
    }
  }
}

# Lets Application Signals find services and their calls.
resource "aws_iam_service_linked_role" "application_signals" {
  aws_service_name = "application-signals.cloudwatch.amazonaws.com"
}

# One for the account and region, whichever cluster's agent sends: made here, or the first agent makes it without a retention.
resource "aws_cloudwatch_log_group" "application_signals" {
  # checkov:skip=CKV_AWS_338:The variable says how long; figures, and no log of what was done.
  # checkov:skip=CKV_AWS_158:Encrypted by CloudWatch's own key; durations and counts of routes are no secrets.
  name              = "/aws/application-signals/data"
  retention_in_days = var.signals_retention_days
}

# Of its kind AWS allows one in an account, and makes it itself (Default-Services-Monitor) where Cost Explorer was switched
# on after March 2023: made here only where there is none.
resource "aws_ce_anomaly_monitor" "services" {
  count = var.services_monitor ? 1 : 0

  name              = "${var.project}-services"
  monitor_type      = "DIMENSIONAL"
  monitor_dimension = "SERVICE"
}

# What a budget counts by. AWS lets the management account of an organization do this, or an account without one, and
# only once a tag has been seen in costs.
resource "aws_ce_cost_allocation_tag" "this" {
  for_each = var.cost_allocation_tags

  tag_key = each.key
  status  = "Active"
}
