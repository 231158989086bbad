variable "name" {
  description = "What every name in the network begins with: my-app-prod."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}[a-z0-9]$", var.name))
    error_message = "name must be 3 to 32 lower-case letters, digits and hyphens, and begin with a letter: my-app-prod."
  }
}

variable "cluster_name" {
  description = "The EKS cluster whose load balancers and nodes the subnets are tagged for."
  type        = string

  validation {
    condition     = can(regex("^[0-9A-Za-z][0-9A-Za-z_-]{0,99}$", var.cluster_name))
    error_message = "cluster_name must be 1 to 100 letters, digits, hyphens and underscores."
  }
}

variable "vpc_cidr" {
  description = "The addresses of the VPC. Every pod takes one from a private subnet: see the arithmetic in README.md."
  type        = string
  default     = "10.0.0.0/16"

  validation {
    condition     = can(cidrnetmask(var.vpc_cidr)) && try(cidrsubnet(var.vpc_cidr, 0, 0) == var.vpc_cidr, false)
    error_message = "vpc_cidr must be an IPv4 range that begins at its own network address: 10.0.0.0/16."
  }

  validation {
    condition     = try(tonumber(split("/", var.vpc_cidr)[1]) >= 16 && tonumber(split("/", var.vpc_cidr)[1]) <= 28, false)
    error_message = "vpc_cidr must have a prefix from /16 to /28: AWS makes no other VPC."
  }
}

variable "public_subnets" {
  description = "Availability zone to range: the load balancer and the NAT gateways."
  type        = map(string)

  validation {
    condition     = length(var.public_subnets) >= 2 && length(var.public_subnets) <= 3
    error_message = "public_subnets must name two or three availability zones: a load balancer wants two."
  }

  validation {
    condition     = alltrue([for range in values(var.public_subnets) : can(cidrnetmask(range)) && try(cidrsubnet(range, 0, 0) == range, false)])
    error_message = "public_subnets must be IPv4 ranges that begin at their own network address, as 10.0.1.0/24: they are ${join(", ", values(var.public_subnets))}."
  }

  validation {
    condition = alltrue([
      for range in values(var.public_subnets) : try(
        tonumber(split("/", range)[1]) >= tonumber(split("/", var.vpc_cidr)[1]) &&
        cidrsubnet("${split("/", range)[0]}/${split("/", var.vpc_cidr)[1]}", 0, 0) == cidrsubnet(var.vpc_cidr, 0, 0),
        false
      )
    ])
    error_message = "public_subnets must lie inside vpc_cidr, which is ${var.vpc_cidr}: they are ${join(", ", values(var.public_subnets))}."
  }

  validation {
    condition     = alltrue([for range in values(var.public_subnets) : try(tonumber(split("/", range)[1]) >= 16 && tonumber(split("/", range)[1]) <= 28, false)])
    error_message = "public_subnets must have prefixes from /16 to /28, AWS makes no other subnet: they are ${join(", ", values(var.public_subnets))}."
  }
}

variable "private_subnets" {
  description = "Availability zone to range: nodes and pods. The same zones as public_subnets."
  type        = map(string)

  validation {
    condition     = toset(keys(var.private_subnets)) == toset(keys(var.public_subnets))
    error_message = "private_subnets must name the same availability zones as public_subnets."
  }

  validation {
    condition     = alltrue([for range in values(var.private_subnets) : can(cidrnetmask(range)) && try(cidrsubnet(range, 0, 0) == range, false)])
    error_message = "private_subnets must be IPv4 ranges that begin at their own network address, as 10.0.10.0/24: they are ${join(", ", values(var.private_subnets))}."
  }

  validation {
    condition = alltrue([
      for range in values(var.private_subnets) : try(
        tonumber(split("/", range)[1]) >= tonumber(split("/", var.vpc_cidr)[1]) &&
        cidrsubnet("${split("/", range)[0]}/${split("/", var.vpc_cidr)[1]}", 0, 0) == cidrsubnet(var.vpc_cidr, 0, 0),
        false
      )
    ])
    error_message = "private_subnets must lie inside vpc_cidr, which is ${var.vpc_cidr}: they are ${join(", ", values(var.private_subnets))}."
  }

  validation {
    condition     = alltrue([for range in values(var.private_subnets) : try(tonumber(split("/", range)[1]) >= 16 && tonumber(split("/", range)[1]) <= 28, false)])
    error_message = "private_subnets must have prefixes from /16 to /28, AWS makes no other subnet: they are ${join(", ", values(var.private_subnets))}."
  }
}

