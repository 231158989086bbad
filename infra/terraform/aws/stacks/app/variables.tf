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

variable "namespace" {
  description = "The namespace of the applications; empty: the project's and the environment's name."
  type        = string
  default     = ""
}

variable "bucket_name" {
  description = "The applications' bucket; empty: my-app-bucket-ENVIRONMENT-ACCOUNT, because names are taken or free in the whole world."
  type        = string
  default     = ""
}

variable "registry" {
  description = "Whether this environment's account holds the images; image_readers of the one that does lets the others pull."
  type        = bool
  default     = true
}

variable "image_readers" {
  description = "Numbers of the other environments' accounts that pull the images of this one: [\"111122223333\"]."
  type        = set(string)
  default     = []
}

variable "image" {
  description = "The image's repository, below the project's name."
  type        = string
  default     = "my-demo-app"
}

variable "applications" {
  description = "The applications of the environment: one log group each."
  type        = set(string)

  validation {
    condition     = length(var.applications) > 0 && alltrue([for name in var.applications : can(regex("^[a-z][a-z0-9-]{0,62}$", name))])
    error_message = "applications must name at least one application, as the chart does: my-tomorrows-api."
  }

  validation {
    condition     = length(setintersection(var.applications, ["platform", "migrate"])) == 0
    error_message = "applications must not be called platform or migrate: the logs of the cluster's parts and of migrations have these groups."
  }
}

variable "database" {
  description = "The database's machine, disk, standby and backups."
  type = object({
    instance_class              = string
    storage_gib                 = object({ initial = number, max = number })
    multi_az                    = bool
    backup_days                 = number
    performance_insights        = optional(bool, true)
    max_connections             = number
    engine_version              = optional(string, "17")
    allow_major_version_upgrade = optional(bool, false)
  })

  validation {
    condition     = var.environment != "prod" || var.database.multi_az
    error_message = "database.multi_az must be true in prod: without a standby a zone's failure stops it."
  }

  validation {
    condition     = var.environment != "prod" || var.database.backup_days >= 14
    error_message = "database.backup_days must be 14 at least in prod."
  }
}

variable "domain" {
  description = "The applications' domain: api. and admin. are its names."
  type        = string
  default     = "mytomorrows.com"

  validation {
    condition     = can(regex("^([a-z0-9-]+\\.)+[a-z]{2,}$", var.domain))
    error_message = "domain must be a domain name: mytomorrows.com."
  }
}

variable "zone_id" {
  description = "The Route 53 zone of the domain, where the certificate is proved; empty: certificate_arn is taken."
  type        = string
  default     = ""

  validation {
    condition     = var.zone_id == "" || can(regex("^Z[A-Z0-9]+$", var.zone_id))
    error_message = "zone_id must be the id of a hosted zone: Z0123456789ABCDEFGHIJ."
  }
}

variable "certificate_arn" {
  description = "A certificate that exists already; empty where zone_id makes one."
  type        = string
  default     = ""

  validation {
    condition     = var.certificate_arn == "" || can(regex("^arn:[a-z-]+:acm:.+:certificate/.+$", var.certificate_arn))
    error_message = "certificate_arn must be the ARN of a certificate."
  }

  validation {
    condition     = var.environment != "prod" || var.certificate_arn != "" || var.zone_id != ""
    error_message = "prod needs a certificate: set zone_id and it is made, or certificate_arn to one that exists."
  }
}

variable "log_retention_days" {
  description = "How long logs of the applications are kept."
  type        = number
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731], var.log_retention_days)
    error_message = "log_retention_days must be one that CloudWatch Logs knows: 7, 30, 90, 365 ..."
  }
}

variable "alarm_emails" {
  description = "Who is told of alarms, of the budget and of unusual cost."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for address in var.alarm_emails : can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", address))])
    error_message = "alarm_emails must be addresses: [\"team@example.com\"]."
  }

  validation {
    condition     = var.environment != "prod" || length(var.alarm_emails) > 0
    error_message = "prod would tell nobody of an alarm, of its budget or of unusual cost: pass -var='alarm_emails=[\"team@example.com\"]'."
  }
}

variable "runbooks" {
  description = "Address of the page of runbooks, as people of the team reach it."
  type        = string
  default     = "docs/how-to/runbooks.md"
}

variable "budget_usd" {
  description = "What the environment may cost in a month; 80 % spent and 100 % foreseen are told."
  type        = number

  validation {
    condition     = var.budget_usd > 0
    error_message = "budget_usd must be more than 0."
  }
}

variable "anomaly_monitor_arn" {
  description = "The account's monitor of unusual cost, whose findings go to the alarms: aws ce get-anomaly-monitors names Default-Services-Monitor. Empty outside of prod: unusual cost is told by AWS's own mails alone."
  type        = string
  default     = ""

  validation {
    condition     = var.anomaly_monitor_arn == "" || can(regex("^arn:[a-z-]+:ce::[0-9]{12}:anomalymonitor/.+$", var.anomaly_monitor_arn))
    error_message = "anomaly_monitor_arn must be the ARN of a monitor: aws ce get-anomaly-monitors --query 'AnomalyMonitors[].[MonitorName,MonitorArn]'."
  }

  validation {
    condition     = var.environment != "prod" || var.anomaly_monitor_arn != "" || var.anomaly_monitor_by_tag
    error_message = "prod would be told of unusual cost by nobody: pass -var=anomaly_monitor_arn=ARN of the account's monitor (aws ce get-anomaly-monitors --query 'AnomalyMonitors[].[MonitorName,MonitorArn]'; where there is none, services_monitor=true of the stack account makes it), or in an organization's management account -var=anomaly_monitor_by_tag=true."
  }
}

variable "anomaly_monitor_by_tag" {
  description = "Whether a monitor of what carries the environment's tag is made. An organization's management account may, or an account without one; AWS refuses it elsewhere."
  type        = bool
  default     = false
}

variable "trace_share" {
  description = "The share of requests that X-Ray keeps, beside one in each second."
  type        = number
  default     = 0.05

  validation {
    condition     = var.trace_share >= 0 && var.trace_share <= 1
    error_message = "trace_share must be from 0 to 1."
  }
}

variable "secrets_generation" {
  description = "Raise it to make every random secret anew."
  type        = number
  default     = 1
}

variable "secrets_recovery_days" {
  description = "Days in which a deleted secret can be taken back, and its name is not free: 30 in prod and 0 elsewhere unless said. 0 before a destroy that is followed by an apply."
  type        = number
  default     = null
}
