resource "aws_security_group" "load_balancer" {
  # checkov:skip=CKV2_AWS_5:The load balancer controller attaches it, by the Ingress's annotation (helm_values of the network stack).
  name        = "${var.name}-alb"
  description = "Application load balancer: web traffic from anywhere"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-alb" }
}

resource "aws_vpc_security_group_ingress_rule" "load_balancer_http" {
  # checkov:skip=CKV_AWS_260:It answers with the redirect to HTTPS.
  security_group_id = aws_security_group.load_balancer.id
  description       = "HTTP from anywhere, redirected to HTTPS"
  ip_protocol       = "tcp"
  from_port         = 80
  to_port           = 80
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_vpc_security_group_ingress_rule" "load_balancer_https" {
  security_group_id = aws_security_group.load_balancer.id
  description       = "HTTPS from anywhere"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_vpc_security_group_egress_rule" "load_balancer" {
  # checkov:skip=CKV_AWS_382:Targets move with every deploy; what they accept is limited by the nodes' group.
  security_group_id = aws_security_group.load_balancer.id
  description       = "To the targets"
  ip_protocol       = "-1"
  cidr_ipv4         = "0.0.0.0/0"
}