variable "database_subnets" {
  description = "Availability zone to range: the database alone. At least two zones."
  type        = map(string)

  validation {
    condition     = length(var.database_subnets) >= 2
    error_message = "database_subnets must name at least two availability zones: a Multi-AZ database wants two."
  }

  validation {
    condition     = length(setsubtract(keys(var.database_subnets), keys(var.public_subnets))) == 0
    error_message = "database_subnets must lie in the availability zones of public_subnets."
  }

  validation {
    condition     = alltrue([for range in values(var.database_subnets) : can(cidrnetmask(range)) && try(cidrsubnet(range, 0, 0) == range, false)])
    error_message = "database_subnets must be IPv4 ranges that begin at their own network address, as 10.0.30.0/24: they are ${join(", ", values(var.database_subnets))}."
  }

  validation {
    condition = alltrue([
      for range in values(var.database_subnets) : try(
        tonumber(split("/", range)[1]) >= tonumber(split("/", var.vpc_cidr)[1]) &&
        cidrsubnet("${split("/", range)[0]}/${split("/", var.vpc_cidr)[1]}", 0, 0) == cidrsubnet(var.vpc_cidr, 0, 0),
        false
      )
    ])
    error_message = "database_subnets must lie inside vpc_cidr, which is ${var.vpc_cidr}: they are ${join(", ", values(var.database_subnets))}."
  }

  validation {
    condition     = alltrue([for range in values(var.database_subnets) : try(tonumber(split("/", range)[1]) >= 16 && tonumber(split("/", range)[1]) <= 28, false)])
    error_message = "database_subnets must have prefixes from /16 to /28, AWS makes no other subnet: they are ${join(", ", values(var.database_subnets))}."
  }

  # Two ranges overlap when the wider one's prefix makes the same network of both.
  validation {
    condition = alltrue(flatten([
      for i, one in concat(values(var.public_subnets), values(var.private_subnets), values(var.database_subnets)) : [
        for j, other in concat(values(var.public_subnets), values(var.private_subnets), values(var.database_subnets)) : i >= j || try(
          cidrsubnet("${split("/", one)[0]}/${min(split("/", one)[1], split("/", other)[1])}", 0, 0) !=
          cidrsubnet("${split("/", other)[0]}/${min(split("/", one)[1], split("/", other)[1])}", 0, 0),
          false
        )
      ]
    ]))
    error_message = "Two of the public, private and database subnets overlap, give each a range of its own: they are ${join(", ", concat(values(var.public_subnets), values(var.private_subnets), values(var.database_subnets)))}."
  }
}

variable "nat_per_zone" {
  description = "One NAT gateway in each zone, so that a zone's failure stops only that zone; one in all otherwise."
  type        = bool
  default     = false
}

variable "interface_endpoints" {
  description = "AWS services that nodes reach inside the VPC instead of through NAT: ecr.api, ecr.dkr, sts, logs."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for service in var.interface_endpoints : can(regex("^[a-z0-9.-]+$", service))])
    error_message = "interface_endpoints must be names of services as in com.amazonaws.REGION.NAME: ecr.api."
  }
}

variable "flow_log_retention_days" {
  description = "How long flow logs are kept."
  type        = number
  default     = 90

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.flow_log_retention_days)
    error_message = "flow_log_retention_days must be one that CloudWatch Logs knows: 7, 30, 90, 365 ..."
  }
}
