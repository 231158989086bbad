output "role_arn" {
  description = "Karpenter's role."
  value       = module.role.arn
}

output "queue" {
  description = "Name of the queue of interruption notices."
  value       = aws_sqs_queue.interruptions.name
}
