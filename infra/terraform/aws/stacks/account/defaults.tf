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

# Of its kind AWS allows one in an account: unusual cost of any service.
resource "aws_ce_anomaly_monitor" "services" {
  name              = "${var.project}-services"
  monitor_type      = "DIMENSIONAL"
  monitor_dimension = "SERVICE"
}
