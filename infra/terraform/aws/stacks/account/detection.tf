resource "aws_guardduty_detector" "this" {
  # checkov:skip=CKV2_AWS_3:One account; an organisation switches it on from its own administrator.
  enable = true
}

resource "aws_guardduty_detector_feature" "audit_logs" {
  detector_id = aws_guardduty_detector.this.id
  name        = "EKS_AUDIT_LOGS"
  status      = "ENABLED"
}

resource "aws_guardduty_detector_feature" "runtime" {
  detector_id = aws_guardduty_detector.this.id
  name        = "RUNTIME_MONITORING"
  status      = "ENABLED"

  # AWS tells all three, in this order; one that is not named here would be a change in every plan. (Provider 5 compares
  # them as a list.)
  additional_configuration {
    name   = "EKS_ADDON_MANAGEMENT"
    status = "ENABLED"
  }

  additional_configuration {
    name   = "ECS_FARGATE_AGENT_MANAGEMENT"
    status = "DISABLED"
  }

  additional_configuration {
    name   = "EC2_AGENT_MANAGEMENT"
    status = "DISABLED"
  }
}

resource "aws_securityhub_account" "this" {
  enable_default_standards = false
}

resource "aws_securityhub_standards_subscription" "this" {
  for_each = var.security_standards

  standards_arn = "arn:${local.partition}:securityhub:${var.region}::standards/${each.key}"

  depends_on = [aws_securityhub_account.this]
}
