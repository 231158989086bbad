module "bucket" {
  source = "../../modules/bucket"

  name          = var.bucket_name == "" ? "${var.project}-bucket-${var.environment}-${local.account}" : var.bucket_name
  force_destroy = !local.protected
}
