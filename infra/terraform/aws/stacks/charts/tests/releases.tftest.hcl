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
    value = "{\"cluster\":\"my-app-dev\",\"endpoint\":\"https://mock\",\"certificate\":\"bW9jaw==\",\"node_role\":\"my-app-dev-nodes\",\"interruptions\":\"my-app-dev-interruptions\",\"roles\":{\"load_balancer_controller\":\"arn:lb\",\"argo_rollouts\":\"arn:ar\",\"collector\":\"arn:col\",\"karpenter\":\"arn:kar\"}}"
  }
}

variables {
  environment = "dev"
  node_limits = { on_demand = 8, spot = 16 }
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

run "each_pool_with_its_own_limit" {
  command = plan

  assert {
    condition     = yamldecode(helm_release.cluster_defaults.values[0]).cpuLimits == { onDemand = 8, spot = 16 }
    error_message = "Karpenter's pools are limited apart from each other."
  }
}

run "a_pool_without_room" {
  command = plan

  variables {
    node_limits = { on_demand = 8, spot = 1 }
  }

  expect_failures = [var.node_limits]
}

run "an_unknown_environment" {
  command = plan

  variables {
    environment = "qa"
  }

  expect_failures = [var.environment]
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
    condition     = yamldecode(helm_release.collector.values[0]).presets.logsCollection.enabled && yamldecode(helm_release.collector.values[0]).config.receivers.filelog.include == ["/var/log/pods/*/*/*.log"]
    error_message = "What pods print is read from the nodes, by nobody but the collector."
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

run "external_secrets_signs_in_as_the_account_that_a_store_names" {
  command = plan

  assert {
    condition     = keys(yamldecode(helm_release.external_secrets.values[0]).serviceAccount) == ["name"]
    error_message = "The operator has no role of its own."
  }
}

run "what_is_not_the_environments_is_the_platforms" {
  command = plan

  assert {
    condition = yamldecode(helm_release.collector.values[0]).config.receivers.filelog.operators[1] == {
      type  = "add"
      "if"  = "resource[\"k8s.namespace.name\"] != \"my-app-dev\""
      field = "resource[\"service.name\"]"
      value = "platform"
    }
    error_message = "Lines of other namespaces go to the platform's group."
  }

  assert {
    condition     = contains(yamldecode(helm_release.collector.values[0]).config.receivers.filelog.exclude, "/var/log/pods/observability_collector*_*/*/*.log")
    error_message = "The collector does not read what it prints itself."
  }
}

# By structure alone: no collector with AWS's exporter is to be had where only packages are. The receiver, its operators
# and the processors were run by hand in a real collector (0.160) on files as a node has them.
run "the_collectors_pipelines_name_what_is_configured" {
  command = plan

  assert {
    condition = alltrue(flatten([
      for pipeline in values(yamldecode(helm_release.collector.values[0]).config.service.pipelines) : [
        # The chart configures batch and memory_limiter itself.
        length(setsubtract(pipeline.receivers, [for name, receiver in yamldecode(helm_release.collector.values[0]).config.receivers : name if receiver != null])) == 0,
        length(setsubtract(pipeline.processors, concat(keys(yamldecode(helm_release.collector.values[0]).config.processors), ["batch", "memory_limiter"]))) == 0,
        length(setsubtract(pipeline.exporters, keys(yamldecode(helm_release.collector.values[0]).config.exporters))) == 0,
        pipeline.processors[0] == "memory_limiter" && element(pipeline.processors, length(pipeline.processors) - 1) == "batch",
      ] if pipeline != null
    ]))
    error_message = "Each part of a pipeline is configured; memory is limited first, and batches are made last."
  }

  assert {
    condition     = keys(yamldecode(helm_release.collector.values[0]).config.exporters) == ["awscloudwatchlogs"]
    error_message = "Logs go to CloudWatch, and nothing to the chart's debug exporter."
  }

  assert {
    condition     = [for name, pipeline in yamldecode(helm_release.collector.values[0]).config.service.pipelines : name if pipeline != null] == ["logs"]
    error_message = "Traces are the business of CloudWatch's agent."
  }
}

# What the exporter's own schema has (config.schema.yaml of awscloudwatchlogsexporter and of awsutil, read in 2026): the
# collector refuses to start with a key that it does not know, and with a name between braces that is no attribute's.
run "the_exporter_is_told_what_it_knows" {
  command = plan

  assert {
    condition = length(setsubtract(keys(yamldecode(helm_release.collector.values[0]).config.exporters.awscloudwatchlogs), [
      "log_group_name", "log_stream_name", "log_retention", "raw_log", "tags", "retry_on_failure", "sending_queue",
      "certificate_file_path", "endpoint", "external_id", "imds_retries", "local_mode", "max_retries", "no_verify_ssl", "num_workers",
      "profile", "proxy_address", "region", "request_timeout_seconds", "resource_arn", "role_arn", "shared_credentials_file",
    ])) == 0
    error_message = "Each key of the exporter is one that its schema has."
  }

  assert {
    condition = alltrue([
      for name in ["log_group_name", "log_stream_name"] : length(setsubtract(
        flatten(regexall("{([^{}]*)}", yamldecode(helm_release.collector.values[0]).config.exporters.awscloudwatchlogs[name])),
        ["ClusterName", "ContainerInstanceId", "FaasName", "FaasVersion", "InstanceId", "NodeName", "PodName", "ServiceName", "TaskDefinitionFamily", "TaskId"],
      )) == 0
    ])
    error_message = "Each name between braces is one that the exporter replaces."
  }

  # {PodName} is the attribute `pod`, {ServiceName} is `service.name`: the processor makes both.
  assert {
    condition     = toset(yamldecode(helm_release.collector.values[0]).config.processors.resource.attributes[*].key) == toset(["pod", "service.name"])
    error_message = "The attributes behind the two names are made."
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

run "protected_in_prod_alone" {
  command = plan

  assert {
    condition     = length(terraform_data.protection) == 0
    error_message = "dev may be destroyed."
  }
}

run "prod_is_protected" {
  command = plan

  variables {
    environment = "prod"
  }

  assert {
    condition     = length(terraform_data.protection) == 1
    error_message = "Whoever destroys prod has to say so twice."
  }
}
