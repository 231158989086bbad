mock_provider "aws" {
  source = "../../mocks"
}

override_data {
  target = data.aws_ssm_parameter.network
  values = {
    value = "{\"private_subnets\":{\"us-west-2a\":\"subnet-0a\",\"us-west-2b\":\"subnet-0b\"},\"security_groups\":{\"control_plane\":\"sg-0c\",\"nodes\":\"sg-0d\"}}"
  }
}

variables {
  environment = "dev"
  on_demand   = { instance_types = ["t3.large"], size = { desired = 1, min = 1, max = 3 } }
  spot        = { instance_types = ["t3.large", "t3a.large", "m6i.large"], size = { desired = 0, min = 0, max = 3 } }
}

run "a_closed_cluster" {
  command = apply

  assert {
    condition     = length(aws_eks_addon.this) == 4 && jsondecode(aws_ssm_parameter.handover.value).cluster == "my-app-dev"
    error_message = "Four add-ons follow the nodes, and later stacks learn the cluster's name."
  }

  assert {
    condition     = aws_iam_role_policy_attachment.nodes["AmazonEKSWorkerNodePolicy"].role == "my-app-dev-nodes"
    error_message = "The nodes' role carries the worker's policy."
  }
}

run "volumes_of_claims_are_tagged" {
  command = plan

  assert {
    condition     = jsondecode(aws_eks_addon.this["aws-ebs-csi-driver"].configuration_values).controller.extraVolumeTags == { Project = "my-app", Environment = "dev", Stack = "platform", ManagedBy = "terraform" }
    error_message = "What the driver makes carries the four tags."
  }
}

run "one_node_in_prod" {
  command = plan

  variables {
    environment = "prod"
  }

  expect_failures = [var.on_demand]
}

run "an_unknown_environment" {
  command = plan

  variables {
    environment = "production"
  }

  expect_failures = [var.environment]
}

run "protected_in_prod_alone" {
  command = plan

  assert {
    condition     = length(terraform_data.protection) == 0 && output.by_hand == null
    error_message = "dev may be destroyed."
  }
}

run "prod_is_protected" {
  command = plan

  variables {
    environment = "prod"
    on_demand   = { instance_types = ["m6i.xlarge"], size = { desired = 3, min = 2, max = 9 } }
  }

  assert {
    condition     = length(terraform_data.protection) == 1
    error_message = "Whoever destroys prod has to say so twice."
  }

  assert {
    condition     = output.by_hand == "aws eks update-cluster-config --region us-west-2 --name my-app-prod --deletion-protection"
    error_message = "What this provider cannot say is told where it has to be done."
  }
}

run "no_line_is_paid_twice" {
  command = plan

  assert {
    condition     = jsondecode(aws_eks_addon.this["amazon-cloudwatch-observability"].configuration_values).containerLogs.enabled == false
    error_message = "The collector reads what containers print: the add-on must not send it, too."
  }

  assert {
    condition     = aws_cloudwatch_log_group.platform.name == "/my-app/dev/platform"
    error_message = "What the cluster's own parts print has the group that the collector writes to."
  }
}

run "external_secrets_has_no_role_of_its_own" {
  command = plan

  assert {
    condition     = !contains(keys(local.handover.roles), "external_secrets")
    error_message = "A store names the service account whose role is taken on: the operator needs none."
  }
}
