# What Security Hub's standards look at: without a recorder of AWS Config most of their controls have no finding at all.
# It costs 0.003 USD for each change that it records: some dollars a month for an account that is at rest, tens where nodes
# come and go all day.
locals {
  recording = coalesce(var.configuration_recorder, contains(var.environments, "prod"))
}

resource "aws_iam_service_linked_role" "config" {
  count = local.recording ? 1 : 0

  aws_service_name = "config.amazonaws.com"
}

module "configuration_bucket" {
  source = "../../modules/bucket"
  count  = local.recording ? 1 : 0

  name          = "${var.project}-configuration-${local.account}"
  force_destroy = true
  statements    = data.aws_iam_policy_document.configuration.json
}

data "aws_iam_policy_document" "configuration" {
  statement {
    sid       = "Look"
    actions   = ["s3:GetBucketAcl", "s3:ListBucket"]
    resources = ["arn:${local.partition}:s3:::${var.project}-configuration-${local.account}"]

    principals {
      type        = "Service"
      identifiers = ["config.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }

  statement {
    sid       = "Deliver"
    actions   = ["s3:PutObject"]
    resources = ["arn:${local.partition}:s3:::${var.project}-configuration-${local.account}/AWSLogs/${local.account}/Config/*"]

    principals {
      type        = "Service"
      identifiers = ["config.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

resource "aws_config_configuration_recorder" "this" {
  # checkov:skip=CKV2_AWS_48:Everything of this region, and what is global: an account has one region here.
  count = local.recording ? 1 : 0

  name     = "default"
  role_arn = aws_iam_service_linked_role.config[0].arn

  recording_group {
    all_supported                 = true
    include_global_resource_types = true
  }
}

resource "aws_config_delivery_channel" "this" {
  count = local.recording ? 1 : 0

  name           = "default"
  s3_bucket_name = module.configuration_bucket[0].name

  depends_on = [aws_config_configuration_recorder.this]
}

resource "aws_config_configuration_recorder_status" "this" {
  count = local.recording ? 1 : 0

  name       = aws_config_configuration_recorder.this[0].name
  is_enabled = true

  depends_on = [aws_config_delivery_channel.this]
}
