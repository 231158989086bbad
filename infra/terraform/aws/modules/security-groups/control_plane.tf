# All that it has, as the database's.
resource "aws_security_group" "control_plane" {
  # checkov:skip=CKV2_AWS_5:The cluster of the platform stack takes it by its id.
  # checkov:skip=CKV_AWS_382:What it may reach on nodes is limited by the nodes' group.
  name        = "${var.name}-control-plane"
  description = "EKS control plane: HTTPS from the nodes"
  vpc_id      = var.vpc_id

  ingress {
    description     = "The Kubernetes API, from nodes"
    protocol        = "tcp"
    from_port       = 443
    to_port         = 443
    security_groups = [aws_security_group.nodes.id]
  }

  egress {
    description = "Cluster management"
    protocol    = "-1"
    from_port   = 0
    to_port     = 0
    cidr_blocks = ["0.0.0.0/0"]
  }

  tags = { Name = "${var.name}-control-plane" }
}
