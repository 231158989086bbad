mock_provider "aws" {
  source = "../../mocks"
}

variables {
  cluster_name  = "my-app-dev"
  name          = "spot"
  capacity_type = "SPOT"

  kubernetes_version = "1.35"
  instance_types     = ["m6i.large", "m6a.large", "m5.large"]
  size               = { desired = 1, min = 0, max = 3 }
  subnets            = ["subnet-0a"]
  security_group     = "sg-0a"
  role_arn           = "arn:aws:iam::111122223333:role/nodes"
}

run "spot_is_tainted_and_safe" {
  command = apply

  assert {
    condition     = one(aws_eks_node_group.this.taint[*].key) == "eks.amazonaws.com/capacityType"
    error_message = "Only what tolerates spot is put there."
  }

  assert {
    condition     = aws_launch_template.this.metadata_options[0].http_tokens == "required" && aws_launch_template.this.metadata_options[0].http_put_response_hop_limit == 1
    error_message = "Pods cannot take the node's role from the metadata service."
  }

  assert {
    condition     = tobool(aws_launch_template.this.block_device_mappings[0].ebs[0].encrypted)
    error_message = "Disks are encrypted."
  }
}

run "spot_of_one_type" {
  command = plan

  variables {
    instance_types = ["m6i.large"]
  }

  expect_failures = [var.instance_types]
}

run "more_at_least_than_at_most" {
  command = plan

  variables {
    size = { desired = 1, min = 1, max = 0 }
  }

  expect_failures = [var.size]
}

run "as_it_was" {
  command = apply

  assert {
    condition     = aws_eks_node_group.this.node_group_name_prefix == "spot-"
    error_message = "A group that replaces another has another name."
  }
}

run "a_raised_version_is_in_the_plan" {
  command = plan

  variables {
    kubernetes_version = "1.36"
  }

  assert {
    condition     = aws_eks_node_group.this.version == "1.36"
    error_message = "Nodes follow the cluster."
  }
}

run "a_version_that_is_none" {
  command = plan

  variables {
    kubernetes_version = "latest"
  }

  expect_failures = [var.kubernetes_version]
}
