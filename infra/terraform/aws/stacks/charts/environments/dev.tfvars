environment = "dev"
node_limits = { on_demand = 8, spot = 16 }
