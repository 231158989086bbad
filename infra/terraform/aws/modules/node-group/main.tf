resource "aws_launch_template" "this" {
  name                   = "${var.cluster_name}-${var.name}"
  update_default_version = true
  vpc_security_group_ids = [var.security_group]

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_size           = var.disk_gib
      volume_type           = "gp3"
      encrypted             = true
      delete_on_termination = true
    }
  }

  # A pod is one hop further than its node: with a limit of 1 it cannot take the node's role.
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  monitoring {
    enabled = true
  }

  dynamic "tag_specifications" {
    for_each = toset(["instance", "volume"])

    content {
      resource_type = tag_specifications.value
      tags          = merge(var.tags, { Name = "${var.cluster_name}-${var.name}" })
    }
  }
}

resource "aws_eks_node_group" "this" {
  cluster_name = var.cluster_name
  # Other instance types are another group: the new one stands before the old one goes, so that no two have one name.
  node_group_name_prefix = "${var.name}-"
  node_role_arn          = var.role_arn
  subnet_ids             = var.subnets
  capacity_type          = var.capacity_type
  instance_types         = var.instance_types
  ami_type               = "AL2023_x86_64_STANDARD"
  # Of this version EKS takes the newest image, at the time when the version is raised.
  version = var.kubernetes_version

  launch_template {
    id      = aws_launch_template.this.id
    version = aws_launch_template.this.latest_version
  }

  scaling_config {
    desired_size = var.size.desired
    min_size     = var.size.min
    max_size     = var.size.max
  }

  update_config {
    max_unavailable = 1
  }

  # The chart tolerates it for applications with scheduling.spot. Only pods that say that they bear it are put on nodes that may go in two minutes.
  dynamic "taint" {
    for_each = var.capacity_type == "SPOT" ? [1] : []

    content {
      key    = "eks.amazonaws.com/capacityType"
      value  = "SPOT"
      effect = "NO_SCHEDULE"
    }
  }

  # An autoscaler moves it; an apply must not move it back.
  lifecycle {
    create_before_destroy = true
    ignore_changes        = [scaling_config[0].desired_size]
  }
}
