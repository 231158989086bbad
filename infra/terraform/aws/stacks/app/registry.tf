module "registry" {
  source = "../../modules/registry"
  count  = var.registry ? 1 : 0

  name         = "${var.project}/${var.image}"
  readers      = var.image_readers
  force_delete = !local.protected
}
