output "load_balancer" {
  description = "Group of the load balancer, which the Ingress names in an annotation."
  value       = aws_security_group.load_balancer.id
}

output "control_plane" {
  description = "Group of the cluster's control plane."
  value       = aws_security_group.control_plane.id
}

output "nodes" {
  description = "Group of nodes and pods."
  value       = aws_security_group.nodes.id
}

output "database" {
  description = "Group of the database."
  value       = aws_security_group.database.id
}
