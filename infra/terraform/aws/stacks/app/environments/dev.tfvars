environment  = "dev"
applications = ["my-tomorrows-api", "my-tomorrows-worker"]
budget_usd   = 250
database = {
  instance_class       = "db.t4g.micro"
  storage_gib          = { initial = 20, max = 50 }
  multi_az             = false
  backup_days          = 1
  performance_insights = false
  max_connections      = 80
}
