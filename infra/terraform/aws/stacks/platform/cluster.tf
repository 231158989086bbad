module "cluster" {
  source = "../../modules/cluster"

  name                = local.name
  kubernetes_version  = var.kubernetes_version
  subnets             = local.subnets
  security_group      = local.network.security_groups.control_plane
  public_access_cidrs = var.public_access_cidrs
  administrators      = { for name, arn in var.administrators : name => replace(arn, "{account}", local.account) }
  viewers             = { for name, arn in var.viewers : name => replace(arn, "{account}", local.account) }
  log_retention_days  = var.log_retention_days

  first_addons = {
    vpc-cni = {
      version = lookup(var.addon_versions, "vpc-cni", null)
      # The plug-in ignores NetworkPolicies unless told otherwise; it compares ports of containers, as the chart's do.
      configuration = jsonencode({ enableNetworkPolicy = "true", env = { ENABLE_PREFIX_DELEGATION = "true" } })
    }
    kube-proxy = { version = lookup(var.addon_versions, "kube-proxy", null) }
  }
}
