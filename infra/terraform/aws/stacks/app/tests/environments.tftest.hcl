mock_provider "aws" {
  source = "../../mocks"
}

override_data {
  target = data.aws_ssm_parameter.network
  values = {
    value = "{\"database_subnets\":{\"us-west-2a\":\"subnet-0a\",\"us-west-2b\":\"subnet-0b\"},\"security_groups\":{\"database\":\"sg-0d\"}}"
  }
}

override_data {
  target = data.aws_ssm_parameter.platform
  values = {
    value = "{\"cluster\":\"my-app-dev\",\"oidc_provider_arn\":\"arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-west-2.amazonaws.com/id/0123456789ABCDEF\"}"
  }
}

# Ephemeral resources cannot be mocked. dev has no entries, so this provider is asked for nothing, nor where a
# validation fails; the rehearsal proves what is random.
provider "aws" {
  alias                       = "values"
  region                      = "us-west-2"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

variables {
  environment  = "dev"
  applications = ["my-tomorrows-api", "my-tomorrows-worker"]
  budget_usd   = 100
  database = {
    instance_class  = "db.t4g.micro"
    storage_gib     = { initial = 20, max = 50 }
    multi_az        = false
    backup_days     = 1
    max_connections = 80
  }
}

run "the_pods_role_is_bound_and_narrow" {
  command = apply

  assert {
    condition     = endswith(output.pods_role_arn, "role/mock") && local.namespace == "my-app-dev"
    error_message = "The role is bound in the environment's namespace."
  }

  assert {
    condition     = alltrue([for statement in concat(data.aws_iam_policy_document.bucket.statement, data.aws_iam_policy_document.secrets.statement, data.aws_iam_policy_document.parameters.statement) : !contains(statement.resources, "*")])
    error_message = "No statement of the pods' role is about everything."
  }

  assert {
    condition     = output.helm_values.secrets.external.secrets.app-secrets.data.database-password.key == module.database.secret_arn
    error_message = "The chart takes the password from the database's own secret."
  }

  assert {
    condition     = one(one(aws_budgets_budget.this.cost_filter).values) == "user:Environment$dev"
    error_message = "The budget counts what carries the environment's tag."
  }
}

run "exactly_the_tables_secrets_and_the_databases" {
  command = apply

  assert {
    condition = (
      length(data.aws_iam_policy_document.secrets.statement) == 3 &&
      data.aws_iam_policy_document.secrets.statement[0].resources == toset([for path in yamldecode(file("../../../../secrets.yaml")).resources : "arn:aws:secretsmanager:us-west-2:111122223333:secret:${path}"]) &&
      data.aws_iam_policy_document.secrets.statement[1].resources == toset([module.database.secret_arn]) &&
      data.aws_iam_policy_document.secrets.statement[2].resources == toset([module.database.key_arn])
    )
    error_message = "The pods' role reads the table's paths and the database's own secret, nothing beside them."
  }

  assert {
    condition     = one(data.aws_iam_policy_document.parameters.statement).resources == toset([for path in yamldecode(file("../../../../secrets.yaml")).resources : "arn:aws:ssm:us-west-2:111122223333:parameter/${path}"])
    error_message = "It reads the parameters of the same paths."
  }
}

run "the_group_of_traces_asks_for_what_the_agent_indexes" {
  command = plan

  assert {
    condition     = startswith(aws_xray_group.slow_or_failed.filter_expression, "annotation[aws.local.environment] = \"eks:my-app-dev/my-app-dev\" AND ")
    error_message = "Traces are found by cluster and namespace, as Application Signals names them."
  }
}

run "prod_without_a_certificate" {
  command = plan

  variables {
    environment = "prod"
    database = {
      instance_class  = "db.m7g.large"
      storage_gib     = { initial = 100, max = 1000 }
      multi_az        = true
      backup_days     = 35
      max_connections = 800
    }
  }

  expect_failures = [var.certificate_arn, var.alarm_emails, var.anomaly_monitor_arn]
}

run "prod_without_a_standby" {
  command = plan

  variables {
    environment     = "prod"
    certificate_arn = "arn:aws:acm:us-west-2:111122223333:certificate/11111111-2222-3333-4444-555555555555"
  }

  expect_failures = [var.database, var.alarm_emails, var.anomaly_monitor_arn]
}

run "an_unknown_environment" {
  command = plan

  variables {
    environment = "test"
  }

  expect_failures = [var.environment]
}

run "no_application" {
  command = plan

  variables {
    applications = []
  }

  expect_failures = [var.applications]
}

run "prod_that_tells_nobody" {
  command = plan

  variables {
    environment         = "prod"
    anomaly_monitor_arn = "arn:aws:ce::111122223333:anomalymonitor/11111111-2222-3333-4444-555555555555"
    certificate_arn     = "arn:aws:acm:us-west-2:111122223333:certificate/11111111-2222-3333-4444-555555555555"
    database = {
      instance_class  = "db.m7g.large"
      storage_gib     = { initial = 100, max = 1000 }
      multi_az        = true
      backup_days     = 35
      max_connections = 800
    }
  }

  expect_failures = [var.alarm_emails]
}

run "prod_whose_unusual_cost_nobody_is_told" {
  command = plan

  variables {
    environment     = "prod"
    alarm_emails    = ["team@example.com"]
    certificate_arn = "arn:aws:acm:us-west-2:111122223333:certificate/11111111-2222-3333-4444-555555555555"
    database = {
      instance_class  = "db.m7g.large"
      storage_gib     = { initial = 100, max = 1000 }
      multi_az        = true
      backup_days     = 35
      max_connections = 800
    }
  }

  expect_failures = [var.anomaly_monitor_arn]
}

run "an_address_that_is_none" {
  command = plan

  variables {
    alarm_emails = ["the team"]
  }

  expect_failures = [var.alarm_emails]
}

run "an_application_with_the_name_of_a_group" {
  command = plan

  variables {
    applications = ["my-tomorrows-api", "platform"]
  }

  expect_failures = [var.applications]
}

run "migrations_have_a_group" {
  command = plan

  assert {
    condition     = aws_cloudwatch_log_group.migrations.name == "/my-app/dev/migrate"
    error_message = "The collector names a group as the container."
  }
}

run "dev_may_be_destroyed" {
  command = plan

  assert {
    condition     = length(terraform_data.protection) == 0
    error_message = "dev may be destroyed."
  }
}
