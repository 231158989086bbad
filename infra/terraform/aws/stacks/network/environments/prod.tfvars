environment             = "prod"
nat_per_zone            = true
interface_endpoints     = ["ecr.api", "ecr.dkr", "sts", "logs", "secretsmanager"]
flow_log_retention_days = 365
