variable "environment" {
  description = "Which environment to deploy: its values-<environment>.yaml says what that is."
  type        = string
  default     = ""

  validation {
    condition     = contains(["dev", "staging", "prod"], var.environment)
    error_message = "environment is dev, staging or prod: give -var-file=\"environments/dev.tfvars\" or that of another."
  }
}

variable "kube_context" {
  description = "The context of the kubeconfig whose cluster is meant; never the one that kubectl happens to point at."
  type        = string
  default     = ""

  validation {
    condition     = trimspace(var.kube_context) != ""
    error_message = "kube_context is missing: name the context of the cluster in environments/<environment>.tfvars or by -var kube_context=NAME. `kubectl config get-contexts` lists them."
  }
}

variable "kubeconfig" {
  description = "The file that holds the context."
  type        = string
  default     = "~/.kube/config"

  validation {
    condition     = try(fileexists(pathexpand(var.kubeconfig)), false)
    error_message = "kubeconfig names a file that is not there: give -var kubeconfig=FILE. Of a KUBECONFIG of several files, name the one that holds the context."
  }
}

variable "chart" {
  description = "The folder of the chart."
  type        = string
  default     = "../helmchart"

  validation {
    condition     = fileexists("${var.chart}/Chart.yaml")
    error_message = "chart is no chart's folder: it holds no Chart.yaml."
  }
}

variable "extra_values" {
  description = "Values files over those of the environment, the last one wins: digests of a promotion, the role of an account."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for file in var.extra_values : fileexists(file)])
    error_message = "extra_values names a file that is not there; paths are taken from the folder where terraform runs."
  }

  validation {
    condition     = alltrue([for file in var.extra_values : can(keys(yamldecode(file(file)))) if fileexists(file)])
    error_message = "extra_values names a file that is not a YAML map of values."
  }
}

variable "namespace" {
  description = "Another namespace than my-app-<environment>, where every check of the guide looks."
  type        = string
  default     = ""

  validation {
    condition     = var.namespace == "" || can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.namespace))
    error_message = "namespace holds lower-case letters, digits and dashes, begins and ends with a letter or digit, and has at most 63 of them."
  }
}

variable "create_namespace" {
  description = "Whether this state owns the namespace, with its Pod Security labels, and removes it at destroy. Off where a platform team makes namespaces."
  type        = bool
  default     = true
}

variable "timeout_seconds" {
  description = "How long an apply waits until every replica is ready."
  type        = number
  default     = 300

  validation {
    condition     = var.timeout_seconds >= 30 && var.timeout_seconds <= 3600 && floor(var.timeout_seconds) == var.timeout_seconds
    error_message = "timeout_seconds is a whole number from 30 (no replica is ready sooner) to 3600."
  }
}

variable "atomic" {
  description = "Whether a failed release is undone at once. Off keeps what failed, to look at it."
  type        = bool
  default     = true
}
