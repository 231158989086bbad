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

run "nothing_that_a_member_account_may_not" {
  command = plan

  assert {
    condition     = length(aws_ce_anomaly_monitor.this) == 0 && length(aws_ce_anomaly_subscription.this) == 0
    error_message = "No monitor by tag is made, and nothing is subscribed to a monitor that nobody named."
  }
}

run "the_accounts_own_monitor" {
  command = plan

  variables {
    anomaly_monitor_arn = "arn:aws:ce::111122223333:anomalymonitor/11111111-2222-3333-4444-555555555555"
  }

  assert {
    condition     = one(aws_ce_anomaly_subscription.this[0].monitor_arn_list) == var.anomaly_monitor_arn
    error_message = "Its findings go to the alarms' topic."
  }
}

run "the_management_account" {
  command = plan

  variables {
    anomaly_monitor_by_tag = true
  }

  assert {
    condition     = jsondecode(aws_ce_anomaly_monitor.this[0].monitor_specification).Tags.Values == ["dev"]
    error_message = "What carries the environment's tag is watched."
  }
}

run "a_monitor_that_is_none" {
  command = plan

  variables {
    anomaly_monitor_arn = "Default-Services-Monitor"
  }

  expect_failures = [var.anomaly_monitor_arn]
}
