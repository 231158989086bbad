# Terraform refuses to destroy this, hence every plan that would destroy or replace what it stands on: without the bucket
# no state is known any more, and without the key none can be read. To destroy on purpose: take it out of the state first,
# `terraform state rm terraform_data.protection`.
resource "terraform_data" "protection" {
  triggers_replace = [module.state.arn, aws_kms_key.state.arn]

  lifecycle {
    prevent_destroy = true
  }
}
