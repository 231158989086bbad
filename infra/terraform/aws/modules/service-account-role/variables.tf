variable "name" {
  description = "The role's name."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9+=,.@_-]{1,64}$", var.name))
    error_message = "name must be 1 to 64 characters that IAM takes in a role's name."
  }
}

variable "description" {
  description = "What the role is for."
  type        = string

  validation {
    condition     = length(var.description) > 0 && length(var.description) <= 1000
    error_message = "description must say in 1 to 1000 characters what the role is for."
  }
}

variable "oidc_provider_arn" {
  description = "The cluster's identity provider."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:iam::[0-9]{12}:oidc-provider/.+$", var.oidc_provider_arn))
    error_message = "oidc_provider_arn must be the ARN of an OIDC provider."
  }
}

variable "service_accounts" {
  description = "Who may take the role on, as namespace:name. Exactly these, no pattern."
  type        = set(string)

  validation {
    condition     = length(var.service_accounts) > 0 && alltrue([for account in var.service_accounts : can(regex("^[a-z0-9-]+:[a-z0-9.-]+$", account))])
    error_message = "service_accounts must be one or more namespace:name, without wildcards: my-app-prod:my-app-serviceaccount."
  }
}

variable "policies" {
  description = "Name to JSON of the policies that the role itself holds."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for policy in values(var.policies) : can(jsondecode(policy).Statement)])
    error_message = "policies must be JSON documents with statements."
  }
}

variable "managed_policies" {
  description = "ARNs of managed policies, where AWS documents one for the purpose."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.managed_policies : can(regex("^arn:[a-z-]+:iam::(aws|[0-9]{12}):policy/.+$", arn))])
    error_message = "managed_policies must be ARNs of policies."
  }
}
