# In prod Terraform refuses to destroy this, hence every plan that would destroy or replace what it stands on:
# the data, and the role, keys and secrets without which nobody reads them.
# To destroy on purpose: take it out of the state first, `terraform state rm terraform_data.protection`.
resource "terraform_data" "protection" {
  count = var.environment == "prod" ? 1 : 0

  triggers_replace = [module.database.key_arn, module.bucket.arn, module.pods_role.arn]

  lifecycle {
    prevent_destroy = true
  }
}
