module "pods_role" {
  source = "../../modules/service-account-role"

  name              = local.table.role
  description       = "Pods of ${local.namespace}: bucket, secrets and parameters"
  oidc_provider_arn = local.platform.oidc_provider_arn
  service_accounts  = ["${local.namespace}:my-app-serviceaccount"]

  policies = {
    bucket     = data.aws_iam_policy_document.bucket.json
    secrets    = data.aws_iam_policy_document.secrets.json
    parameters = data.aws_iam_policy_document.parameters.json
  }
}

data "aws_iam_policy_document" "bucket" {
  statement {
    sid       = "Objects"
    actions   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
    resources = ["${module.bucket.arn}/*"]
  }

  statement {
    sid       = "List"
    actions   = ["s3:ListBucket"]
    resources = [module.bucket.arn]
  }
}

data "aws_iam_policy_document" "secrets" {
  statement {
    sid       = "Entries"
    actions   = ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"]
    resources = [for path in local.table.resources : "arn:${local.partition}:secretsmanager:${var.region}:${local.account}:secret:${path}"]
  }

  # The database service names its secret itself, outside of the path: exactly this one, and its key.
  statement {
    sid       = "Database"
    actions   = ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"]
    resources = [module.database.secret_arn]
  }

  statement {
    sid       = "DatabaseKey"
    actions   = ["kms:Decrypt"]
    resources = [module.database.key_arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["secretsmanager.${var.region}.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "parameters" {
  statement {
    sid       = "Parameters"
    actions   = ["ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath"]
    resources = [for path in local.table.resources : "arn:${local.partition}:ssm:${var.region}:${local.account}:parameter/${path}"]
  }
}
