environment = "staging"
node_limits = { on_demand = 16, spot = 32 }
