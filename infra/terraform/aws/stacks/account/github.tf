data "aws_caller_identity" "this" {}
data "aws_partition" "this" {}

locals {
  account   = data.aws_caller_identity.this.account_id
  partition = data.aws_partition.this.partition
  github    = "token.actions.githubusercontent.com"

  # With ids, so that whoever takes over a name that became free takes over no role.
  subject = var.repository.id == null ? "repo:${var.repository.owner}/${var.repository.name}" : "repo:${var.repository.owner}@${var.repository.owner_id}/${var.repository.name}@${var.repository.id}"

  # Deploying roles belong to an environment of GitHub, whose rules say who approves; images are built from branches.
  roles = merge(
    { for environment in var.environments : "deploy-${environment}" => ["${local.subject}:environment:${environment}"] },
    { images = ["${local.subject}:ref:refs/heads/main", "${local.subject}:ref:refs/heads/develop"] },
  )
}

resource "aws_iam_openid_connect_provider" "github" {
  url            = "https://${local.github}"
  client_id_list = ["sts.amazonaws.com"]
}

data "aws_iam_policy_document" "github_trust" {
  for_each = local.roles

  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [aws_iam_openid_connect_provider.github.arn]
    }

    condition {
      test     = "StringEquals"
      variable = "${local.github}:aud"
      values   = ["sts.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "${local.github}:sub"
      values   = each.value
    }
  }
}

resource "aws_iam_role" "github" {
  for_each = local.roles

  name                 = "${var.project}-github-${each.key}"
  description          = "Workflows of ${var.repository.owner}/${var.repository.name}: ${each.key}"
  assume_role_policy   = data.aws_iam_policy_document.github_trust[each.key].json
  max_session_duration = 3600
  # What somebody attached does not stand in the way of a destroy.
  force_detach_policies = true
}

resource "aws_iam_role_policy" "images" {
  name   = "push"
  role   = aws_iam_role.github["images"].id
  policy = data.aws_iam_policy_document.images.json
}

# These and no others: what somebody adds behind Terraform's back is in the next plan.
resource "aws_iam_role_policies_exclusive" "github" {
  for_each = local.roles

  role_name    = aws_iam_role.github[each.key].name
  policy_names = each.key == "images" ? [aws_iam_role_policy.images.name] : [aws_iam_role_policy.deploy[trimprefix(each.key, "deploy-")].name]
}

resource "aws_iam_role_policy_attachments_exclusive" "github" {
  for_each = local.roles

  role_name   = aws_iam_role.github[each.key].name
  policy_arns = []
}

data "aws_iam_policy_document" "images" {
  # checkov:skip=CKV_AWS_356:Signing in to the registry has no resource.
  statement {
    sid       = "SignIn"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"]
  }

  statement {
    sid = "Push"
    actions = [
      "ecr:BatchCheckLayerAvailability",
      "ecr:BatchGetImage",
      "ecr:CompleteLayerUpload",
      "ecr:DescribeImages",
      "ecr:GetDownloadUrlForLayer",
      "ecr:InitiateLayerUpload",
      "ecr:PutImage",
      "ecr:UploadLayerPart",
    ]
    resources = ["arn:${local.partition}:ecr:${var.region}:${local.account}:repository/${var.project}/*"]
  }
}

# Argo CD deploys; a workflow finds the cluster and images, and gets no further: whom the cluster lets in is the platform
# stack's to say (viewers, empty by default), and whoever wants workflows to read there names this role in it.
resource "aws_iam_role_policy" "deploy" {
  for_each = var.environments

  name   = "look"
  role   = aws_iam_role.github["deploy-${each.key}"].id
  policy = data.aws_iam_policy_document.deploy[each.key].json
}

data "aws_iam_policy_document" "deploy" {
  for_each = var.environments

  statement {
    sid       = "FindTheCluster"
    actions   = ["eks:DescribeCluster"]
    resources = ["arn:${local.partition}:eks:${var.region}:${local.account}:cluster/${var.project}-${each.key}"]
  }

  statement {
    sid       = "ImagesByDigest"
    actions   = ["ecr:BatchGetImage", "ecr:DescribeImages", "ecr:DescribeImageScanFindings"]
    resources = ["arn:${local.partition}:ecr:${var.region}:${local.account}:repository/${var.project}/*"]
  }
}
