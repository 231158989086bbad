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

variable "versions" {
  description = "Chart to version, where another than the pinned one is wanted."
  type        = map(string)
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.versions), ["aws-load-balancer-controller", "external-secrets", "vpa", "karpenter", "argo-cd", "argo-rollouts", "opentelemetry-collector"])) == 0
    error_message = "versions must name charts of this stack: aws-load-balancer-controller, external-secrets, vpa, karpenter, argo-cd, argo-rollouts, opentelemetry-collector."
  }

  validation {
    condition     = alltrue([for version in values(var.versions) : can(regex("^[0-9]+\\.[0-9]+\\.[0-9]+$", version))])
    error_message = "versions must be exact: 1.2.3."
  }
}

variable "node_limits" {
  description = "How many CPUs Karpenter may start in each of its two pools: a runaway autoscaler costs both at most."
  type        = object({ on_demand = number, spot = number })

  validation {
    condition     = alltrue([for limit in values(var.node_limits) : limit >= 2 && limit == floor(limit)])
    error_message = "node_limits must be 2 CPUs at least in each pool, without fractions: { on_demand = 8, spot = 16 }."
  }
}
