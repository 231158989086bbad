# No egress rule: the database answers and begins nothing.
resource "aws_security_group" "database" {
  # checkov:skip=CKV2_AWS_5:The database of the app stack takes it by its id.
  name        = "${var.name}-database"
  description = "Database: from the nodes only"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-database" }
}

resource "aws_vpc_security_group_ingress_rule" "database_from_nodes" {
  security_group_id            = aws_security_group.database.id
  description                  = "PostgreSQL from nodes"
  ip_protocol                  = "tcp"
  from_port                    = var.database_port
  to_port                      = var.database_port
  referenced_security_group_id = aws_security_group.nodes.id
}
