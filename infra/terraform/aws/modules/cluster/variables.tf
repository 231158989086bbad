variable "name" {
  description = "The cluster's name."
  type        = string

  validation {
    condition     = can(regex("^[0-9A-Za-z][0-9A-Za-z_-]{0,99}$", var.name))
    error_message = "name must be 1 to 100 letters, digits, hyphens and underscores."
  }
}

variable "kubernetes_version" {
  description = "The minor version of Kubernetes."
  type        = string

  validation {
    condition     = can(regex("^1\\.(3[0-9])$", var.kubernetes_version))
    error_message = "kubernetes_version must be 1.30 or later, without a patch: 1.36."
  }
}

variable "subnets" {
  description = "Private subnets of the control plane's interfaces, in two zones at least."
  type        = list(string)

  validation {
    condition     = length(var.subnets) >= 2
    error_message = "subnets must be two at least: EKS wants two availability zones."
  }
}

variable "security_group" {
  description = "The control plane's own security group."
  type        = string

  validation {
    condition     = startswith(var.security_group, "sg-")
    error_message = "security_group must be the id of a security group."
  }
}

variable "public_access_cidrs" {
  description = "Who may reach the API server from the internet; none by default, and never everybody."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for range in var.public_access_cidrs : can(cidrnetmask(range)) && range != "0.0.0.0/0"])
    error_message = "public_access_cidrs must be IPv4 ranges, and not 0.0.0.0/0."
  }
}

variable "administrators" {
  description = "Name to ARN of the IAM roles that administer the cluster."
  type        = map(string)

  validation {
    condition     = length(var.administrators) > 0 && alltrue([for arn in values(var.administrators) : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:(role|user)/.+$", arn))])
    error_message = "administrators must name at least one IAM role by its ARN, or nobody can enter the cluster."
  }
}

variable "viewers" {
  description = "Name to ARN of the IAM roles that may read everything but secrets."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for arn in values(var.viewers) : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:(role|user)/.+$", arn))])
    error_message = "viewers must be ARNs of IAM roles."
  }
}


variable "log_retention_days" {
  description = "How long logs of the control plane are kept."
  type        = number
  default     = 90

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731], var.log_retention_days)
    error_message = "log_retention_days must be one that CloudWatch Logs knows: 7, 30, 90, 365 ..."
  }
}

variable "first_addons" {
  description = "Add-ons that nodes need to become ready: name to version (null: EKS's default for the cluster), role and configuration."
  type = map(object({
    version       = optional(string)
    role_arn      = optional(string)
    configuration = optional(string)
  }))

  validation {
    condition     = alltrue([for addon in values(var.first_addons) : addon.configuration == null || can(jsondecode(addon.configuration))])
    error_message = "first_addons: each configuration must be JSON."
  }
}
