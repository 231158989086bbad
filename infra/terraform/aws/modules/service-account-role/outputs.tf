output "arn" {
  description = "The role, for the annotation eks.amazonaws.com/role-arn of its service account."
  value       = aws_iam_role.this.arn
}

output "name" {
  description = "The role's name."
  value       = aws_iam_role.this.name
}
