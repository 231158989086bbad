# Its rules are resources of their own: the control plane's group names this one, and this one's rules name it. And whoever
# serves Services of the type LoadBalancer in the cluster adds rules to the group that carries the cluster's tag.
resource "aws_security_group" "nodes" {
  # checkov:skip=CKV2_AWS_5:The node groups of the platform stack take it by its id.
  name        = "${var.name}-nodes"
  description = "EKS nodes and their pods"
  vpc_id      = var.vpc_id

  tags = {
    Name                     = "${var.name}-nodes"
    "karpenter.sh/discovery" = var.cluster_name
    # The load balancer controller wants exactly one group with this tag on a node.
    "kubernetes.io/cluster/${var.cluster_name}" = "owned"
  }
}

resource "aws_vpc_security_group_ingress_rule" "nodes_from_nodes" {
  security_group_id            = aws_security_group.nodes.id
  description                  = "Nodes and pods among themselves"
  ip_protocol                  = "-1"
  referenced_security_group_id = aws_security_group.nodes.id
}

resource "aws_vpc_security_group_ingress_rule" "nodes_from_load_balancer" {
  security_group_id            = aws_security_group.nodes.id
  description                  = "Pods from the load balancer"
  ip_protocol                  = "tcp"
  from_port                    = var.pod_ports.from
  to_port                      = var.pod_ports.to
  referenced_security_group_id = aws_security_group.load_balancer.id
}

resource "aws_vpc_security_group_ingress_rule" "nodes_kubelet" {
  security_group_id            = aws_security_group.nodes.id
  description                  = "Kubelet, metrics and webhooks on its port, from the control plane"
  ip_protocol                  = "tcp"
  from_port                    = 10250
  to_port                      = 10250
  referenced_security_group_id = aws_security_group.control_plane.id
}

resource "aws_vpc_security_group_ingress_rule" "nodes_https" {
  security_group_id            = aws_security_group.nodes.id
  description                  = "Aggregated APIs from the control plane"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = aws_security_group.control_plane.id
}

resource "aws_vpc_security_group_ingress_rule" "nodes_webhooks" {
  for_each = var.webhook_ports

  security_group_id            = aws_security_group.nodes.id
  description                  = "What ${each.key} serves, from the control plane"
  ip_protocol                  = "tcp"
  from_port                    = each.value
  to_port                      = each.value
  referenced_security_group_id = aws_security_group.control_plane.id
}

resource "aws_vpc_security_group_egress_rule" "nodes" {
  # checkov:skip=CKV_AWS_382:Registries, AWS and webhooks of customers; NetworkPolicies narrow it for each application.
  security_group_id = aws_security_group.nodes.id
  description       = "To the internet through NAT"
  ip_protocol       = "-1"
  cidr_ipv4         = "0.0.0.0/0"
}
