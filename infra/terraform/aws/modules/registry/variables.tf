variable "name" {
  description = "The repository's name: my-app/my-demo-app."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9._/-]{1,254}$", var.name))
    error_message = "name must be lower-case letters, digits, dots, hyphens, underscores and slashes."
  }
}

variable "keep_releases" {
  description = "How many tagged images are kept; a rollback reaches no further."
  type        = number
  default     = 50

  validation {
    condition     = var.keep_releases >= 5
    error_message = "keep_releases must be 5 at least: the chart keeps as many revisions to go back to."
  }
}

variable "force_delete" {
  description = "Whether destroying deletes the images too. Never in prod."
  type        = bool
  default     = false
}

variable "readers" {
  description = "Numbers of the other accounts that pull images from here."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for account in var.readers : can(regex("^[0-9]{12}$", account))])
    error_message = "readers must be numbers of accounts, twelve digits each."
  }
}
