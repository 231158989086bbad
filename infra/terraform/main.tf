# The release of one environment on an existing cluster: the chart with its values, in a namespace of its own.

locals {
  namespace = var.namespace != "" ? var.namespace : "my-app-${var.environment}"
  contexts  = try(sort([for entry in yamldecode(file(pathexpand(var.kubeconfig))).contexts : entry.name]), [])

  # The marker's input is what the first apply of this state wrote, whatever the variable says today. A destroy only
  # warns of conditions that do not hold; a context that cannot exist stops it before it asks another cluster.
  kube_context = terraform_data.environment.input == var.environment ? var.kube_context : "(the state is that of ${terraform_data.environment.input})"

  # Who writes the environment according to the project; the command line where it says nothing.
  named_writer = try(yamldecode(file("${path.module}/../../flaskship.yaml")).environments[var.environment].writer, "")

  # The helm provider compares a chart by its version alone. This hash stands in the values, so that a changed file
  # shows in the plan; no template reads it. Values files reach the plan by themselves.
  chart_files = sort([
    for file in fileset(var.chart, "**") : file
    if !can(regex("(^|/)\\.|\\.md$|\\.tgz$|^values-[^/]*\\.yaml$", file))
  ])
  chart_digest = sha256(join("\n", [for file in local.chart_files : "${filesha256("${var.chart}/${file}")} ${file}"]))
}

# Remembers whose state this is. One state for two environments would replace the first by the second.
resource "terraform_data" "environment" {
  input = var.environment

  lifecycle {
    ignore_changes = [input]

    precondition {
      condition     = contains(["default", var.environment], terraform.workspace)
      error_message = "Workspace ${terraform.workspace} is not that of ${var.environment}. Nothing was changed. Choose it: terraform workspace select -or-create ${var.environment}"
    }

    precondition {
      condition     = contains(local.contexts, var.kube_context)
      error_message = "${var.kubeconfig} has no context ${var.kube_context}; it has: ${join(", ", local.contexts)}. Name one by -var kube_context=NAME, or another file by -var kubeconfig=FILE."
    }

    postcondition {
      condition     = self.input == var.environment
      error_message = "This state is that of ${self.input}, and not of ${var.environment}. Nothing was changed. Every environment has a state of its own: terraform workspace select -or-create ${var.environment}; with the S3 backend: terraform init -reconfigure -backend-config=environments/${var.environment}.s3.tfbackend -backend-config=bucket=BUCKET"
    }
  }
}

resource "kubernetes_namespace_v1" "this" {
  count      = var.create_namespace ? 1 : 0
  depends_on = [terraform_data.environment]

  metadata {
    name = local.namespace
    labels = merge(
      {
        "app.kubernetes.io/part-of"          = "my-app"
        "pod-security.kubernetes.io/enforce" = "restricted"
        "pod-security.kubernetes.io/audit"   = "restricted"
        "pod-security.kubernetes.io/warn"    = "restricted"
      },
      # A pod counts as ready only when the load balancer sends to it, so that none is replaced too early.
      local.behind_alb ? { "elbv2.k8s.aws/pod-readiness-gate-inject" = "enabled" } : {}
    )
    annotations = {
      "flaskship.dev/writer" = "terraform"
    }
  }
}

resource "helm_release" "apps" {
  name      = "${var.environment}-apps"
  namespace = local.namespace
  chart     = var.chart

  values = concat(
    [file("${var.chart}/values-${var.environment}.yaml")],
    [for file in var.extra_values : file(file)]
  )
  set = [
    { name = "writer", value = "terraform" },
    { name = "chartDigest", value = local.chart_digest, type = "string" },
  ]

  wait            = true
  wait_for_jobs   = true
  timeout         = var.timeout_seconds
  atomic          = var.atomic
  cleanup_on_fail = var.atomic
  max_history     = 10

  depends_on = [terraform_data.environment, kubernetes_namespace_v1.this]
}

# A warning, not a refusal: who takes an environment over from another writer says so in flaskship.yaml first.
check "one_writer" {
  assert {
    condition     = contains(["", "terraform"], local.named_writer)
    error_message = "flaskship.yaml names ${local.named_writer} as the writer of ${var.environment}. Two writers undo one another: set writer: terraform there, or leave ${var.environment} to ${local.named_writer}."
  }
}
