mock_provider "aws" {
  source = "../../mocks"
}

mock_provider "helm" {}

override_data {
  target = data.aws_ssm_parameter.network
  values = { value = "{\"vpc_id\":\"vpc-0a\"}" }
}

override_data {
  target = data.aws_ssm_parameter.platform
  values = {
    value = "{\"cluster\":\"my-app-dev\",\"endpoint\":\"https://mock\",\"certificate\":\"bW9jaw==\",\"node_role\":\"my-app-dev-nodes\",\"interruptions\":\"my-app-dev-interruptions\",\"roles\":{\"load_balancer_controller\":\"arn:lb\",\"external_secrets\":\"arn:eso\",\"argo_rollouts\":\"arn:ar\",\"collector\":\"arn:col\",\"karpenter\":\"arn:kar\"}}"
  }
}

variables {
  environment = "dev"
  node_limit  = 16
}

run "each_with_its_own_role" {
  command = plan

  assert {
    condition     = yamldecode(helm_release.karpenter.values[0]).serviceAccount.annotations["eks.amazonaws.com/role-arn"] == "arn:kar"
    error_message = "Karpenter takes on its own role."
  }

  assert {
    condition     = !yamldecode(helm_release.vpa.values[0]).updater.enabled
    error_message = "The VPA recommends and moves nothing."
  }

  assert {
    condition     = yamldecode(helm_release.load_balancer_controller.values[0]).defaultTags == yamldecode(helm_release.cluster_defaults.values[0]).tags && yamldecode(helm_release.cluster_defaults.values[0]).tags == { Project = "my-app", Environment = "dev", Stack = "charts", ManagedBy = "terraform" }
    error_message = "What the controller and Karpenter make carries the four tags."
  }
}

run "the_collector_fills_the_groups_that_alarms_read" {
  command = plan

  # The exporter refuses any other name between braces at its start.
  assert {
    condition     = yamldecode(helm_release.collector.values[0]).config.exporters.awscloudwatchlogs.log_group_name == "/my-app/dev/{ServiceName}"
    error_message = "Logs go to the group of their application, as the stack app names it."
  }

  assert {
    condition     = yamldecode(helm_release.collector.values[0]).config.exporters.awscloudwatchlogs.raw_log
    error_message = "A line is sent as printed: metric filters name its fields."
  }

  assert {
    condition     = yamldecode(helm_release.collector.values[0]).presets.logsCollection.enabled && yamldecode(helm_release.collector.values[0]).config.receivers.filelog.include == ["/var/log/pods/my-app-dev_*/*/*.log"]
    error_message = "What the environment's pods print is read from the nodes."
  }

  assert {
    condition     = yamldecode(helm_release.collector.values[0]).tolerations == [{ operator = "Exists" }]
    error_message = "The collector runs on tainted nodes, too."
  }

  # The chart's tag is that of this image and of no other distribution's.
  assert {
    condition     = endswith(yamldecode(helm_release.collector.values[0]).image.repository, "/opentelemetry-collector-contrib") && !can(yamldecode(helm_release.collector.values[0]).image.tag)
    error_message = "The collector is the distribution whose versions the chart counts."
  }
}

run "a_range_of_versions" {
  command = plan

  variables {
    versions = { karpenter = "~> 1.11" }
  }

  expect_failures = [var.versions]
}

run "a_chart_that_is_none" {
  command = plan

  variables {
    versions = { karpentre = "1.11.1" }
  }

  expect_failures = [var.versions]
}
