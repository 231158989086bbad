locals {
  addons = {
    coredns        = { role = null, configuration = null }
    metrics-server = { role = null, configuration = null }
    aws-ebs-csi-driver = {
      role = module.ebs_role.arn
      # No default tag of the provider reaches the volumes of claims.
      configuration = jsonencode({ controller = { extraVolumeTags = local.tags } })
    }
    # The agent, Container Insights and Application Signals. What containers print is the collector's to read (stack
    # charts): the add-on's Fluent Bit would send every line a second time, and each is paid for.
    amazon-cloudwatch-observability = {
      role = module.observability_role.arn
      configuration = jsonencode({
        containerLogs = { enabled = false }
        agent = {
          config = {
            logs   = { metrics_collected = { kubernetes = { enhanced_container_insights = true }, application_signals = {} } }
            traces = { traces_collected = { application_signals = {} } }
          }
        }
      })
    }
  }
}

resource "aws_eks_addon" "this" {
  for_each = local.addons

  cluster_name                = module.cluster.name
  addon_name                  = each.key
  addon_version               = lookup(var.addon_versions, each.key, null)
  service_account_role_arn    = each.value.role
  configuration_values        = each.value.configuration
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"

  # They run on nodes.
  depends_on = [module.on_demand]
}

module "ebs_role" {
  source = "../../modules/service-account-role"

  name              = "${local.name}-ebs-csi"
  description       = "EBS driver: makes and attaches volumes"
  oidc_provider_arn = module.cluster.oidc_provider_arn
  service_accounts  = ["kube-system:ebs-csi-controller-sa"]
  managed_policies  = ["arn:${data.aws_partition.this.partition}:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy"]
}

module "observability_role" {
  source = "../../modules/service-account-role"

  name              = "${local.name}-cloudwatch-agent"
  description       = "CloudWatch agent: metrics, logs and traces"
  oidc_provider_arn = module.cluster.oidc_provider_arn
  service_accounts  = ["amazon-cloudwatch:cloudwatch-agent"]
  managed_policies = [
    "arn:${data.aws_partition.this.partition}:iam::aws:policy/CloudWatchAgentServerPolicy",
    "arn:${data.aws_partition.this.partition}:iam::aws:policy/AWSXrayWriteOnlyAccess",
  ]
}

# Without a retention the agent's group is kept, and paid, for ever.
resource "aws_cloudwatch_log_group" "insights" {
  # checkov:skip=CKV_AWS_338:The environment says how long.
  # checkov:skip=CKV_AWS_158:Encrypted by CloudWatch's own key; the agent writes no secrets there.
  name              = "/aws/containerinsights/${local.name}/performance"
  retention_in_days = var.log_retention_days
}

# What the cluster's own parts print, those of the stack charts among them: the collector makes no group.
resource "aws_cloudwatch_log_group" "platform" {
  # checkov:skip=CKV_AWS_338:The environment says how long.
  # checkov:skip=CKV_AWS_158:Encrypted by CloudWatch's own key; the platform's parts print no secrets.
  name              = "/${var.project}/${var.environment}/platform"
  retention_in_days = var.log_retention_days
}
