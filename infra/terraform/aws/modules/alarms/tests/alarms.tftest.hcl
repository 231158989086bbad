mock_provider "aws" {
  source = "../../mocks"
}

variables {
  name     = "my-app-dev"
  runbooks = "docs/how-to/runbooks.md"
  emails   = ["team@example.com"]
  alarms = {
    database-disk = {
      description = "The disk is nearly full."
      namespace   = "AWS/RDS"
      metric      = "FreeStorageSpace"
      below       = 1000
    }
  }
}

run "tells_somebody_and_links_its_runbook" {
  command = apply

  assert {
    condition     = endswith(aws_cloudwatch_metric_alarm.this["database-disk"].alarm_description, "Runbook: docs/how-to/runbooks.md#database-disk")
    error_message = "The alarm names the section of the runbooks."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["database-disk"].comparison_operator == "LessThanThreshold" && contains(aws_cloudwatch_metric_alarm.this["database-disk"].alarm_actions, aws_sns_topic.this.arn)
    error_message = "It watches for less, and tells the topic."
  }
}

run "neither_above_nor_below" {
  command = plan

  variables {
    alarms = { one = { description = "d", namespace = "n", metric = "m" } }
  }

  expect_failures = [var.alarms]
}

run "no_address" {
  command = plan

  variables {
    emails = ["the team"]
  }

  expect_failures = [var.emails]
}
