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

variable "kubernetes_version" {
  description = "The minor version of Kubernetes: one that Karpenter's pinned version supports."
  type        = string
  default     = "1.35"
}

variable "administrators" {
  description = "Name to ARN of the IAM roles that administer the cluster; {account} is the account's number."
  type        = map(string)
  default     = { administrators = "arn:aws:iam::{account}:role/administrators" }
}

variable "viewers" {
  description = "Name to ARN of the IAM roles that may read the cluster; {account} is the account's number."
  type        = map(string)
  default     = {}
}

variable "public_access_cidrs" {
  description = "Who may reach the API server from the internet; none by default."
  type        = list(string)
  default     = []
}

variable "log_retention_days" {
  description = "How long logs of the control plane are kept."
  type        = number
  default     = 30
}

variable "on_demand" {
  description = "Nodes that stay: the platform and applications without scheduling.spot."
  type = object({
    instance_types = list(string)
    size           = object({ desired = number, min = number, max = number })
  })

  validation {
    condition     = var.environment != "prod" || var.on_demand.size.min >= 2
    error_message = "on_demand.size.min must be 2 at least in prod: one node would be one zone."
  }
}

variable "spot" {
  description = "Nodes that may go with two minutes' notice: applications with scheduling.spot."
  type = object({
    instance_types = list(string)
    size           = object({ desired = number, min = number, max = number })
  })
}

variable "addon_versions" {
  description = "Add-on to version; EKS's default for the Kubernetes version where one is missing."
  type        = map(string)
  default     = {}
}
