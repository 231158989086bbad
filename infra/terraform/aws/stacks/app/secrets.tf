module "secrets" {
  source = "../../modules/secrets"

  providers = { aws = aws.values }

  entries       = local.entries
  database      = module.database.connection
  generation    = var.secrets_generation
  recovery_days = coalesce(var.secrets_recovery_days, local.protected ? 30 : 0)
}

# What the applications may know and nobody needs to hide.
resource "aws_ssm_parameter" "environment" {
  # checkov:skip=CKV2_AWS_34:Not a secret.
  name        = "/${var.project}/${var.environment}/environment"
  description = "Which environment this is"
  type        = "String"
  value       = var.environment
}
