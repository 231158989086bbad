locals {
  name  = "${var.project}-${var.environment}"
  zones = [for letter in var.zones : "${var.region}${letter}"]
}

module "network" {
  source = "../../modules/network"

  name                    = local.name
  cluster_name            = local.name
  vpc_cidr                = var.vpc_cidr
  public_subnets          = zipmap(local.zones, var.public_subnets)
  private_subnets         = zipmap(local.zones, var.private_subnets)
  database_subnets        = zipmap(local.zones, var.database_subnets)
  nat_per_zone            = var.nat_per_zone
  interface_endpoints     = var.interface_endpoints
  flow_log_retention_days = var.flow_log_retention_days
}

module "security_groups" {
  source = "../../modules/security-groups"

  name         = local.name
  cluster_name = local.name
  vpc_id       = module.network.vpc_id
  pod_ports    = var.pod_ports
}
