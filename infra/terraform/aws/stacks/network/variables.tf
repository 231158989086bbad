variable "project" {
  description = "What the names of everything begin with."
  type        = string
  default     = "my-app"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", var.project))
    error_message = "project must be 3 to 20 lower-case letters, digits and hyphens: my-app."
  }
}

variable "environment" {
  description = "Which environment this is: its file in environments/ says the rest."
  type        = string

  validation {
    condition     = contains(["dev", "staging", "prod"], var.environment)
    error_message = "environment must be dev, staging or prod: pass -var-file=environments/dev.tfvars or another of them."
  }
}

variable "region" {
  description = "Where everything is made."
  type        = string
  default     = "us-west-2"

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be the name of an AWS region: us-west-2."
  }
}

variable "vpc_cidr" {
  description = "The addresses of the VPC."
  type        = string
  default     = "10.0.0.0/16"
}

variable "zones" {
  description = "Letters of the availability zones, two or three; as many ranges are needed of each kind of subnet."
  type        = list(string)
  default     = ["a", "b"]

  validation {
    condition     = length(var.zones) >= 2 && length(var.zones) <= 3 && length(distinct(var.zones)) == length(var.zones) && alltrue([for zone in var.zones : can(regex("^[a-z]$", zone))])
    error_message = "zones must be two or three different letters: [\"a\", \"b\"]."
  }
}

variable "public_subnets" {
  description = "Ranges of the load balancer and the NAT gateways, one for each zone."
  type        = list(string)
  default     = ["10.0.1.0/24", "10.0.2.0/24"]

  validation {
    condition     = length(var.public_subnets) == length(var.zones)
    error_message = "public_subnets must have one range for each of zones."
  }
}

variable "private_subnets" {
  description = "Ranges of nodes and pods, one for each zone. A /24 holds 251 addresses: see README.md for larger ones."
  type        = list(string)
  default     = ["10.0.10.0/24", "10.0.20.0/24"]

  validation {
    condition     = length(var.private_subnets) == length(var.zones)
    error_message = "private_subnets must have one range for each of zones."
  }
}

variable "database_subnets" {
  description = "Ranges of the database, one for each zone."
  type        = list(string)
  default     = ["10.0.30.0/24", "10.0.31.0/24"]

  validation {
    condition     = length(var.database_subnets) == length(var.zones)
    error_message = "database_subnets must have one range for each of zones."
  }
}

variable "nat_per_zone" {
  description = "One NAT gateway in each zone; one in all otherwise, which is cheaper and fails with its zone."
  type        = bool
  default     = false

  validation {
    condition     = var.environment != "prod" || var.nat_per_zone
    error_message = "nat_per_zone must be true in prod: one gateway would take all zones down with its own."
  }
}

variable "interface_endpoints" {
  description = "AWS services reached inside the VPC. Each costs by the hour and zone, and saves NAT traffic."
  type        = set(string)
  default     = []
}

variable "pod_ports" {
  description = "Ports of pods that the load balancer may reach. The guide's wide range is { from = 1025, to = 65535 }."
  type        = object({ from = number, to = number })
  default     = { from = 5000, to = 5000 }
}

variable "flow_log_retention_days" {
  description = "How long flow logs are kept."
  type        = number
  default     = 30
}
