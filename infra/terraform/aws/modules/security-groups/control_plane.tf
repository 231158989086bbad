resource "aws_security_group" "control_plane" {
  # checkov:skip=CKV2_AWS_5:The cluster of the platform stack takes it by its id.
  name        = "${var.name}-control-plane"
  description = "EKS control plane: HTTPS from the nodes"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-control-plane" }
}

resource "aws_vpc_security_group_ingress_rule" "control_plane_from_nodes" {
  security_group_id            = aws_security_group.control_plane.id
  description                  = "The Kubernetes API, from nodes"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = aws_security_group.nodes.id
}

resource "aws_vpc_security_group_egress_rule" "control_plane" {
  # checkov:skip=CKV_AWS_382:What it may reach on nodes is limited by the nodes' group.
  security_group_id = aws_security_group.control_plane.id
  description       = "Cluster management"
  ip_protocol       = "-1"
  cidr_ipv4         = "0.0.0.0/0"
}
