variable "project" {
  description = "What the names of everything begin with."
  type        = string
  default     = "my-app"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", var.project))
    error_message = "project must be 3 to 20 lower-case letters, digits and hyphens: my-app."
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

variable "environments" {
  description = "The environments that live in this account: a deploying role each."
  type        = set(string)
  default     = ["dev", "staging", "prod"]

  validation {
    condition     = length(var.environments) > 0 && length(setsubtract(var.environments, ["dev", "staging", "prod"])) == 0
    error_message = "environments must be some of dev, staging and prod."
  }
}

variable "repository" {
  description = "The GitHub repository whose workflows deploy: owner and name, and their ids where GitHub writes them into subjects (repositories made after 2026-07-15, renamed ones, and those that opted in)."
  type = object({
    owner    = string
    name     = string
    owner_id = optional(string)
    id       = optional(string)
  })

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9-]*$", var.repository.owner)) && can(regex("^[A-Za-z0-9._-]+$", var.repository.name))
    error_message = "repository must have the owner and the name as GitHub has them, without wildcards."
  }

  validation {
    condition     = (var.repository.owner_id == null) == (var.repository.id == null) && (var.repository.id == null || can(regex("^[0-9]+$", var.repository.id)) && can(regex("^[0-9]+$", var.repository.owner_id)))
    error_message = "repository.owner_id and repository.id go together, and are numbers: gh api repos/OWNER/NAME --jq '.owner.id, .id'."
  }
}

variable "security_standards" {
  description = "Standards of Security Hub, as in arn:aws:securityhub:REGION::standards/NAME."
  type        = set(string)
  default     = ["aws-foundational-security-best-practices/v/1.0.0"]
}

variable "services_monitor" {
  description = "Whether a monitor of unusual cost of every service is made. AWS allows one, and most accounts have its own (aws ce get-anomaly-monitors): the stack app takes that one's ARN."
  type        = bool
  default     = false
}

variable "cost_allocation_tags" {
  description = "Tags that costs are told by, activated here: [\"Environment\", \"Project\"] in an organization's management account or an account without one, a day after something carries them; none elsewhere, where AWS refuses it."
  type        = set(string)
  default     = []
}

variable "configuration_recorder" {
  description = "Whether AWS Config records what is configured, which Security Hub's standards judge: null is yes in an account with prod. An account has one recorder: false where somebody runs one already."
  type        = bool
  default     = null
}

variable "signals_retention_days" {
  description = "How long the lines are kept that Application Signals makes its metrics of; the metrics have a life of their own."
  type        = number
  default     = 90

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731], var.signals_retention_days)
    error_message = "signals_retention_days must be one that CloudWatch Logs knows: 7, 30, 90, 365 ..."
  }
}
