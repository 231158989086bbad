module "database" {
  source = "../../modules/database"

  name                        = local.name
  database                    = { name = "my_app", username = "my_app" }
  engine_version              = var.database.engine_version
  allow_major_version_upgrade = var.database.allow_major_version_upgrade
  instance_class              = var.database.instance_class
  storage_gib                 = var.database.storage_gib
  multi_az                    = var.database.multi_az
  backup_days                 = var.database.backup_days
  performance_insights        = var.database.performance_insights
  log_retention_days          = var.log_retention_days
  subnets                     = [for zone in sort(keys(local.network.database_subnets)) : local.network.database_subnets[zone]]
  security_group              = local.network.security_groups.database
  protected                   = local.protected
}
