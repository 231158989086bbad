locals {
  entries = merge(
    { for name, arn in var.administrators : name => { arn = arn, policy = "AmazonEKSClusterAdminPolicy" } },
    { for name, arn in var.viewers : name => { arn = arn, policy = "AmazonEKSViewPolicy" } },
  )
}

resource "aws_eks_access_entry" "this" {
  for_each = local.entries

  cluster_name  = aws_eks_cluster.this.name
  principal_arn = each.value.arn
  type          = "STANDARD"
}

resource "aws_eks_access_policy_association" "this" {
  for_each = local.entries

  cluster_name  = aws_eks_cluster.this.name
  principal_arn = aws_eks_access_entry.this[each.key].principal_arn
  policy_arn    = "arn:${data.aws_partition.this.partition}:eks::aws:cluster-access-policy/${each.value.policy}"

  access_scope {
    type = "cluster"
  }
}
