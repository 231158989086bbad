# All that it has, as the database's.
resource "aws_security_group" "load_balancer" {
  # checkov:skip=CKV2_AWS_5:The load balancer controller attaches it, by the Ingress's annotation (helm_values of the network stack).
  # checkov:skip=CKV_AWS_260:Port 80 answers with the redirect to HTTPS.
  # checkov:skip=CKV_AWS_382:Targets move with every deploy; what they accept is limited by the nodes' group.
  name        = "${var.name}-alb"
  description = "Application load balancer: web traffic from anywhere"
  vpc_id      = var.vpc_id

  ingress {
    description = "HTTP from anywhere, redirected to HTTPS"
    protocol    = "tcp"
    from_port   = 80
    to_port     = 80
    cidr_blocks = ["0.0.0.0/0"]
  }

  ingress {
    description = "HTTPS from anywhere"
    protocol    = "tcp"
    from_port   = 443
    to_port     = 443
    cidr_blocks = ["0.0.0.0/0"]
  }

  egress {
    description = "To the targets"
    protocol    = "-1"
    from_port   = 0
    to_port     = 0
    cidr_blocks = ["0.0.0.0/0"]
  }

  tags = { Name = "${var.name}-alb" }
}
