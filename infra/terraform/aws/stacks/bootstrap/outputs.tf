output "bucket" {
  description = "The bucket of all other stacks' states."
  value       = module.state.name
}

output "init" {
  description = "How another stack is initialised: the key names the stack, and the environment where it has one."
  value       = "terraform init -backend-config=bucket=${module.state.name} -backend-config=region=${var.region} -backend-config=key=network/dev.tfstate"
}
