mock_provider "aws" {
  source = "../../mocks"
}

variables {
  name         = "my-app-dev"
  cluster_name = "my-app-dev"
  vpc_id       = "vpc-0123456789abcdef0"
}

run "narrow_by_default" {
  command = apply

  assert {
    condition     = aws_vpc_security_group_ingress_rule.nodes_from_load_balancer.from_port == 5000 && aws_vpc_security_group_ingress_rule.nodes_from_load_balancer.to_port == 5000
    error_message = "The load balancer reaches the container port alone."
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.database_from_nodes.referenced_security_group_id == aws_security_group.nodes.id && aws_vpc_security_group_ingress_rule.database_from_nodes.cidr_ipv4 == null
    error_message = "The database is reached from the nodes' group and no range."
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.control_plane_from_nodes.referenced_security_group_id == aws_security_group.nodes.id && aws_vpc_security_group_ingress_rule.control_plane_from_nodes.from_port == 443
    error_message = "The control plane is reached on 443 from nodes."
  }
}

run "the_guides_wide_range" {
  command = plan

  variables {
    pod_ports = { from = 1025, to = 65535 }
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.nodes_from_load_balancer.to_port == 65535
    error_message = "The guide's range is a variable away."
  }
}

run "ports_the_wrong_way_round" {
  command = plan

  variables {
    pod_ports = { from = 6000, to = 5000 }
  }

  expect_failures = [var.pod_ports]
}
