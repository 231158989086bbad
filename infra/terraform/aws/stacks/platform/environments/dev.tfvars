environment = "dev"
on_demand   = { instance_types = ["t3.large"], size = { desired = 1, min = 1, max = 3 } }
spot        = { instance_types = ["t3.large", "t3a.large", "m6i.large"], size = { desired = 0, min = 0, max = 3 } }
