variable "name" {
  description = "The bucket's name, which is taken or free in the whole world: end it with the account's number."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.name))
    error_message = "name must be 3 to 63 lower-case letters, digits, dots and hyphens."
  }
}

variable "kms_key_arn" {
  description = "The key of its objects; null takes S3's own."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:.+:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a KMS key, or null."
  }
}

variable "expire_old_versions_days" {
  description = "Days after which a replaced or deleted version is gone for good."
  type        = number
  default     = 90

  validation {
    condition     = var.expire_old_versions_days >= 1
    error_message = "expire_old_versions_days must be 1 at least."
  }
}

variable "force_destroy" {
  description = "Whether destroying deletes the objects too. Never in prod."
  type        = bool
  default     = false
}

variable "statements" {
  description = "A policy whose statements the bucket's own has, too: services of AWS that write to it. Null: none."
  type        = string
  default     = null

  validation {
    condition     = var.statements == null || can(jsondecode(var.statements).Statement)
    error_message = "statements must be a JSON document with statements, or null."
  }
}
