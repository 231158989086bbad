environment             = "staging"
interface_endpoints     = ["ecr.api", "ecr.dkr"]
flow_log_retention_days = 90
