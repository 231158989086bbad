resource "helm_release" "argo_rollouts" {
  name             = "argo-rollouts"
  namespace        = "argo-rollouts"
  create_namespace = true
  repository       = "https://argoproj.github.io/argo-helm"
  chart            = "argo-rollouts"
  version          = local.versions["argo-rollouts"]
  atomic           = true

  values = [yamlencode({
    controller = { replicas = 2, extraArgs = ["--aws-verify-target-group"] }
    serviceAccount = {
      name        = "argo-rollouts"
      annotations = { "eks.amazonaws.com/role-arn" = local.platform.roles.argo_rollouts }
    }
  })]

  depends_on = [helm_release.load_balancer_controller]
}

# Last but the collector: it begins to deploy at once, and every kind that releases use must be there.
resource "helm_release" "argo_cd" {
  name             = "argocd"
  namespace        = "argocd"
  create_namespace = true
  repository       = "https://argoproj.github.io/argo-helm"
  chart            = "argo-cd"
  version          = local.versions["argo-cd"]
  atomic           = true

  values = [yamlencode({
    # No load balancer of its own: people reach it by port-forward or behind the team's sign-in.
    server  = { service = { type = "ClusterIP" } }
    configs = { cm = { "admin.enabled" = "false" }, params = { "server.insecure" = false } }
  })]

  depends_on = [
    helm_release.external_secrets,
    helm_release.vpa,
    helm_release.argo_rollouts,
    helm_release.cluster_defaults,
  ]
}
