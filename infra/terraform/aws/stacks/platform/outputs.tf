output "platform" {
  description = "Names and ARNs that later stacks read from Parameter Store."
  value       = local.handover
}

output "kubeconfig_command" {
  description = "Makes the cluster's context on your machine."
  value       = "aws eks update-kubeconfig --region ${var.region} --name ${module.cluster.name} --alias ${var.environment}"
}
