resource "helm_release" "external_secrets" {
  name             = "external-secrets"
  namespace        = "external-secrets"
  create_namespace = true
  repository       = "https://charts.external-secrets.io"
  chart            = "external-secrets"
  version          = local.versions["external-secrets"]
  atomic           = true

  values = [yamlencode({
    installCRDs = true
    # Without a role: it asks for tokens of the service account that a store names, and AWS knows that one alone.
    serviceAccount = { name = "external-secrets" }
    # Stores belong to namespaces: no release may read for another one.
    processClusterStore          = false
    processClusterExternalSecret = false
  })]

  depends_on = [helm_release.load_balancer_controller]
}
