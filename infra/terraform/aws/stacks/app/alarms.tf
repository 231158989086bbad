module "alarms" {
  source = "../../modules/alarms"

  name     = local.name
  runbooks = var.runbooks
  emails   = var.alarm_emails

  alarms = merge(
    {
      for application in var.applications : "${application}-errors" => {
        description = "${application} answered more than 5 requests with 5xx in a minute, five minutes long."
        namespace   = local.name
        metric      = "${application}-5xx"
        statistic   = "Sum"
        above       = 5
      } if endswith(application, "-api")
    },
    {
      for application in var.applications : "${application}-slow" => {
        description = "${application} needed more than 500 ms on average, five minutes long."
        namespace   = local.name
        metric      = "${application}-ms"
        above       = 500
      } if endswith(application, "-api")
    },
    {
      # Of a Service the agent counts the pods that are ready, and publishes nothing of one that has none.
      for application in var.applications : "${application}-not-running" => {
        description = "${application} has not had a pod that is ready for five minutes: nobody is served."
        namespace   = "ContainerInsights"
        metric      = "service_number_of_running_pods"
        dimensions  = { ClusterName = local.platform.cluster, Namespace = local.namespace, Service = application }
        statistic   = "Maximum"
        below       = 1
        missing     = "breaching"
        runbook     = "not-running"
      }
    },
    {
      pods-restarting = {
        # The agent publishes it for each pod and for the cluster, for no namespace; each value is what was added since
        # the one before. A container that always fails waits 10, 20, 40 ... and at most 300 seconds between its starts:
        # four of them in any half of an hour, also where each lives for two minutes.
        description = "Containers in ${local.platform.cluster} have restarted more than three times in half an hour."
        namespace   = "ContainerInsights"
        metric      = "pod_number_of_container_restarts"
        dimensions  = { ClusterName = local.platform.cluster }
        statistic   = "Sum"
        period      = 1800
        periods     = 1
        above       = 3
      }
      nodes-failed = {
        description = "A node of ${local.platform.cluster} is in a failed state."
        namespace   = "ContainerInsights"
        metric      = "cluster_failed_node_count"
        dimensions  = { ClusterName = local.platform.cluster }
        statistic   = "Maximum"
        above       = 0
      }
      database-cpu = {
        description = "The database's CPU is above 80 %, ten minutes long."
        namespace   = "AWS/RDS"
        metric      = "CPUUtilization"
        dimensions  = { DBInstanceIdentifier = module.database.name }
        periods     = 10
        above       = 80
        missing     = "breaching"
      }
      database-disk = {
        description = "Less than a tenth of the database's first disk is free."
        namespace   = "AWS/RDS"
        metric      = "FreeStorageSpace"
        dimensions  = { DBInstanceIdentifier = module.database.name }
        statistic   = "Minimum"
        period      = 300
        periods     = 1
        below       = var.database.storage_gib.initial * 1024 * 1024 * 1024 / 10
      }
      database-connections = {
        description = "Four fifths of the database's connections are taken."
        namespace   = "AWS/RDS"
        metric      = "DatabaseConnections"
        dimensions  = { DBInstanceIdentifier = module.database.name }
        statistic   = "Maximum"
        above       = floor(var.database.max_connections * 0.8)
      }
    },
  )
}
