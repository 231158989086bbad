variable "entries" {
  description = "Entry to where its value comes from and its properties: the environment's part of infra/secrets.yaml."
  type        = map(object({ source = string, properties = list(string) }))

  validation {
    condition     = alltrue([for entry in values(var.entries) : contains(["managed", "random"], entry.source) && length(entry.properties) > 0])
    error_message = "entries must come from managed or random, and have properties."
  }
}

variable "database" {
  description = "What a managed entry says beside the password, which the database service keeps in a secret of its own."
  type        = map(string)

  validation {
    condition     = !contains(keys(var.database), "password")
    error_message = "database must not hold the password: it would be in the state."
  }
}

variable "generation" {
  description = "Raise it to make every random value anew."
  type        = number
  default     = 1

  validation {
    condition     = var.generation >= 1 && floor(var.generation) == var.generation
    error_message = "generation must be a whole number from 1."
  }
}

variable "recovery_days" {
  description = "Days in which a deleted entry can be taken back; 0 deletes at once."
  type        = number

  validation {
    condition     = var.recovery_days == 0 || (var.recovery_days >= 7 && var.recovery_days <= 30)
    error_message = "recovery_days must be 0, or from 7 to 30."
  }
}
