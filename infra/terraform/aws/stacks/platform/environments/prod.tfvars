environment        = "prod"
log_retention_days = 365
on_demand          = { instance_types = ["m6i.xlarge"], size = { desired = 3, min = 2, max = 9 } }
spot               = { instance_types = ["m6i.xlarge", "m6a.xlarge", "m5.xlarge", "m5a.xlarge"], size = { desired = 2, min = 0, max = 12 } }
