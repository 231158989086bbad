mock_provider "aws" {
  source = "../../mocks"
}

variables {
  environment = "dev"
}

run "an_unknown_environment" {
  command = plan

  variables {
    environment = "qa"
  }

  expect_failures = [var.environment]
}

run "one_gateway_in_prod" {
  command = plan

  variables {
    environment = "prod"
  }

  expect_failures = [var.nat_per_zone]
}

run "a_zone_without_ranges" {
  command = plan

  variables {
    zones = ["a", "b", "c"]
  }

  expect_failures = [var.public_subnets, var.private_subnets, var.database_subnets]
}

run "hands_over" {
  command = apply

  assert {
    condition     = length(jsondecode(aws_ssm_parameter.handover.value).private_subnets) == 2
    error_message = "Later stacks read the private subnets by zone."
  }

  assert {
    condition     = output.helm_values.ingress.annotations["alb.ingress.kubernetes.io/security-groups"] == module.security_groups.load_balancer
    error_message = "The Ingress names the one group that nodes let in."
  }
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
    environment  = "prod"
    nat_per_zone = true
  }

  assert {
    condition     = length(terraform_data.protection) == 1
    error_message = "Whoever destroys prod has to say so twice."
  }
}
