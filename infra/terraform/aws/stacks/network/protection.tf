# In prod Terraform refuses to destroy this, hence every plan that would destroy or replace what it stands on:
# without the VPC's routes nobody is reached any more.
# To destroy on purpose: take it out of the state first, `terraform state rm terraform_data.protection`.
resource "terraform_data" "protection" {
  count = var.environment == "prod" ? 1 : 0

  triggers_replace = [module.network.vpc_id]

  lifecycle {
    prevent_destroy = true
  }
}
