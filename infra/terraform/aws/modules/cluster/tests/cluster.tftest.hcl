mock_provider "aws" {
  source = "../../mocks"
}

variables {
  name               = "my-app-dev"
  kubernetes_version = "1.36"
  subnets            = ["subnet-0a", "subnet-0b"]
  security_group     = "sg-0a"
  administrators     = { admins = "arn:aws:iam::111122223333:role/admins" }
  first_addons       = { vpc-cni = {} }
}

run "private_logged_and_encrypted" {
  command = apply

  assert {
    condition     = !aws_eks_cluster.this.vpc_config[0].endpoint_public_access && aws_eks_cluster.this.vpc_config[0].endpoint_private_access
    error_message = "The API server is reached inside the VPC alone."
  }

  assert {
    condition     = length(aws_eks_cluster.this.enabled_cluster_log_types) == 5
    error_message = "All five logs of the control plane are on."
  }

  assert {
    condition     = aws_eks_cluster.this.access_config[0].authentication_mode == "API" && !aws_eks_cluster.this.access_config[0].bootstrap_cluster_creator_admin_permissions
    error_message = "Access is by entries alone; who makes the cluster is no administrator of it."
  }
}

run "open_to_everybody" {
  command = plan

  variables {
    public_access_cidrs = ["0.0.0.0/0"]
  }

  expect_failures = [var.public_access_cidrs]
}

run "no_administrator" {
  command = plan

  variables {
    administrators = {}
  }

  expect_failures = [var.administrators]
}

run "a_version_with_a_patch" {
  command = plan

  variables {
    kubernetes_version = "1.36.1"
  }

  expect_failures = [var.kubernetes_version]
}
