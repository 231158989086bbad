# In prod Terraform refuses to destroy this, hence every plan that would destroy or replace what it stands on:
# with the releases go their kinds, and with these every Rollout, ExternalSecret and Application.
# To destroy on purpose: take it out of the state first, `terraform state rm terraform_data.protection`.
resource "terraform_data" "protection" {
  count = var.environment == "prod" ? 1 : 0

  triggers_replace = [local.platform.cluster]
  depends_on       = [helm_release.argo_cd]

  lifecycle {
    prevent_destroy = true
  }
}
