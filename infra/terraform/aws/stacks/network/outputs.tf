output "network" {
  description = "The ids that later stacks read from Parameter Store."
  value       = local.handover
}

output "nat_addresses" {
  description = "Public addresses of the pods, for allow lists elsewhere."
  value       = module.network.nat_addresses
}

output "helm_values" {
  description = "Values of the chart that follow from the network."
  value = {
    networkPolicy = {
      ingressCidrs  = var.public_subnets
      databaseCidrs = var.database_subnets
    }
  }
}
