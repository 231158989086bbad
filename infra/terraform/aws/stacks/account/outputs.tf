output "github_roles" {
  description = "Job of a workflow to the role that it takes on."
  value       = { for name, role in aws_iam_role.github : name => role.arn }
}

output "guardduty_detector" {
  description = "The detector."
  value       = aws_guardduty_detector.this.id
}
