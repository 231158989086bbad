module "registry" {
  source = "../../modules/registry"
  count  = var.registry ? 1 : 0

  name         = "${var.project}/${var.image}"
  force_delete = !local.protected
}
