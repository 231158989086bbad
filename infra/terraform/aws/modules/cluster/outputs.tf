output "name" {
  description = "The cluster's name, known when its first add-ons are there, so that node groups wait for them."
  value       = aws_eks_cluster.this.name
  depends_on  = [aws_eks_addon.first]
}

output "endpoint" {
  description = "The API server's address."
  value       = aws_eks_cluster.this.endpoint
}

output "certificate" {
  description = "The API server's authority, in base64."
  value       = aws_eks_cluster.this.certificate_authority[0].data
}

output "arn" {
  description = "The cluster's ARN."
  value       = aws_eks_cluster.this.arn
}

output "oidc_provider_arn" {
  description = "The identity provider that roles for service accounts trust."
  value       = aws_iam_openid_connect_provider.this.arn
}

output "log_group" {
  description = "Logs of the control plane."
  value       = aws_cloudwatch_log_group.control_plane.name
}
