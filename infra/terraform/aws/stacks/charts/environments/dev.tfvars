environment = "dev"
node_limit  = 16
