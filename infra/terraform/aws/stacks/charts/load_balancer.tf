# First: its webhook sees every Service and Ingress that later releases make.
resource "helm_release" "load_balancer_controller" {
  name       = "aws-load-balancer-controller"
  namespace  = "kube-system"
  repository = "https://aws.github.io/eks-charts"
  chart      = "aws-load-balancer-controller"
  version    = local.versions["aws-load-balancer-controller"]
  atomic     = true

  values = [yamlencode({
    clusterName  = local.platform.cluster
    region       = var.region
    vpcId        = local.network.vpc_id
    replicaCount = 2
    serviceAccount = {
      name        = "aws-load-balancer-controller"
      annotations = { "eks.amazonaws.com/role-arn" = local.platform.roles.load_balancer_controller }
    }
    # The Ingress names the network stack's group (that stack's helm_values): the controller makes none and opens nothing.
    backendSecurityGroup        = ""
    enableBackendSecurityGroup  = false
    enableShield                = false
    enableWaf                   = false
    enableWafv2                 = false
    enableServiceMutatorWebhook = false
    podDisruptionBudget         = { maxUnavailable = 1 }
    # No default tag of the provider reaches what the controller makes.
    defaultTags       = local.tags
    defaultTargetType = "ip"
  })]
}
