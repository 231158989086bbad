output "helm_values" {
  description = "Values of the chart that follow from the infrastructure: write them to a file and pass it with -f."
  value = {
    aws     = { roleArn = module.pods_role.arn }
    ingress = { certificateArn = local.certificate_arn == null ? "" : local.certificate_arn }
    secrets = {
      external = {
        region = var.region
        secrets = {
          database-credentials = { data = { password = { key = module.database.secret_arn, property = "password" } } }
          app-secrets          = { data = { database-password = { key = module.database.secret_arn, property = "password" } } }
        }
      }
    }
  }
}

output "registry" {
  description = "Where images are pushed to; null where another account holds them."
  value       = one(module.registry[*].url)
}

output "bucket" {
  description = "The applications' bucket."
  value       = module.bucket.name
}

output "pods_role_arn" {
  description = "The role behind my-app-serviceaccount."
  value       = module.pods_role.arn
}

output "alarm_topic_arn" {
  description = "Where alarms, the budget and unusual cost are told."
  value       = module.alarms.topic_arn
}
