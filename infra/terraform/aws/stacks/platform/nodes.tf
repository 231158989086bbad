resource "aws_iam_role" "nodes" {
  name               = "${local.name}-nodes"
  description        = "Nodes of ${local.name}"
  assume_role_policy = data.aws_iam_policy_document.nodes_trust.json
  # What somebody attached does not stand in the way of a destroy.
  force_detach_policies = true
}

data "aws_iam_policy_document" "nodes_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}

# The network plug-in runs before any identity of pods exists, hence its policy is the nodes'. Nobody logs in to nodes, not
# by Session Manager either: its policy (AmazonSSMManagedInstanceCore) reads every parameter of the account, and pods would
# find theirs by way of the node. kubectl debug node/NODE shows a node from within.
resource "aws_iam_role_policy_attachment" "nodes" {
  for_each = toset([
    "AmazonEKSWorkerNodePolicy",
    "AmazonEKS_CNI_Policy",
    "AmazonEC2ContainerRegistryPullOnly",
  ])

  role       = aws_iam_role.nodes.name
  policy_arn = "arn:${data.aws_partition.this.partition}:iam::aws:policy/${each.key}"
}

# These and no others: what somebody adds behind Terraform's back is in the next plan.
resource "aws_iam_role_policies_exclusive" "nodes" {
  role_name    = aws_iam_role.nodes.name
  policy_names = []
}

resource "aws_iam_role_policy_attachments_exclusive" "nodes" {
  role_name   = aws_iam_role.nodes.name
  policy_arns = [for attachment in aws_iam_role_policy_attachment.nodes : attachment.policy_arn]
}

module "on_demand" {
  source = "../../modules/node-group"

  cluster_name  = module.cluster.name
  name          = "on-demand"
  capacity_type = "ON_DEMAND"

  kubernetes_version = var.kubernetes_version

  instance_types = var.on_demand.instance_types
  size           = var.on_demand.size
  subnets        = local.subnets
  security_group = local.network.security_groups.nodes
  role_arn       = aws_iam_role.nodes.arn
  tags           = local.tags

  depends_on = [aws_iam_role_policy_attachment.nodes]
}

module "spot" {
  source = "../../modules/node-group"

  cluster_name  = module.cluster.name
  name          = "spot"
  capacity_type = "SPOT"

  kubernetes_version = var.kubernetes_version

  instance_types = var.spot.instance_types
  size           = var.spot.size
  subnets        = local.subnets
  security_group = local.network.security_groups.nodes
  role_arn       = aws_iam_role.nodes.arn
  tags           = local.tags

  depends_on = [aws_iam_role_policy_attachment.nodes]
}

# No access entry: EKS makes that of this role with the first managed group, and Karpenter's nodes have the same role. A
# second maker would meet the first one's entry (409).
