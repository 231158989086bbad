variable "cluster_name" {
  description = "The cluster that Karpenter starts nodes for."
  type        = string

  validation {
    condition     = can(regex("^[0-9A-Za-z][0-9A-Za-z_-]{0,40}$", var.cluster_name))
    error_message = "cluster_name must be 1 to 41 letters, digits, hyphens and underscores: names of roles are made of it."
  }
}

variable "cluster_arn" {
  description = "The cluster's ARN."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:eks:.+:cluster/.+$", var.cluster_arn))
    error_message = "cluster_arn must be the ARN of an EKS cluster."
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

variable "node_role_arn" {
  description = "The role that its nodes carry; it may pass this one and no other."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/.+$", var.node_role_arn))
    error_message = "node_role_arn must be the ARN of a role."
  }
}
