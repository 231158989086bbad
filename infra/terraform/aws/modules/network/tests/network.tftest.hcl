mock_provider "aws" {
  source = "../../mocks"
}

variables {
  name             = "my-app-dev"
  cluster_name     = "my-app-dev"
  public_subnets   = { us-west-2a = "10.0.1.0/24", us-west-2b = "10.0.2.0/24" }
  private_subnets  = { us-west-2a = "10.0.10.0/24", us-west-2b = "10.0.20.0/24" }
  database_subnets = { us-west-2a = "10.0.30.0/24", us-west-2b = "10.0.31.0/24" }
}

run "the_guides_network" {
  command = apply

  assert {
    condition     = aws_vpc.this.cidr_block == "10.0.0.0/16" && aws_vpc.this.enable_dns_support && aws_vpc.this.enable_dns_hostnames
    error_message = "The VPC has the guide's range, DNS support and DNS hostnames."
  }

  assert {
    condition     = alltrue([for subnet in aws_subnet.public : subnet.map_public_ip_on_launch && subnet.tags["kubernetes.io/role/elb"] == "1"])
    error_message = "Public subnets assign public addresses and carry the load balancer's role."
  }

  assert {
    condition     = alltrue([for subnet in aws_subnet.private : !subnet.map_public_ip_on_launch && subnet.tags["kubernetes.io/role/internal-elb"] == "1"])
    error_message = "Private subnets assign no public address and carry the internal load balancer's role."
  }

  assert {
    condition     = length(aws_nat_gateway.this) == 1 && length(aws_route.nat) == 2
    error_message = "One NAT gateway serves both zones outside prod."
  }
}

run "a_gateway_in_each_zone" {
  command = plan

  variables {
    nat_per_zone = true
  }

  assert {
    condition     = length(aws_nat_gateway.this) == 2
    error_message = "Each zone has its own NAT gateway."
  }
}

run "three_zones_and_wider_ranges" {
  command = plan

  variables {
    public_subnets   = { us-west-2a = "10.0.1.0/24", us-west-2b = "10.0.2.0/24", us-west-2c = "10.0.3.0/24" }
    private_subnets  = { us-west-2a = "10.0.64.0/19", us-west-2b = "10.0.96.0/19", us-west-2c = "10.0.128.0/19" }
    database_subnets = { us-west-2a = "10.0.30.0/24", us-west-2b = "10.0.31.0/24" }
  }

  assert {
    condition     = length(aws_route_table.private) == 3 && length(aws_subnet.database) == 2
    error_message = "Three zones have three private route tables; the database may stay in two."
  }
}

run "subnet_outside_the_vpc" {
  command = plan

  variables {
    private_subnets = { us-west-2a = "10.0.10.0/24", us-west-2b = "10.1.20.0/24" }
  }

  expect_failures = [var.private_subnets]
}

run "subnet_wider_than_the_vpc" {
  command = plan

  variables {
    vpc_cidr         = "10.0.0.0/20"
    public_subnets   = { us-west-2a = "10.0.1.0/24", us-west-2b = "10.0.0.0/16" }
    private_subnets  = { us-west-2a = "10.0.10.0/24", us-west-2b = "10.0.11.0/24" }
    database_subnets = { us-west-2a = "10.0.12.0/24", us-west-2b = "10.0.13.0/24" }
  }

  expect_failures = [var.public_subnets]
}

run "overlapping_subnets" {
  command = plan

  variables {
    private_subnets = { us-west-2a = "10.0.10.0/24", us-west-2b = "10.0.0.0/18" }
  }

  expect_failures = [var.database_subnets]
}

run "a_range_that_is_none" {
  command = plan

  variables {
    public_subnets = { us-west-2a = "10.0.1.0/24", us-west-2b = "10.0.2.0/33" }
  }

  expect_failures = [var.public_subnets]
}

run "a_vpc_that_aws_does_not_make" {
  command = plan

  variables {
    vpc_cidr = "10.0.0.0/8"
  }

  expect_failures = [var.vpc_cidr]
}

run "one_zone" {
  command = plan

  variables {
    public_subnets   = { us-west-2a = "10.0.1.0/24" }
    private_subnets  = { us-west-2a = "10.0.10.0/24" }
    database_subnets = { us-west-2a = "10.0.30.0/24" }
  }

  expect_failures = [var.public_subnets]
}

run "a_subnet_that_aws_does_not_make" {
  command = plan

  variables {
    private_subnets = { us-west-2a = "10.0.10.0/30", us-west-2b = "10.0.20.0/24" }
  }

  expect_failures = [var.private_subnets]
}
