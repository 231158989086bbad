module "database" {
  source = "../../modules/database"

  name                 = local.name
  database             = { name = "my_app", username = "my_app" }
  instance_class       = var.database.instance_class
  storage_gib          = var.database.storage_gib
  multi_az             = var.database.multi_az
  backup_days          = var.database.backup_days
  performance_insights = var.database.performance_insights
  subnets              = [for zone in sort(keys(local.network.database_subnets)) : local.network.database_subnets[zone]]
  security_group       = local.network.security_groups.database
  protected            = local.protected
}
