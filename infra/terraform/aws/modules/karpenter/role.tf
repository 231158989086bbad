data "aws_region" "this" {}
data "aws_partition" "this" {}
data "aws_caller_identity" "this" {}

module "role" {
  source = "../service-account-role"

  name              = "${var.cluster_name}-karpenter"
  description       = "Karpenter: starts and stops nodes of ${var.cluster_name}"
  oidc_provider_arn = var.oidc_provider_arn
  service_accounts  = ["kube-system:karpenter"]
  policies          = { nodes = data.aws_iam_policy_document.nodes.json }
}

locals {
  ec2 = "arn:${data.aws_partition.this.partition}:ec2:${data.aws_region.this.name}"
  own = "kubernetes.io/cluster/${var.cluster_name}"
}

# Compared with the role that Karpenter's guide gives it (its CloudFormation of 1.14.1) on 2026-11-26: every action but
# that of zonal shift, which is off. What it starts must carry the cluster's tag, and it stops only what carries it.
data "aws_iam_policy_document" "nodes" {
  # checkov:skip=CKV_AWS_356:Describing instances, prices and images has no resource to be narrowed to.
  # checkov:skip=CKV_AWS_111:Writing is bound to the cluster's tag.
  statement {
    sid = "StartFromWhatIsThere"
    actions = [
      "ec2:RunInstances",
      "ec2:CreateFleet",
    ]
    resources = [
      "${local.ec2}::image/*",
      "${local.ec2}::snapshot/*",
      "${local.ec2}:*:security-group/*",
      "${local.ec2}:*:subnet/*",
      "${local.ec2}:*:capacity-reservation/*",
    ]
  }

  statement {
    sid       = "StartFromOwnTemplates"
    actions   = ["ec2:RunInstances", "ec2:CreateFleet"]
    resources = ["${local.ec2}:*:launch-template/*"]

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/${local.own}"
      values   = ["owned"]
    }
  }

  statement {
    sid = "MakeWithTheClustersTag"
    actions = [
      "ec2:RunInstances",
      "ec2:CreateFleet",
      "ec2:CreateLaunchTemplate",
    ]
    resources = [
      "${local.ec2}:*:fleet/*",
      "${local.ec2}:*:instance/*",
      "${local.ec2}:*:volume/*",
      "${local.ec2}:*:network-interface/*",
      "${local.ec2}:*:launch-template/*",
      "${local.ec2}:*:spot-instances-request/*",
    ]

    condition {
      test     = "StringEquals"
      variable = "aws:RequestTag/${local.own}"
      values   = ["owned"]
    }
  }

  statement {
    sid       = "TagWhatItMakes"
    actions   = ["ec2:CreateTags"]
    resources = ["${local.ec2}:*:*/*"]

    condition {
      test     = "StringEquals"
      variable = "aws:RequestTag/${local.own}"
      values   = ["owned"]
    }

    condition {
      test     = "StringEquals"
      variable = "ec2:CreateAction"
      values   = ["RunInstances", "CreateFleet", "CreateLaunchTemplate"]
    }
  }

  # A node's claim and name are known only after its start.
  statement {
    sid       = "NameItsOwn"
    actions   = ["ec2:CreateTags"]
    resources = ["${local.ec2}:*:instance/*"]

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/${local.own}"
      values   = ["owned"]
    }

    condition {
      test     = "StringEqualsIfExists"
      variable = "aws:RequestTag/eks:eks-cluster-name"
      values   = [var.cluster_name]
    }

    condition {
      test     = "ForAllValues:StringEquals"
      variable = "aws:TagKeys"
      values   = ["eks:eks-cluster-name", "karpenter.sh/nodeclaim", "Name"]
    }
  }

  # An account's first spot instance makes the role of AWS's own service.
  statement {
    sid       = "FirstSpotOfTheAccount"
    actions   = ["iam:CreateServiceLinkedRole"]
    resources = ["*"]

    condition {
      test     = "StringEquals"
      variable = "iam:AWSServiceName"
      values   = ["spot.amazonaws.com"]
    }
  }

  statement {
    sid       = "StopItsOwn"
    actions   = ["ec2:TerminateInstances", "ec2:DeleteLaunchTemplate"]
    resources = ["${local.ec2}:*:instance/*", "${local.ec2}:*:launch-template/*"]

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/${local.own}"
      values   = ["owned"]
    }
  }

  statement {
    sid = "Look"
    actions = [
      "ec2:DescribeCapacityReservations",
      "ec2:DescribeImages",
      "ec2:DescribeInstances",
      "ec2:DescribeInstanceStatus",
      "ec2:DescribeInstanceTypeOfferings",
      "ec2:DescribeInstanceTypes",
      "ec2:DescribeLaunchTemplates",
      "ec2:DescribePlacementGroups",
      "ec2:DescribeSecurityGroups",
      "ec2:DescribeSpotPriceHistory",
      "ec2:DescribeSubnets",
      "iam:ListInstanceProfiles",
      "pricing:GetProducts",
    ]
    resources = ["*"]
  }

  statement {
    sid       = "ImagesOfEks"
    actions   = ["ssm:GetParameter"]
    resources = ["arn:${data.aws_partition.this.partition}:ssm:${data.aws_region.this.name}::parameter/aws/service/*"]
  }

  statement {
    sid       = "Interruptions"
    actions   = ["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"]
    resources = [aws_sqs_queue.interruptions.arn]
  }

  statement {
    sid       = "GiveNodesTheirRole"
    actions   = ["iam:PassRole"]
    resources = [var.node_role_arn]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["ec2.amazonaws.com"]
    }
  }

  statement {
    sid = "InstanceProfiles"
    actions = [
      "iam:AddRoleToInstanceProfile",
      "iam:CreateInstanceProfile",
      "iam:DeleteInstanceProfile",
      "iam:GetInstanceProfile",
      "iam:RemoveRoleFromInstanceProfile",
      "iam:TagInstanceProfile",
    ]
    resources = ["arn:${data.aws_partition.this.partition}:iam::${data.aws_caller_identity.this.account_id}:instance-profile/karpenter/${data.aws_region.this.name}/${var.cluster_name}/*"]
  }

  statement {
    sid       = "Cluster"
    actions   = ["eks:DescribeCluster"]
    resources = [var.cluster_arn]
  }
}
