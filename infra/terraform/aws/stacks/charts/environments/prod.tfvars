environment = "prod"
node_limits = { on_demand = 64, spot = 128 }
