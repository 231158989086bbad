mock_provider "aws" {
  source = "../../mocks"
}

variables {
  repository = { owner = "example", name = "my-app" }
}

run "what_an_account_lets_make_by_default" {
  command = plan

  assert {
    condition     = length(aws_ce_anomaly_monitor.services) == 0 && length(aws_ce_cost_allocation_tag.this) == 0
    error_message = "AWS has made the monitor of services already, and a member account activates no tags."
  }

  assert {
    condition     = [for one in aws_guardduty_detector_feature.runtime.additional_configuration : "${one.name} ${one.status}"] == ["EKS_ADDON_MANAGEMENT ENABLED", "ECS_FARGATE_AGENT_MANAGEMENT DISABLED", "EC2_AGENT_MANAGEMENT DISABLED"]
    error_message = "All three are named, in the order in which AWS tells them."
  }

  assert {
    condition     = length(aws_config_configuration_recorder.this) == 1
    error_message = "In an account with prod what is configured is recorded."
  }
}

run "without_prod_nothing_is_recorded" {
  command = plan

  variables {
    environments = ["dev"]
  }

  assert {
    condition     = length(aws_config_configuration_recorder.this) == 0
    error_message = "dev does not pay for a recorder."
  }
}

run "an_account_without_an_organization" {
  command = plan

  variables {
    services_monitor     = true
    cost_allocation_tags = ["Environment", "Project"]
  }

  assert {
    condition     = aws_ce_anomaly_monitor.services[0].monitor_dimension == "SERVICE" && keys(aws_ce_cost_allocation_tag.this) == ["Environment", "Project"]
    error_message = "The monitor is made, and the tags are activated."
  }
}

run "what_application_signals_keeps_has_an_end" {
  command = plan

  assert {
    condition     = aws_cloudwatch_log_group.application_signals.name == "/aws/application-signals/data" && aws_cloudwatch_log_group.application_signals.retention_in_days == 90
    error_message = "The group that CloudWatch's agent writes is ours, with a retention, before an agent makes it without one."
  }
}

run "a_retention_that_cloudwatch_does_not_know" {
  command = plan

  variables {
    signals_retention_days = 42
  }

  expect_failures = [var.signals_retention_days]
}
