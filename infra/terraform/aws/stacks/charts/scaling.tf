# The recommender alone: the chart's VPAs are in mode Off, and nothing may move pods by itself.
resource "helm_release" "vpa" {
  name             = "vpa"
  namespace        = "vpa"
  create_namespace = true
  repository       = "https://charts.fairwinds.com/stable"
  chart            = "vpa"
  version          = local.versions["vpa"]
  atomic           = true

  values = [yamlencode({
    recommender         = { enabled = true }
    updater             = { enabled = false }
    admissionController = { enabled = false }
  })]

  depends_on = [helm_release.load_balancer_controller]
}

resource "helm_release" "karpenter" {
  name       = "karpenter"
  namespace  = "kube-system"
  repository = "oci://public.ecr.aws/karpenter"
  chart      = "karpenter"
  version    = local.versions["karpenter"]
  atomic     = true

  values = [yamlencode({
    settings = {
      clusterName       = local.platform.cluster
      interruptionQueue = local.platform.interruptions
    }
    serviceAccount = {
      name        = "karpenter"
      annotations = { "eks.amazonaws.com/role-arn" = local.platform.roles.karpenter }
    }
  })]

  depends_on = [helm_release.load_balancer_controller]
}

# Kinds of Karpenter exist only now, hence a chart of our own after it.
resource "helm_release" "cluster_defaults" {
  name      = "cluster-defaults"
  namespace = "kube-system"
  chart     = "${path.module}/cluster-defaults"
  atomic    = true

  values = [yamlencode({
    cluster   = local.platform.cluster
    nodeRole  = local.platform.node_role
    cpuLimits = { onDemand = var.node_limits.on_demand, spot = var.node_limits.spot }
    tags      = local.tags
  })]

  depends_on = [helm_release.karpenter]
}
