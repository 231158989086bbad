environment = "prod"
node_limit  = 128
