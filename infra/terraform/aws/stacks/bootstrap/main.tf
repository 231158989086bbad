data "aws_caller_identity" "this" {}

# The first stack of an account: its own state is a local file until the bucket is there, see README.md.
module "state" {
  source = "../../modules/bucket"

  name        = "${var.project}-terraform-state-${data.aws_caller_identity.this.account_id}"
  kms_key_arn = aws_kms_key.state.arn
  # A state that was overwritten is the way back.
  expire_old_versions_days = 365
  force_destroy            = false
}

resource "aws_kms_key" "state" {
  description             = "Terraform states of ${var.project}"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = data.aws_iam_policy_document.key.json
}

data "aws_partition" "this" {}

data "aws_iam_policy_document" "key" {
  # checkov:skip=CKV_AWS_109:A key's policy must let its account manage it, or nobody can any more.
  # checkov:skip=CKV_AWS_111:The same.
  # checkov:skip=CKV_AWS_356:In a key's policy * is this key.
  statement {
    sid       = "Account"
    actions   = ["kms:*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["arn:${data.aws_partition.this.partition}:iam::${data.aws_caller_identity.this.account_id}:root"]
    }
  }
}
