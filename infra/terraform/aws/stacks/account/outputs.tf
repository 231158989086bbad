output "github_roles" {
  description = "Job of a workflow to the role that it takes on."
  value       = { for name, role in aws_iam_role.github : name => role.arn }
}

output "guardduty_detector" {
  description = "The detector."
  value       = aws_guardduty_detector.this.id
}

output "services_monitor_arn" {
  description = "The monitor of unusual cost that was made here, for anomaly_monitor_arn of the stack app; null where AWS's own serves."
  value       = one(aws_ce_anomaly_monitor.services[*].arn)
}
