environment = "staging"
node_limit  = 32
