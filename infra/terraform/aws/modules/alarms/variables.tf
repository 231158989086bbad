variable "name" {
  description = "What alarms and topic begin with."
  type        = string

  validation {
    condition     = length(var.name) > 0
    error_message = "name must not be empty."
  }
}

variable "runbooks" {
  description = "Address of the page of runbooks; each alarm links its section."
  type        = string

  validation {
    condition     = endswith(var.runbooks, ".md") || startswith(var.runbooks, "https://")
    error_message = "runbooks must be a page: docs/how-to/runbooks.md, or its https address."
  }
}

variable "emails" {
  description = "Who is told; each address confirms its subscription once."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for address in var.emails : can(regex("^[^@ ]+@[^@ ]+\\.[^@ ]+$", address))])
    error_message = "emails must be addresses."
  }
}

variable "alarms" {
  description = "Name to what is watched. The section of the runbooks has the same name, unless runbook says another."
  type = map(object({
    description = string
    namespace   = string
    metric      = string
    dimensions  = optional(map(string), {})
    statistic   = optional(string, "Average")
    period      = optional(number, 60)
    periods     = optional(number, 5)
    above       = optional(number)
    below       = optional(number)
    missing     = optional(string, "notBreaching")
    runbook     = optional(string)
  }))

  validation {
    condition     = alltrue([for alarm in values(var.alarms) : (alarm.above == null) != (alarm.below == null)])
    error_message = "alarms: each has either above or below."
  }

  validation {
    condition     = alltrue([for alarm in values(var.alarms) : contains(["missing", "ignore", "breaching", "notBreaching"], alarm.missing)])
    error_message = "alarms: missing must be missing, ignore, breaching or notBreaching."
  }
}
