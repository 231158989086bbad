environment        = "staging"
applications       = ["my-tomorrows-api", "my-tomorrows-admin", "my-tomorrows-worker"]
budget_usd         = 500
log_retention_days = 90
database = {
  instance_class  = "db.t4g.medium"
  storage_gib     = { initial = 50, max = 200 }
  multi_az        = false
  backup_days     = 7
  max_connections = 400
}
