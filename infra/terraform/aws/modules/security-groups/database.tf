# Its rules stand in it, and are all that it has: one that is added behind Terraform's back is in the next plan. The database
# answers and begins nothing.
resource "aws_security_group" "database" {
  # checkov:skip=CKV2_AWS_5:The database of the app stack takes it by its id.
  name        = "${var.name}-database"
  description = "Database: from the nodes only"
  vpc_id      = var.vpc_id

  ingress {
    description     = "PostgreSQL from nodes"
    protocol        = "tcp"
    from_port       = var.database_port
    to_port         = var.database_port
    security_groups = [aws_security_group.nodes.id]
  }

  # Not left out: that would let any be.
  egress = []

  tags = { Name = "${var.name}-database" }
}
