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
    condition     = one(aws_security_group.database.ingress).security_groups == toset([aws_security_group.nodes.id]) && length(coalesce(one(aws_security_group.database.ingress).cidr_blocks, [])) == 0
    error_message = "The database is reached from the nodes' group and no range."
  }

  assert {
    condition     = length(aws_security_group.database.egress) == 0
    error_message = "The database begins nothing, and another rule would be in a plan."
  }

  assert {
    condition     = sort([for rule in aws_security_group.load_balancer.ingress : tostring(rule.from_port)]) == tolist(["443", "80"])
    error_message = "The load balancer listens on 80 and 443."
  }

  assert {
    condition     = one(aws_security_group.control_plane.ingress).security_groups == toset([aws_security_group.nodes.id]) && one(aws_security_group.control_plane.ingress).from_port == 443
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
