output "platform" {
  description = "Names and ARNs that later stacks read from Parameter Store."
  value       = local.handover
}

output "kubeconfig_command" {
  description = "Makes the cluster's context on your machine."
  value       = "aws eks update-kubeconfig --region ${var.region} --name ${module.cluster.name} --alias ${var.environment}"
}

# aws_eks_cluster has an argument for it from provider 6.9 on.
output "by_hand" {
  description = "What production wants beside this code: EKS's own protection against who deletes the cluster past Terraform."
  value       = var.environment == "prod" ? "aws eks update-cluster-config --region ${var.region} --name ${module.cluster.name} --deletion-protection" : null
}
