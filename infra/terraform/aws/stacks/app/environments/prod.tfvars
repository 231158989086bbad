environment        = "prod"
applications       = ["my-tomorrows-api", "my-tomorrows-admin", "my-tomorrows-worker", "my-tomorrows-monitoring"]
budget_usd         = 2000
log_retention_days = 365
trace_share        = 0.1
database = {
  instance_class  = "db.m7g.large"
  storage_gib     = { initial = 100, max = 1000 }
  multi_az        = true
  backup_days     = 35
  max_connections = 800
}
# prod wants a certificate: name your zone with -var zone_id=Z..., or a certificate with -var certificate_arn=arn:...
# prod wants somebody who is told: -var 'alarm_emails=["team@example.com"]'.
# prod wants its unusual cost told: name the account's monitor with -var=anomaly_monitor_arn=arn:...
