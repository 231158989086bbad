output "network" {
  description = "The ids that later stacks read from Parameter Store."
  value       = local.handover
}

output "nat_addresses" {
  description = "Public addresses of the pods, for allow lists elsewhere."
  value       = module.network.nat_addresses
}

output "helm_values" {
  description = "Values of the chart that follow from the network: write them to a file and pass it with -f."
  value = {
    networkPolicy = {
      ingressCidrs  = var.public_subnets
      databaseCidrs = var.database_subnets
    }
    # Without it the controller wants a group of its own, which its role may not make and which nodes do not let in.
    ingress = {
      annotations = { "alb.ingress.kubernetes.io/security-groups" = module.security_groups.load_balancer }
    }
  }
}
