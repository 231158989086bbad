environment        = "staging"
log_retention_days = 90
on_demand          = { instance_types = ["m6i.large"], size = { desired = 2, min = 2, max = 4 } }
spot               = { instance_types = ["m6i.large", "m6a.large", "m5.large"], size = { desired = 1, min = 0, max = 4 } }
