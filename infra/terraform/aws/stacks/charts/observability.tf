# Takes OpenTelemetry of the applications: traces to X-Ray, logs to the applications' groups.
resource "helm_release" "collector" {
  name             = "collector"
  namespace        = "observability"
  create_namespace = true
  repository       = "https://open-telemetry.github.io/opentelemetry-helm-charts"
  chart            = "opentelemetry-collector"
  version          = local.versions["opentelemetry-collector"]
  atomic           = true

  values = [yamlencode({
    mode             = "daemonset"
    fullnameOverride = "collector"
    image            = { repository = "public.ecr.aws/aws-observability/aws-otel-collector" }
    command          = { name = "awscollector" }
    serviceAccount = {
      create      = true
      name        = "collector"
      annotations = { "eks.amazonaws.com/role-arn" = local.platform.roles.collector }
    }
    config = {
      exporters = {
        awsxray = { region = var.region }
        awscloudwatchlogs = {
          region          = var.region
          log_group_name  = "/${var.project}/${var.environment}/{service.name}"
          log_stream_name = "{k8s.pod.name}"
        }
      }
      service = {
        pipelines = {
          traces = { receivers = ["otlp"], processors = ["memory_limiter", "batch"], exporters = ["awsxray"] }
          logs   = { receivers = ["otlp"], processors = ["memory_limiter", "batch"], exporters = ["awscloudwatchlogs"] }
        }
      }
    }
  })]

  depends_on = [helm_release.load_balancer_controller]
}
