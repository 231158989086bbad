locals {
  random  = { for name, entry in var.entries : name => entry if entry.source == "random" }
  managed = { for name, entry in var.entries : name => entry if entry.source == "managed" }
}

resource "aws_secretsmanager_secret" "this" {
  # checkov:skip=CKV_AWS_149:Secrets Manager's own key: External Secrets then needs no right to a key of ours.
  # checkov:skip=CKV2_AWS_57:Values are made anew by generation; the database's password rotates in its own secret.
  for_each = var.entries

  name                    = each.key
  description             = "${each.value.source}: ${join(", ", each.value.properties)}"
  recovery_window_in_days = var.recovery_days
}

# Never in a state or plan: made while applying, and written by an attribute that Terraform cannot read.
ephemeral "aws_secretsmanager_random_password" "this" {
  for_each = local.random

  password_length     = 40
  exclude_punctuation = true
}

resource "aws_secretsmanager_secret_version" "random" {
  for_each = local.random

  secret_id = aws_secretsmanager_secret.this[each.key].id
  secret_string_wo = jsonencode({
    for property in each.value.properties : property => ephemeral.aws_secretsmanager_random_password.this[each.key].random_password
  })
  secret_string_wo_version = var.generation
}

resource "aws_secretsmanager_secret_version" "managed" {
  for_each = local.managed

  secret_id     = aws_secretsmanager_secret.this[each.key].id
  secret_string = jsonencode({ for property in each.value.properties : property => var.database[property] if property != "password" })
}
