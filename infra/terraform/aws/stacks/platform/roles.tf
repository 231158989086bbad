# A role for each part of the platform that calls AWS as itself, each bound to its one service account. Three parts have
# none: Argo CD and the VPA recommender call no AWS service, and External Secrets signs in as the service account that a
# store names (my-app-serviceaccount, hence the pods' role), never as itself.

module "load_balancer_controller_role" {
  source = "../../modules/service-account-role"

  name              = "${local.name}-load-balancer-controller"
  description       = "AWS Load Balancer Controller: load balancers of Ingresses"
  oidc_provider_arn = module.cluster.oidc_provider_arn
  service_accounts  = ["kube-system:aws-load-balancer-controller"]
  policies          = { load-balancers = data.aws_iam_policy_document.load_balancer_controller.json }
}

module "rollouts_role" {
  source = "../../modules/service-account-role"

  name              = "${local.name}-argo-rollouts"
  description       = "Argo Rollouts: sees that a target group has its new pods"
  oidc_provider_arn = module.cluster.oidc_provider_arn
  service_accounts  = ["argo-rollouts:argo-rollouts"]
  policies          = { look = data.aws_iam_policy_document.rollouts.json }
}

data "aws_iam_policy_document" "rollouts" {
  # checkov:skip=CKV_AWS_356:Elastic Load Balancing narrows no description to a resource.
  statement {
    sid = "Look"
    actions = [
      "elasticloadbalancing:DescribeTargetGroups",
      "elasticloadbalancing:DescribeLoadBalancers",
      "elasticloadbalancing:DescribeListeners",
      "elasticloadbalancing:DescribeRules",
      "elasticloadbalancing:DescribeTags",
      "elasticloadbalancing:DescribeTargetHealth",
    ]
    resources = ["*"]
  }
}

module "collector_role" {
  source = "../../modules/service-account-role"

  name              = "${local.name}-collector"
  description       = "Collector: what containers print, to CloudWatch"
  oidc_provider_arn = module.cluster.oidc_provider_arn
  service_accounts  = ["observability:collector"]
  policies          = { write = data.aws_iam_policy_document.collector.json }
}

data "aws_iam_policy_document" "collector" {
  statement {
    sid       = "Logs"
    actions   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    resources = ["arn:${data.aws_partition.this.partition}:logs:${data.aws_region.this.name}:${local.account}:log-group:/${var.project}/${var.environment}/*"]
  }
}

module "karpenter" {
  source = "../../modules/karpenter"

  cluster_name      = module.cluster.name
  cluster_arn       = module.cluster.arn
  oidc_provider_arn = module.cluster.oidc_provider_arn
  node_role_arn     = aws_iam_role.nodes.arn
}
