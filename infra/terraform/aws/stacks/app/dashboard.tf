locals {
  requests = [for name in sort(tolist(var.applications)) : [local.name, "${name}-5xx", { stat = "Sum", label = name }]]
  latency  = [for name in sort(tolist(var.applications)) : [local.name, "${name}-ms", { stat = "p99", label = name }]]

  widgets = [
    { title = "Requests answered with 5xx", metrics = local.requests },
    { title = "Latency, p99 (ms)", metrics = local.latency },
    {
      title   = "Pods: CPU and memory in use (%)"
      metrics = [for metric in ["pod_cpu_utilization", "pod_memory_utilization"] : ["ContainerInsights", metric, "ClusterName", local.platform.cluster, "Namespace", local.namespace]]
    },
    {
      title   = "Nodes"
      metrics = [for metric in ["cluster_node_count", "cluster_failed_node_count"] : ["ContainerInsights", metric, "ClusterName", local.platform.cluster]]
    },
    { title = "Database: CPU (%)", metrics = [["AWS/RDS", "CPUUtilization", "DBInstanceIdentifier", module.database.name]] },
    { title = "Database: connections", metrics = [["AWS/RDS", "DatabaseConnections", "DBInstanceIdentifier", module.database.name]] },
  ]
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = local.name

  dashboard_body = jsonencode({
    widgets = concat(
      [{ type = "alarm", x = 0, y = 0, width = 24, height = 3, properties = { title = "Alarms", alarms = module.alarms.arns } }],
      [for index, widget in local.widgets : {
        type   = "metric"
        x      = (index % 2) * 12
        y      = 3 + floor(index / 2) * 6
        width  = 12
        height = 6
        properties = {
          title   = widget.title
          region  = var.region
          period  = 60
          view    = "timeSeries"
          metrics = widget.metrics
        }
      }],
    )
  })
}
