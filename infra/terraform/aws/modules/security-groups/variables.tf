variable "name" {
  description = "What every group's name begins with: my-app-prod."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}[a-z0-9]$", var.name))
    error_message = "name must be 3 to 32 lower-case letters, digits and hyphens, and begin with a letter: my-app-prod."
  }
}

variable "cluster_name" {
  description = "The EKS cluster: Karpenter finds the nodes' group by a tag with its name."
  type        = string

  validation {
    condition     = can(regex("^[0-9A-Za-z][0-9A-Za-z_-]{0,99}$", var.cluster_name))
    error_message = "cluster_name must be 1 to 100 letters, digits, hyphens and underscores."
  }
}

variable "vpc_id" {
  description = "The VPC of the groups."
  type        = string

  validation {
    condition     = startswith(var.vpc_id, "vpc-")
    error_message = "vpc_id must be the id of a VPC: vpc-0123456789abcdef0."
  }
}

variable "pod_ports" {
  description = "Ports of pods that the load balancer may reach: the container port. 1025 to 65535 opens all of them."
  type        = object({ from = number, to = number })
  default     = { from = 5000, to = 5000 }

  validation {
    condition     = var.pod_ports.from >= 1025 && var.pod_ports.from <= var.pod_ports.to && var.pod_ports.to <= 65535
    error_message = "pod_ports must be from <= to within 1025 to 65535."
  }
}

variable "webhook_ports" {
  description = "Name to port of what the control plane calls on nodes: admission webhooks and aggregated APIs."
  type        = map(number)
  default = {
    # The operator of the CloudWatch agent's add-on listens on the same. External Secrets' webhook listens on 10250 by
    # default, the kubelet's port, which has a rule of its own.
    load-balancer-controller = 9443
    # The add-on has 10251 where Kubernetes' own manifest has 10250 (AWS's user guide of EKS, "Metrics Server").
    # Closed, nothing scales: the HPA reads its measurements through the control plane.
    metrics-server = 10251
  }

  validation {
    condition     = alltrue([for port in values(var.webhook_ports) : port >= 1 && port <= 65535])
    error_message = "webhook_ports must be ports from 1 to 65535."
  }
}

variable "database_port" {
  description = "The port of the database."
  type        = number
  default     = 5432

  validation {
    condition     = var.database_port >= 1150 && var.database_port <= 65535
    error_message = "database_port must be from 1150 to 65535: RDS takes no other."
  }
}
