variable "cluster_name" {
  description = "The cluster that the nodes join."
  type        = string

  validation {
    condition     = length(var.cluster_name) > 0
    error_message = "cluster_name must not be empty."
  }
}

variable "name" {
  description = "The group's name: on-demand, spot."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}$", var.name))
    error_message = "name must be lower-case letters, digits and hyphens."
  }
}

variable "kubernetes_version" {
  description = "The nodes' minor version of Kubernetes: that of the cluster, which is raised first."
  type        = string

  validation {
    condition     = can(regex("^1\\.[0-9]{2}$", var.kubernetes_version))
    error_message = "kubernetes_version must be a minor version: 1.35."
  }
}

variable "capacity_type" {
  description = "ON_DEMAND, or SPOT: cheaper, and taken back with two minutes' notice."
  type        = string

  validation {
    condition     = contains(["ON_DEMAND", "SPOT"], var.capacity_type)
    error_message = "capacity_type must be ON_DEMAND or SPOT."
  }
}

variable "instance_types" {
  description = "Instance types. Several for spot, so that one type's shortage does not stop it."
  type        = list(string)

  validation {
    condition     = length(var.instance_types) >= (var.capacity_type == "SPOT" ? 3 : 1)
    error_message = "instance_types must name one type at least, and three for SPOT."
  }
}

variable "size" {
  description = "How many nodes: at the beginning, at least and at most."
  type        = object({ desired = number, min = number, max = number })

  validation {
    condition     = 0 <= var.size.min && var.size.min <= var.size.desired && var.size.desired <= var.size.max
    error_message = "size must be 0 <= min <= desired <= max."
  }
}

variable "subnets" {
  description = "Private subnets of the nodes."
  type        = list(string)

  validation {
    condition     = length(var.subnets) > 0
    error_message = "subnets must not be empty."
  }
}

variable "security_group" {
  description = "The nodes' security group."
  type        = string

  validation {
    condition     = startswith(var.security_group, "sg-")
    error_message = "security_group must be the id of a security group."
  }
}

variable "role_arn" {
  description = "The nodes' role."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/.+$", var.role_arn))
    error_message = "role_arn must be the ARN of a role."
  }
}

variable "disk_gib" {
  description = "Size of a node's encrypted gp3 disk."
  type        = number
  default     = 50

  validation {
    condition     = var.disk_gib >= 20 && var.disk_gib <= 1000
    error_message = "disk_gib must be from 20 to 1000."
  }
}

variable "tags" {
  description = "Tags of instances and disks: the provider's default tags do not reach what a launch template starts."
  type        = map(string)
  default     = {}
}
