variable "name" {
  description = "The instance's name."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,61}[a-z0-9]$", var.name))
    error_message = "name must be 3 to 63 lower-case letters, digits and hyphens."
  }
}

variable "database" {
  description = "The database that is made in it, and the user that owns it."
  type        = object({ name = string, username = string })

  validation {
    condition     = can(regex("^[a-z][a-z0-9_]{0,62}$", var.database.name)) && can(regex("^[a-z][a-z0-9_]{0,15}$", var.database.username)) && !contains(["admin", "postgres", "rdsadmin"], var.database.username)
    error_message = "database must have a name and a username of lower-case letters, digits and underscores; RDS reserves admin, postgres and rdsadmin."
  }
}

variable "engine_version" {
  description = "The major version of PostgreSQL; RDS takes its newest minor, and later ones by itself in the maintenance window."
  type        = string
  default     = "17"

  validation {
    condition     = can(regex("^(15|16|17|18)$", var.engine_version))
    error_message = "engine_version must be a major version: 15, 16, 17 or 18."
  }
}

variable "allow_major_version_upgrade" {
  description = "Whether a raised engine_version is carried out, and at once: RDS refuses it otherwise. Set it for that one apply."
  type        = bool
  default     = false
}

variable "log_retention_days" {
  description = "How long the database's logs are kept."
  type        = number
  default     = 30
}

variable "instance_class" {
  description = "The machine: db.t4g.micro, db.m7g.large."
  type        = string

  validation {
    condition     = can(regex("^db\\.[a-z0-9]+\\.[a-z0-9]+$", var.instance_class))
    error_message = "instance_class must be like db.t4g.micro."
  }
}

variable "storage_gib" {
  description = "The disk: at first, and up to which size it grows by itself."
  type        = object({ initial = number, max = number })

  validation {
    condition     = var.storage_gib.initial >= 20 && var.storage_gib.max >= ceil(var.storage_gib.initial * 1.1)
    error_message = "storage_gib must begin with 20 at least, and max must be a tenth more at least, as RDS wants it: a full disk stops the database."
  }
}

variable "multi_az" {
  description = "A standby in a second zone, which takes over by itself."
  type        = bool
}

variable "subnets" {
  description = "Database subnets, in two zones at least."
  type        = list(string)

  validation {
    condition     = length(var.subnets) >= 2
    error_message = "subnets must be two at least."
  }
}

variable "security_group" {
  description = "The database's security group."
  type        = string

  validation {
    condition     = startswith(var.security_group, "sg-")
    error_message = "security_group must be the id of a security group."
  }
}

variable "backup_days" {
  description = "Days that one can go back to, to the second."
  type        = number

  validation {
    condition     = var.backup_days >= 1 && var.backup_days <= 35
    error_message = "backup_days must be from 1 to 35: with 0 there is no way back."
  }
}

variable "protected" {
  description = "Refuses to be deleted, and leaves a last snapshot when that was switched off first."
  type        = bool
}

variable "performance_insights" {
  description = "Whether waits and statements are kept for a week, free of charge. Smallest machines lack it."
  type        = bool
  default     = true
}
