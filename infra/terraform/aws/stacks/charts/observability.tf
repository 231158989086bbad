# What every container prints, read from the nodes, to log groups: one for each application, one for migrations, one for
# the parts of the platform together. Traces are not its: applications send them to CloudWatch's own agent.
# The filters, alarms and saved queries of the stack `app` read those groups.
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
    # The distribution that has the exporter. The chart's own tag goes with it; AWS's distribution counts its
    # versions otherwise, so that the chart's tag names no image there.
    image   = { repository = "ghcr.io/open-telemetry/opentelemetry-collector-releases/opentelemetry-collector-contrib" }
    command = { name = "otelcol-contrib" }
    # Every node, spot ones too: what is printed on a node can be read there alone.
    tolerations = [{ operator = "Exists" }]
    # Nobody sends anything here, so that nothing listens on the nodes.
    ports = {
      otlp           = { enabled = false }
      otlp-http      = { enabled = false }
      jaeger-compact = { enabled = false }
      jaeger-thrift  = { enabled = false }
      jaeger-grpc    = { enabled = false }
      zipkin         = { enabled = false }
    }
    # Remembers across its own restarts how far it has read.
    presets = { logsCollection = { enabled = true, storeCheckpoints = true } }
    serviceAccount = {
      create      = true
      name        = "collector"
      annotations = { "eks.amazonaws.com/role-arn" = local.platform.roles.collector }
    }
    config = {
      receivers = {
        # Its own lines would bring forth more of themselves; a helm test says what it has to say to who ran it.
        filelog = {
          include = ["/var/log/pods/*/*/*.log"]
          exclude = ["/var/log/pods/observability_collector*_*/*/*.log", "/var/log/pods/*/answers/*.log"]
          operators = [
            { id = "container-parser", type = "container", max_log_size = 102400 },
            {
              type  = "add"
              "if"  = "resource[\"k8s.namespace.name\"] != \"${var.project}-${var.environment}\""
              field = "resource[\"service.name\"]"
              value = "platform"
            },
          ]
        }
        # The chart's defaults that nobody here sends to.
        otlp       = null
        jaeger     = null
        zipkin     = null
        prometheus = null
      }
      processors = {
        # The exporter knows a few attributes by names of its own. A main container is named as its application; what is
        # the platform's is named already.
        resource = {
          attributes = [
            { key = "service.name", from_attribute = "k8s.container.name", action = "insert" },
            { key = "pod", from_attribute = "k8s.pod.name", action = "insert" },
          ]
        }
      }
      exporters = {
        awscloudwatchlogs = {
          region          = var.region
          log_group_name  = "/${var.project}/${var.environment}/{ServiceName}"
          log_stream_name = "{PodName}"
          # The line as the application printed it: filters and queries name its fields.
          raw_log = true
        }
      }
      service = {
        pipelines = {
          logs    = { receivers = ["filelog"], processors = ["memory_limiter", "resource", "batch"], exporters = ["awscloudwatchlogs"] }
          traces  = null
          metrics = null
        }
      }
    }
  })]

  depends_on = [helm_release.load_balancer_controller]
}
