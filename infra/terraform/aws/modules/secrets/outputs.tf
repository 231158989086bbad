output "arns" {
  description = "Entry to ARN."
  value       = { for name, secret in aws_secretsmanager_secret.this : name => secret.arn }
}
