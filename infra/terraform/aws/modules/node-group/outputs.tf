output "name" {
  description = "The group's name."
  value       = aws_eks_node_group.this.node_group_name
}
